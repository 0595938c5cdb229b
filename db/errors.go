package db

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/config"
)

// ErrClosed is returned by every use of a [DB] or [Set] after Close began.
var ErrClosed = errors.New("db: closed")

// ErrTxLeftOpen is returned by [DB.WithConn] when the function returned nil but
// left a transaction open, or its connection was lost in the middle of one. It was
// rolled back; only when the answer to COMMIT was lost is that not known. The
// methods of an [Executor] return it for a text, such as BEGIN, that leaves a
// transaction open: the next call may get another connection.
var ErrTxLeftOpen = errors.New("db: a transaction was left open; it was rolled back")

// ErrInTransaction is returned for a use of a [DB] inside the function of a transaction
// of package txn on the same DB. It would take a second connection, whose work is no
// part of the transaction. A pool in full use would not have one. Use the transaction,
// or for separate work a context from outside the function. The error names the
// statement and the operation.
var ErrInTransaction = errors.New("db: a use of the database instead of the transaction that it is inside of")

// ErrUnknownTarget is returned by a [Set] when ctx names a database that it does not
// have. The error lists those that it has.
var ErrUnknownTarget = errors.New("db: unknown target")

// inTransactionError is an [ErrInTransaction].
type inTransactionError struct {
	Target    string // the database's name
	Op        string // the transaction's operation
	Statement string // its name by sqlc, else its first word; "" for another use
}

// Error names the statement and the operation.
func (e *inTransactionError) Error() string {
	return fmt.Sprintf("db: %s was sent to %q instead of to the transaction of %s that it is inside of", cmp.Or(e.Statement, "a use"), e.Target, e.Op)
}

// Unwrap returns ErrInTransaction.
func (e *inTransactionError) Unwrap() error { return ErrInTransaction }

// ConfigError is a setting that cannot be used. [Open] reports all of them,
// joined. It never contains the DSN, in which there may be a password.
type ConfigError = config.Error

// openError is why [Open] could not connect.
type openError struct {
	Target   string // the database's name
	Attempts int    // connections tried
	Remedy   string // what to do about it; may be empty
	Err      error  // of the last attempt, or the end of ctx joined with it
}

// Error returns one line, unless the driver's error has more.
func (e *openError) Error() string {
	s := fmt.Sprintf("db: open %q: %s after %s", e.Target, e.Err, plural(e.Attempts, "attempt"))
	if e.Remedy != "" {
		s += ": " + e.Remedy
	}
	return s
}

// Unwrap returns the error of the last attempt.
func (e *openError) Unwrap() error { return e.Err }

// AcquireTimeoutError is returned when no connection was available within
// [Config].AcquireTimeout. errors.Is finds context.DeadlineExceeded in it, and the last
// failure to connect, if there was one.
type AcquireTimeoutError struct {
	Target  string
	Timeout time.Duration
	Max     int    // connections that the pool may have
	InUse   int    // of them in use
	Waiting int    // other callers that wait
	Oldest  *Lease // the lease that began first; nil when there is none
	Err     error  // joins context.DeadlineExceeded and the last failure to connect
}

// Error tells the pool's state and the oldest borrow.
func (e *AcquireTimeoutError) Error() string {
	s := fmt.Sprintf("db: no connection to %q within %v: %d of %d in use, %d others waiting", e.Target, e.Timeout, e.InUse, e.Max, e.Waiting)
	if e.Oldest != nil {
		s += "; oldest: " + e.Oldest.describe()
	}
	return s + ": " + strings.ReplaceAll(e.Err.Error(), "\n", ": ")
}

// Unwrap returns Err.
func (e *AcquireTimeoutError) Unwrap() error { return e.Err }

// unknownTargetError is an [ErrUnknownTarget].
type unknownTargetError struct {
	Target string
	Known  []string // sorted
}

// Error lists the known targets.
func (e *unknownTargetError) Error() string {
	return fmt.Sprintf("db: unknown target %q: known are %s", e.Target, strings.Join(e.Known, ", "))
}

// Unwrap returns ErrUnknownTarget.
func (e *unknownTargetError) Unwrap() error { return ErrUnknownTarget }

// closeError is the error of [DB.Close] when ctx ended before every connection
// was back.
type closeError struct {
	Target   string
	Borrowed []Lease // what is still in use, oldest first
	Waits    string  // what Close was waiting for
	Err      error   // ctx's
}

// Error names who holds connections, the three oldest at most, or what else
// Close waits for.
func (e *closeError) Error() string {
	if len(e.Borrowed) == 0 {
		return fmt.Sprintf("db: close %q: %v: waiting for %s", e.Target, e.Err, e.Waits)
	}
	s := fmt.Sprintf("db: close %q: %v: %s still in use", e.Target, e.Err, plural(len(e.Borrowed), "connection"))
	for i, b := range e.Borrowed {
		if i == 3 {
			return s + fmt.Sprintf("; and %d more", len(e.Borrowed)-3)
		}
		s += "; " + b.describe()
	}
	return s
}

// Unwrap returns ctx's error.
func (e *closeError) Unwrap() error { return e.Err }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// registerTypesError is a failure of [Config].RegisterTypes: there is no connection.
type registerTypesError struct {
	Target string // the database's name
	Err    error
}

// Error names the database.
func (e *registerTypesError) Error() string {
	return fmt.Sprintf("db: connect to %q: Config.RegisterTypes: %v", e.Target, e.Err)
}

// Unwrap returns the function's error.
func (e *registerTypesError) Unwrap() error { return e.Err }
