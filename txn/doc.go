// Package txn runs functions in PostgreSQL transactions, retries them where that is
// safe, and reports a definite outcome.
//
//	runner, err := txn.New(pool, txn.Config{})
//	...
//	transfer := txn.Op{Name: "transfer", Iso: pgx.Serializable}
//	id, err := txn.Do(ctx, runner, transfer, func(ctx context.Context, tx *txn.Tx) (int64, error) {
//		return move(ctx, queries.New(tx), from, to, cents)
//	})
//
// It works over anything that can begin a transaction ([Beginner]): a *pgxpool.Pool, a
// *pgx.Conn, or package db.
//
// # What a return means
//
// No error: the work of exactly one attempt is committed, and the result is
// that attempt's. A [CommitUnknownError]: COMMIT was sent and its answer was
// lost, so the work is committed or it is not. Such a transaction is not retried,
// because a retry could apply it twice. Any other error: nothing is committed, and the
// result is the zero value.
//
// [Op].Commit makes the second case rare. [Resolve] asks PostgreSQL what became of
// the transaction. [Idempotent] leaves a key in it that answers later, whatever happens
// to the server.
//
// # What is retried
//
// The whole function, in a new transaction, after 40001 (serialization failure) or
// 40P01 (deadlock), in a statement or at COMMIT, and after an error
// marked by [Retryable]. A prepared statement that a change of its table made stale is
// retried once a connection. [Op] asks for retries after races for constraints and
// lost connections. So a function must be safe to call more than once: what it does
// outside the transaction is not undone. Hooks ([Tx.AfterCommit]) are for that.
//
// After a transaction's first conflict the retry begins at once, and after a later one
// when another transaction of its name was committed meanwhile. Between all other
// attempts Do waits a random time. It ends early with its context, and does not begin a
// wait which the context's deadline would cut short. There are ten attempts, and more
// for a transaction that loses while others of its name are committed
// ([Config].MaxAttempts). The retries of operations of one name share a budget of
// tokens ([Config].RetryBudget). It bounds what they add to the load of a server in
// trouble.
//
// Operations that collide often pass a gate, which admits few attempts at a time, in
// the order of arrival; a unit that lost goes first. There is one gate for a target and an
// [Op].ConflictKey. An operation that does not collide does not wait. A unit that keeps
// losing runs alone, unless its attempts take longer than a second. A function must not
// wait for another unit that passes the same gate: that one may be waiting for its
// admission.
//
// # The first error counts
//
// PostgreSQL refuses everything that follows an error (25P02), which hides the
// cause. A [Tx] remembers the first error that broke it. That error decides about a
// retry, whatever the function made of it. A function that swallowed an error and
// returned nil gets it back with [ErrSwallowed], not a success.
//
// # Ways out
//
// The function may return, panic or end its goroutine (runtime.Goexit, as
// t.FailNow does). In all three the transaction is rolled back unless the
// function returned nil, the connection is released, and a panic continues with
// its value. ROLLBACK and COMMIT do not run on the caller's context, which may
// have ended, but within the bounds of [Config]. A context that ends between
// statements costs no connection. During one pgx closes the connection,
// unless the pool's configuration has its CancelRequestContextWatcherHandler.
//
// # Misuse
//
// A Tx that is used after its attempt, or by two goroutines at once, returns a
// [MisuseError], and after the latter nothing is committed. So does a text that would
// end the transaction, in any part of it. Over package db a use of the database inside
// the function, instead of the Tx, is refused by db. A bare pool cannot know: such a
// use takes a second connection, whose work is no part of the transaction. A pool in
// full use does not have one.
//
// # Code that wants pgx's transaction
//
// [Tx.PgxTx] is the transaction as a [pgx.Tx], for libraries and for WithTx of
// generated code. Its Commit and Rollback are refused, its Begin is a savepoint.
//
// # What is known of statements
//
// [Config].Statements chooses the variant of a statement that its arguments need, in
// batches too. [Config].Invalidator is notified of what a transaction writes, before
// COMMIT is sent and when the outcome is known. Over package db both are those of
// db.Config. docs/transactions.md has the rules.
//
// # Savepoints, nested transactions, and long jobs
//
// [Tx.Savepoint] runs a part that can be rolled back alone. A Do inside a Do on the
// same database is refused with a [MisuseError], unless [Op].Propagation says that it
// joins the outer transaction or is a savepoint of it. What it asks for and the outer
// one does not give is an error. Package txn/job runs a long job as many transactions
// that can be stopped and resumed.
//
// # Cost
//
// BEGIN, n statements and COMMIT are n+2 flushes with a warm statement cache,
// settings and [Idempotent] included; [Resolve] takes one more. Do allocates at most 8
// times more than pgx.BeginFunc, over a pool and over package db. Tests hold both, for
// every mode.
package txn
