// Package pgerr says what an error from PostgreSQL, or from the network on the
// way to it, means and what may be done about it.
//
// Errors are distinguished by SQLSTATE, by the server's routine name and by type, not
// by message text: messages are translated and reworded, codes are not. The one
// exception is PgBouncer, which has one code for all that it says, in one language.
// [KindOf] gives the meaning, [Code] the SQLSTATE, [Is] tells whether a constraint was
// violated, and [ConstraintOf] which one. All of them unwrap, and all
// accept a nil error.
//
// The package knows nothing of connections or transactions. It answers "what does this
// error mean"; package db decides what to do about a connection and package txn what to
// do about a transaction. In particular [Disconnected] says that a connection is of no
// further use. It does not say whether the statement that was under way took effect,
// which no client can know.
package pgerr
