// Package db manages a service's connections to PostgreSQL: it opens and checks them,
// runs statements on them, and reports their health.
//
//	d, err := db.Open(ctx, db.Config{DSN: os.Getenv("DATABASE_URL"), Statements: queries.Statements})
//	...
//	defer d.Close(ctx)
//	book, err := queries.New(d).GetBook(ctx, id)
//
// A [DB] has the methods that sqlc's generated code asks for, and BeginTx for
// transactions by hand; package txn runs and retries them. It looks each statement up
// in [Config].Statements. What generated code knows of it decides which variant is sent
// and whether it is retried after its connection died. It also says what the statement
// leaves in the session, and what [Config].Invalidator is notified of. A text that is
// not in there is sent as it is, once, and may write anything. [Over] is for a bare
// pool, which gets the variants alone.
//
// Behind a DB is a pgxpool, with these duties added:
//
//   - Every use waits in one place: a caller waits [Config].AcquireTimeout at most and
//     then gets an [AcquireTimeoutError] that names the longest holder. While the
//     server is down, callers wait for it within that time and few dials are made.
//   - A connection that comes back is at hand for the next use, up to eight of them. It
//     goes by way of pgxpool once a second, and always where MinIdleConns are kept or a
//     Tracer traces the pool.
//   - A connection is checked before it is used, unless it came back less than 100 µs ago.
//     One that the server closed is found without a round trip. One that was idle for a
//     second is pinged, or for any time if another one died in use meanwhile. On systems
//     other than Unix each is pinged.
//   - A session that ends by itself (57P01, a socket that was closed or reset)
//     costs its own connection and no other. The pool is emptied when the server or
//     the network is gone: a ping without an answer, a crash (57P02), a dial that
//     is refused (57P03 too). So a network that swallowed all connections costs one
//     PingTimeout and not one a connection.
//   - After a write that a standby or a read-only server refused (25006) the monitor
//     opens a new connection, at most twice a second. It shows where the address leads
//     now. When that server takes writes the pool is emptied. Until then reads go on.
//     What the caller made read-only, a transaction, a session or the DSN, does not
//     count.
//   - A statement that is known to be read-only is retried once when its connection
//     dies before the first row, and so is BEGIN. A statement that the server refused
//     before it ran is prepared anew and sent once more: its prepared statement was
//     forgotten, or a table or type changed under it. Nothing else is sent twice, apart
//     from reads that share a round trip below.
//   - Reads of one row by a unique key that must wait for a connection or a processor
//     share one connection, and a round trip ([Config].ShareReads).
//   - Connections come back, from [DB.WithConn] also on panic and Goexit, and with a
//     clean session. [DB.Close] names what did not come back.
//   - Session state does not reach the next user: see below.
//   - A monitor probes the server on a connection of its own ([DB.Health]). A pool in
//     full use is not mistaken for a dead server.
//   - Generated code is compared with the database it meets: [DB.Verify], and
//     [Config].Statements for the report.
//   - [Config].Invalidator is notified of every write. When the answer to one is lost, the
//     monitor asks the server until the session is gone: the write can have no effect any
//     more. [DB.CachedBy] says of which results a cache may answer.
//   - A use inside a transaction of package txn that bypasses it is refused with
//     [ErrInTransaction].
//   - Every connection knows the enums, composites, domains and ranges, and their
//     arrays, that generated code names; see Types below.
//   - Errors of pgx and of the server pass as they are: package pgerr says what they
//     mean.
//   - A pooler between the DB and the server is recognized, and what would go wrong
//     behind it is refused: see below.
//
// A [Set] is several databases of which ctx chooses one ([WithTarget]).
//
// # Types
//
// The registries in [Config].Statements name the types of the schema that their
// statements need. They are loaded when the monitor connects, in one round trip, and
// each connection of the pool registers them without a further one. Open does not
// fail when a type is missing: [DB.Verify] names it.
//
// A type that is made later, or made anew, is asked for when the server first names
// it: the statement is sent then, or its rows are read, as if it had been known. For
// rows this takes one connection beside the pool, for a moment. These fail once and
// succeed the next time:
//
//   - CopyFrom, as its source cannot be asked again;
//   - reading a composite that got or lost attributes since it was loaded;
//   - a batch whose prepared statements have parameters of a type that is gone.
//
// A pgx.Conn in the hands of [DB.WithConn] has the types, and learns none.
//
// Composites travel as text: they can be read into strings, as sqlc does by default,
// and into structs. With pgx.QueryExecModeExec and the simple protocol, in which the
// server is not asked for types, structs cannot be parameters; slices of enums can.
// What only other Go code understands, such as pgvector's vector, is for
// [Config].RegisterTypes.
//
// # What a use leaves in its session
//
// Settings (SET, set_config), roles, session characteristics, advisory locks of the
// session, temporary tables, LISTEN, PREPARE and cursors WITH HOLD outlive the
// transaction that made them. A use is marked when its texts have such words or run a
// body (DO, CALL). It is also marked when they call a function that is not known to be
// harmless. A marked connection is cleaned when it comes back, as after [DB.WithConn],
// in one round trip; what cannot be undone (setseed, LOAD, PREPARE, dblink_connect) or
// fails closes it. Other uses cost nothing more. Harmless are the server's own
// functions and those in C that are not volatile, and a few volatile ones such as
// nextval. So is all that generated code ([Config].Statements) knows to be read-only
// and not volatile.
//
// Two things are not seen. An operator, a cast, a trigger, a view or a default may call
// something, unless generated code knows the statement. A function may be named like a
// harmless one. What nextval left for currval stays unless the use is marked. After the
// cleaning a setting of one's own, such as app.tenant, is empty and not NULL:
// PostgreSQL does not forget its name.
//
// # Behind a pooler
//
// A pooler such as PgBouncer may give a session of the server to one client after
// another. The monitor sees it by the process that answers ([Config].Pooler, [Auto]).
// Then [DB.WithConn] is refused with a [pgerr.PoolerError]. So is every text that
// certainly leaves something in its session: LISTEN, SET, set_config(..., false),
// pg_advisory_lock, PREPARE, cursors WITH HOLD. It could not be undone, because the
// session is another client's by then. What ends with the transaction (SET LOCAL,
// pg_advisory_xact_lock) works, and so do the settings that PgBouncer keeps apart
// (application_name, client_encoding, DateStyle, TimeZone). What is not certain, such
// as a temporary table, is let through and not cleaned. Statements are sent without
// being prepared by name unless [Config].ExecMode says otherwise; [Report].Pooler
// tells. A pooler in session mode looks the same: [Config].Pooler has to say so. What
// the pooler refuses for good, a start-up parameter for one, fails [Open] at once, with
// what to do about it.
//
// # Connections on the server
//
// A DB has at most MaxConns connections in its pool, one for the monitor, and one for a
// moment when it asks for a type. The server may count a few more for a moment: those
// that were closed already and have not ended there, after a reset of the pool or when
// many callers cancel statements at once. Leave it some slack.
package db
