package pgerr

// Remedy is what may be done about a transaction that failed before COMMIT was
// sent, or that the server refused to commit. All of them mean the
// whole transaction, its decisions included, in a new one: a statement alone
// would see the old snapshot.
type Remedy string

const (
	// NoRemedy: the same error would come again, or the outcome of a retry is unknown.
	// It is for 57014 (canceled) and for 25P02 (an earlier error was swallowed, and
	// that one counts). It is for sessions that the server ended for what they did
	// themselves (25P03, 25P04, 57P05), for a connection that is busy, and for
	// everything that is not below.
	NoRemedy Remedy = "none"
	// Retry is for 40001 and 40P01: another transaction went first.
	Retry Remedy = "retry"
	// RetryIfRace is for 23505 and 23P01. If the transaction looked before it wrote,
	// another one was faster, and a retry sees its row. If it did not look, the same
	// error comes again. Only its author knows.
	RetryIfRace Remedy = "retry if it was a race"
	// RetryAfterLock is for 55P03: a lock timeout.
	RetryAfterLock Remedy = "retry if there is time"
	// RetryElsewhere is for a lost connection: the server has rolled back, or
	// will, and another connection may do better.
	RetryElsewhere Remedy = "retry on another connection"
	// RetryPrepared is for [StalePlan]: the driver forgets the statement and
	// prepares it anew, so once on each connection is enough.
	RetryPrepared Remedy = "retry with the statement prepared anew"
)

// RemedyFor returns what may be done about a transaction whose first error is
// err. The table is PostgreSQL's own advice (manual, 13.5), and what it says of
// lost connections.
func RemedyFor(err error) Remedy {
	switch Code(err) {
	case "40001", "40P01":
		return Retry
	case "23505", "23P01":
		return RetryIfRace
	case "55P03":
		return RetryAfterLock
	case "25P03", "25P04", "57P05":
		return NoRemedy
	}
	switch KindOf(err) {
	case Disconnected:
		return RetryElsewhere
	case StalePlan:
		return RetryPrepared
	}
	return NoRemedy
}
