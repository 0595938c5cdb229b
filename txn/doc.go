// Package txn runs a unit of work in a PostgreSQL transaction, again when it
// must be, and says definitely how it ended.
//
//	runner, err := txn.New(pool, txn.Config{})
//	...
//	transfer := txn.Op{Name: "transfer", Iso: pgx.Serializable}
//	id, err := txn.Do(ctx, runner, transfer, func(ctx context.Context, tx *txn.Tx) (int64, error) {
//		return move(ctx, queries.New(tx), from, to, cents)
//	})
//
// It needs nothing but something that can begin a transaction ([Beginner]): a
// *pgxpool.Pool, a *pgx.Conn, or package db.
//
// # What a return means
//
// No error: the work of exactly one attempt is committed, and the result is
// that attempt's. A [CommitUnknownError]: COMMIT was sent and its answer was
// lost, so the work is committed or it is not; it is never run again, because
// that could apply it twice. Any other error: nothing is committed, and the
// result is the zero value.
//
// [Op].Commit makes the second case rare. [Resolve] asks PostgreSQL what became of
// the transaction, and [Idempotent] leaves a key in it that tells later, whatever
// happens to the server.
//
// # What is run again
//
// The function, as a whole and in a new transaction, when it met 40001
// (serialization failure) or 40P01 (deadlock), in a statement or at COMMIT, and
// when it returned an error marked by [Retryable]; after a prepared statement that a
// change of its table made stale, once a connection; and where [Op] asks for it after
// races for constraints, locks that were not to be had, and lost connections. So it
// must be safe to call more than once: what it does outside the transaction is not
// undone. Hooks ([Tx.AfterCommit]) are for that.
//
// After a unit's first conflict the next attempt begins at once, and after a later
// one when another unit of its name was committed meanwhile. Between all others Do
// waits a random time; it ends early with its context and does not begin a wait which
// the context's deadline would cut short. There are ten attempts, and more for a unit
// that loses while others of its name are committed ([Config].MaxAttempts). The
// retries of operations of one name share a budget of tokens ([Config].RetryBudget),
// which bounds what they add to the load of a server in trouble.
//
// While operations of one name (and [Op].ConflictKey) collide often, a gate lets
// few of them in at a time, in the order in which they came: as many as commit most
// in a second, which it finds out by trying. It closes and opens by itself. Who
// keeps losing is let go on alone, unless its attempts take longer than a second.
// So a function must not wait for another unit of the same name: that one may be
// waiting to be let in.
//
// # The first error counts
//
// PostgreSQL refuses everything that follows an error (25P02), which hides the
// cause. A [Tx] remembers the first error that broke it: it decides whether the
// work is run again, whatever the function made of it, and a function that swallowed
// an error and returned nil gets it back with [ErrSwallowed], not a success.
//
// # Ways out
//
// The function may return, panic or end its goroutine (runtime.Goexit, as
// t.FailNow does). In all three the transaction is rolled back unless the
// function returned nil, the connection is released, and a panic goes on with
// its value. ROLLBACK and COMMIT do not run on the caller's context, which may
// have ended, but within the bounds of [Config]. A context that ends between
// statements costs no connection. In the middle of one pgx closes the connection,
// unless the pool's configuration has its CancelRequestContextWatcherHandler.
//
// # Misuse
//
// A Tx that is used after its attempt, or by two goroutines at once, returns a
// [MisuseError], and after the latter nothing is committed. So does a text that would
// end the transaction, wherever it says so. Over package db a use of the database
// inside the function, instead of the Tx, is refused by db. A bare pool cannot know:
// such a use takes a second connection, whose work is no part of the transaction, and
// which a pool that is in full use will not give.
//
// # Code that wants pgx's transaction
//
// [Tx.PgxTx] is the transaction as a [pgx.Tx]: for WithTx of generated code, and for
// functions of libraries. Its Commit and Rollback are refused, its Begin is a
// savepoint.
//
// # Parts, parts of others, and chunks
//
// [Tx.Savepoint] undoes a part. A Do inside a Do on the same database is refused
// with a [NestedError], unless [Op].Propagation says that it joins the outer transaction
// or is a savepoint of it; what it asks for and the outer one does not give is an
// error. Package txn/job runs a long job as many transactions that can be stopped and
// resumed.
//
// # Cost
//
// BEGIN, n statements and COMMIT are n+2 flushes with a warm statement cache,
// settings and [Idempotent] included; [Resolve] takes one more, [Op].Locks two or more.
// Do allocates at most 6 times more than pgx.BeginFunc over a pool, and 35 over
// package db. Tests hold both, for every mode.
package txn
