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
// *pgxpool.Pool or a *pgx.Conn.
//
// # What a return means
//
// No error: the work of exactly one attempt is committed, and the result is
// that attempt's. A [CommitUnknownError]: COMMIT was sent and its answer was
// lost, so the work is committed or it is not; it is never run again, because
// that could apply it twice. Any other error: nothing is committed, and the
// result is the zero value.
//
// # What is run again
//
// The function, as a whole and in a new transaction, when it met 40001
// (serialization failure) or 40P01 (deadlock), in a statement or at COMMIT, and
// when it returned an error marked by [Retryable]. So it must be safe to call
// more than once: what it does outside the transaction is not undone. Between
// attempts Do waits a random time; it ends early with its context and does not
// begin a wait which the context's deadline would cut short.
//
// # The first error counts
//
// PostgreSQL refuses everything that follows an error (25P02), which hides the
// cause. A [Tx] remembers the first error that broke it: a conflict restarts
// the work whatever the function made of it, and a function that swallowed an
// error and returned nil gets it back with [ErrSwallowed], not a success.
//
// # Ways out
//
// The function may return, panic or end its goroutine (runtime.Goexit, as
// t.FailNow does). In all three the transaction is rolled back unless the
// function returned nil, the connection is released, and a panic goes on with
// its value. ROLLBACK and COMMIT do not run on the caller's context, which may
// have ended, but within the bounds of [Config].
//
// # Parts and chunks
//
// [Tx.Savepoint] undoes a part. A Do inside a Do of the same Runner is refused
// with a [NestedError]: it would be a second transaction on a second
// connection, not a part of the first. [Chunks] runs a long job as many
// transactions that can be stopped and resumed.
package txn
