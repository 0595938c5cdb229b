package pgerr

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Remedy is what may be done about a transaction that failed before COMMIT was
// sent, or that the server refused to commit ([Aborted]). All of them mean the
// whole transaction, its decisions included, in a new one: a statement alone
// would see the old snapshot.
type Remedy uint8

const (
	// NoRemedy: the same error would come again, or the outcome of a retry is unknown.
	// It is for 57014 (canceled) and for 25P02 (an earlier error was swallowed, and
	// that one counts). It is for sessions that the server ended for what they did
	// themselves (25P03, 25P04, 57P05), for a connection that is busy, and for
	// everything that is not below.
	NoRemedy Remedy = iota
	// RunAgain is for 40001 and 40P01: another transaction went first.
	RunAgain
	// RunAgainIfRace is for 23505 and 23P01. If the transaction looked before it wrote,
	// another one was faster, and a retry sees its row. If it did not look, the same
	// error comes again. Only its author knows.
	RunAgainIfRace
	// RunAgainIfPatient is for 55P03: a lock timeout.
	RunAgainIfPatient
	// RunAgainElsewhere is for a lost connection: the server has rolled back, or
	// will, and another connection may do better.
	RunAgainElsewhere
	// RunAgainPrepared is for [StalePlan]: the driver forgets the statement and
	// prepares it anew, so once on each connection is enough.
	RunAgainPrepared
)

var remedyNames = [...]string{
	NoRemedy: "none", RunAgain: "run again", RunAgainIfRace: "run again if it was a race",
	RunAgainIfPatient: "run again if there is time", RunAgainElsewhere: "run again on another connection",
	RunAgainPrepared: "run again with the statement prepared anew",
}

// String returns the remedy in words.
func (r Remedy) String() string {
	if int(r) < len(remedyNames) {
		return remedyNames[r]
	}
	return "unknown remedy"
}

// RemedyFor returns what may be done about a transaction whose first error is
// err. The table is PostgreSQL's own advice (manual, 13.5), and what it says of
// lost connections.
func RemedyFor(err error) Remedy {
	switch Code(err) {
	case "40001", "40P01":
		return RunAgain
	case "23505", "23P01":
		return RunAgainIfRace
	case "55P03":
		return RunAgainIfPatient
	case "25P03", "25P04", "57P05":
		return NoRemedy
	}
	switch KindOf(err) {
	case Disconnected:
		return RunAgainElsewhere
	case StalePlan:
		return RunAgainPrepared
	}
	return NoRemedy
}

// Aborted reports whether err, the answer to COMMIT, says that the transaction
// was rolled back. Only an answer of severity ERROR does, and not all of them
// (40003 and class 08 say that the server does not know). A FATAL one, no answer,
// or what the driver thinks is safe to retry says nothing about the commit.
func Aborted(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	severity := pg.SeverityUnlocalized
	if severity == "" {
		severity = pg.Severity // servers before 9.6, in their own language
	}
	return severity == "ERROR" && pg.Code != "40003" && !strings.HasPrefix(pg.Code, "08")
}
