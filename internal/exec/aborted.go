package exec

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

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
	return severity == "ERROR" && !doubtful(pg)
}

// doubtful reports whether the server says that it does not know.
func doubtful(pg *pgconn.PgError) bool { return pg.Code == "40003" || strings.HasPrefix(pg.Code, "08") }

// Settled reports whether a session has answered all that was sent to it, so that
// nothing of it can have an effect any more. err is its last answer.
func Settled(conn *pgconn.PgConn, err error) bool {
	return !conn.IsClosed() && !conn.IsBusy() && (err == nil || !inDoubt(err))
}

// inDoubt reports whether err is an answer by which the server does not know.
func inDoubt(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && doubtful(pg)
}
