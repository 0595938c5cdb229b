// Package db holds a service's connections to PostgreSQL: it opens them, keeps
// them good, lends them and says how they are.
//
//	d, err := db.Open(ctx, db.Config{DSN: os.Getenv("DATABASE_URL")})
//	...
//	defer d.Close(ctx)
//	book, err := queries.New(d).GetBook(ctx, id)
//
// A [DB] has the methods that sqlc's generated code asks for, and BeginTx for
// package txn. Behind it is a pgxpool, with these duties added:
//
//   - Every use passes one gate. A caller waits [Config].AcquireTimeout at most
//     and then gets an [AcquireTimeoutError] that tells who holds the
//     connections. While the server is away, callers wait for it within that
//     time and few dials are made.
//
//   - A connection is looked at before it is lent. One that the server closed
//     is seen without a round trip. One that was idle for a second is pinged, or
//     for any time while another died in use.
//
//   - A session that ends by itself (57P01, a socket that was closed or reset)
//     costs its own connection and no other. The pool is emptied when the server or
//     the network is gone: a ping without an answer, a crash (57P02), a dial that
//     is refused (57P03 too). So a network that swallowed all connections costs one
//     PingTimeout and not one a connection.
//
//   - What a caller states to be a read ([DB.Reads]) is run once more when its
//     connection proves dead, and so is BEGIN. What Exec, Query and QueryRow sent
//     and the server refused before it ran, because the prepared statement was
//     forgotten or a table changed under it, is prepared anew and sent once more.
//     Nothing else is sent twice.
//
//   - What is lent comes back: [DB.WithConn] also on panic and Goexit, and in the
//     state in which it was lent. [DB.Close] names what did not come back.
//
//   - A monitor asks the server on a connection of its own ([DB.Health]), so that
//     a pool in full use is not mistaken for a dead server.
//
//   - Generated code is compared with the database it meets: [DB.Verify], and
//     [Config].Statements for the report.
//
//   - A use inside of a transaction of package txn that does not go through it is
//     refused with an [InTransactionError].
//
//   - A violation of a constraint comes as a [pgerr.Constraint].
//
//   - A pooler between the DB and the server is found out, and what would go wrong
//     behind it is refused: see below.
//
// A [Set] is several databases of which ctx chooses one ([WithTarget]).
//
// # Behind a pooler
//
// A pooler such as PgBouncer may give a session of the server to one client after
// another. The monitor sees it by the process that answers ([Config].Pooler, [Auto]).
// Then [DB.WithConn] and LISTEN are refused with a [PoolerError], and so are the
// locks of package txn; statements are sent without being prepared by name unless
// [Config].ExecMode says otherwise; [Report].Pooler tells. A pooler in session mode
// looks the same: [Config].Pooler has to say so. What the pooler refuses for good, a
// start-up parameter for one, fails [Open] at once, with what to do about it.
//
// # Connections on the server
//
// A DB has at most MaxConns connections in its pool and one for the monitor. The
// server may count a few more for a moment: those that were closed already and
// have not ended there, after a reset of the pool or when many callers cancel
// statements at once. Leave it some slack.
package db
