package stmt

// Invalidator is notified of writes, so that results which they change are no
// longer answered from memory. Packages db and txn call it; package cache
// implements it. Each write is announced before it can become visible to another
// session, and again when it has ended:
//
//   - a transaction of txn, or one begun by hand through db: before COMMIT is sent;
//   - a statement, batch or COPY of its own: when its connection is held, before it
//     is sent. It is not announced while it waits for a connection.
//
// What is rolled back without a COMMIT is not announced, nor is what changes
// nothing. A text of which nothing is known changes anything ([Effects].Anything).
//
// Calls come from many goroutines at once and must not block: the write waits for
// them. A panic is logged and changes nothing of the write's outcome.
type Invalidator interface {
	// BeforeWrite announces writes to the database named target (db.Config.Name or
	// txn.Config.Target). They may or may not be committed.
	BeforeWrite(target string, writes []Run)
	// AfterWrite reports how the writes that were announced ended. target and writes
	// are those of BeforeWrite, in its order. Runs may have Rows that they did not have
	// there: what a write returned is known after it. nil says as much as there.
	//
	// After [Unknown] it is called once more, with [Committed], [Aborted], or [Ended]
	// when the session that the write was sent to is gone. That may be much later, and
	// never where it cannot be proved: behind a pooler, on a standby, or after Close.
	AfterWrite(target string, writes []Run, outcome Outcome)
}

// Why a result must not be cached, as db.DB.CachedBy says.
const (
	NotFenced     = "not fenced"  // its cache does not see all writes of the database
	InTransaction = "transaction" // it may be of what is never committed
	SchemaDiffers = "schema"      // what is known of statements may be wrong
)
