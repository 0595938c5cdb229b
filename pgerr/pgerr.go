package pgerr

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Kind is what an error means, in words.
type Kind string

const (
	// Other is everything that no decision depends on: syntax errors, missing
	// tables, a caller's own errors, and no error.
	Other Kind = "other"
	// Conflict is 40001 serialization_failure or 40P01 deadlock_detected: the
	// server rolled the transaction back, and the same work may well succeed
	// when all of it is run again in a new transaction.
	Conflict Kind = "conflict"
	// ConstraintViolation is class 23: a constraint refused the data. See [Constraint].
	ConstraintViolation Kind = "constraint"
	// LockTimeout is 55P03 lock_not_available.
	LockTimeout Kind = "lock timeout"
	// Canceled is 57014 query_canceled, or the caller's own ended context.
	Canceled Kind = "canceled"
	// Disconnected is a dead connection: the network failed, or the server
	// ended the session or is starting or stopping (57P01-57P05, 25P03, 25P04,
	// class 08, unless of severity ERROR).
	Disconnected Kind = "disconnected"
	// Full is 53300 too_many_connections.
	Full Kind = "server full"
	// Refused is a connection that waiting will not heal: wrong password or
	// user (class 28), no such database (3D000), no permission to connect
	// (42501), a start-up parameter or something else that PgBouncer refuses
	// (08P01), or an unreadable DSN.
	Refused Kind = "refused"
	// ReadOnly is 25006 read_only_sql_transaction: on a handle that should
	// write, the sign of a primary that was demoted.
	ReadOnly Kind = "read-only"
	// StalePlan is a statement whose description is out of date, because a table
	// changed under it or because a pooler moved the session: 0A000 from the plan
	// cache, 26000, 08P01 for parameters or result columns of another number. The
	// statement was not run.
	StalePlan Kind = "stale plan"
)

// KindOf returns the meaning of err. An answer of the server outranks what
// wraps it, and an ended context outranks the network error it caused: a
// connection cut because the caller left is [Canceled], not [Disconnected].
func KindOf(err error) Kind {
	if err == nil {
		return Other
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return kindOfCode(pg)
	}
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return Refused
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	if isNetwork(err) {
		return Disconnected
	}
	return Other
}

// Code returns the SQLSTATE in err, or "" when no answer of a server is in it.
func Code(err error) string {
	if err == nil {
		return ""
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// boundTo matches where an error came from when that is a parameter's value, in any
// language: "unnamed portal parameter $2". Errors from within a function have more.
var boundTo = regexp.MustCompile(`^[^\n]*\$[0-9]+$`)

func kindOfCode(pg *pgconn.PgError) Kind {
	switch pg.Code {
	case "40001", "40P01":
		return Conflict
	case "55P03":
		return LockTimeout
	case "57014":
		return Canceled
	case "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04":
		return disconnectedUnlessAlive(pg)
	case "53300":
		return Full
	case "3D000":
		return Refused
	case "42501":
		// CONNECT was denied. The same code inside a session is an ordinary
		// missing privilege; only at start-up is it FATAL.
		if pg.SeverityUnlocalized == "FATAL" {
			return Refused
		}
	case "25006":
		return ReadOnly
	case "26000":
		return StalePlan
	case "08P01":
		// The parameters of a description that is out of date, or its columns.
		if pg.Routine == "exec_bind_message" || pg.Routine == "PortalSetResultFormat" {
			return StalePlan
		}
	case "0A000":
		// Any unsupported feature has this code. The plan cache's own refusal is
		// recognized by the C function that raised it.
		if pg.Routine == "RevalidateCachedQuery" {
			return StalePlan
		}
	case "XX000":
		// So is an internal error that says that a parameter's type is gone: the
		// statement was prepared before the type was made anew, and did not begin.
		if (pg.Routine == "getTypeInputInfo" || pg.Routine == "getTypeBinaryInputInfo") && boundTo.MatchString(pg.Where) {
			return StalePlan
		}
	}
	switch {
	case strings.HasPrefix(pg.Code, "23"):
		return ConstraintViolation
	case poolerRefusal(pg) != nil:
		return Refused
	case strings.HasPrefix(pg.Code, "08"):
		return disconnectedUnlessAlive(pg)
	case strings.HasPrefix(pg.Code, "28"):
		return Refused
	}
	return Other
}

// disconnectedUnlessAlive is for codes that end a session when the server means
// this one. With severity ERROR it goes on: a message that does not fit the
// protocol (08P01), a foreign server that was lost (08006), a function that
// raises the code.
func disconnectedUnlessAlive(pg *pgconn.PgError) Kind {
	if pg.SeverityUnlocalized == "ERROR" {
		return Other
	}
	return Disconnected
}

func isNetwork(err error) bool {
	for _, target := range []error{
		pgconn.ErrConnClosed, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	var op net.Error
	var dns *net.DNSError
	return errors.As(err, &op) || errors.As(err, &dns)
}
