package txn

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Op describes what a transaction does. Only Name is required.
type Op struct {
	// Name identifies the operation in errors, logs and measurements, and its
	// retries share a budget. It should be one of a few: no ids in it.
	Name string

	// Iso is the isolation level. Default: the server's default_transaction_isolation.
	Iso pgx.TxIsoLevel
	// ReadOnly makes the server refuse writes. Default: the server's
	// default_transaction_read_only.
	ReadOnly bool

	// MaxAttempts bounds the attempts; with 1 there is no retry. Default:
	// Config.MaxAttempts.
	MaxAttempts int
	// RetryOn are unique and exclusion constraints whose violation is a race: the
	// function checked first, and another transaction was faster. The transaction is
	// then retried, twice at most. For a partition list the name of the partition's
	// unique index. Default: none.
	RetryOn []pgerr.ConstraintID
	// RetryLost retries on another connection when one could not be opened or was lost
	// before COMMIT was sent. It also retries when a lost COMMIT was found to be rolled
	// back.
	RetryLost bool

	// Commit is what is done when the answer to COMMIT is lost. Default: [ReturnUnknown].
	Commit CommitMode
	// Key identifies this piece of work, such as an order's number or a request's id:
	// 1 to 255 bytes. [Idempotent] requires it.
	Key string

	// Propagation is what happens when the operation is begun inside another one on the
	// same database. Default: [Reject].
	Propagation Propagation
	// ConflictKey names another gate. Operations that collide often pass a gate, which
	// admits few attempts at a time, whatever the operations' names. Those that collide
	// only on the same account, tenant or queue, say, name that, and do not wait for
	// those of another one. Default: "", the target's common gate.
	ConflictKey string

	// StatementTimeout and LockTimeout are the server's settings of these names, for
	// this transaction only, rounded up to milliseconds. Default: the session's.
	StatementTimeout, LockTimeout time.Duration
	// Settings are parameters of the server for this transaction only, such as
	// the tenant of row-level security, idle_in_transaction_session_timeout, or
	// transaction_deferrable. They cost no round trip. A search_path is given as the
	// server writes it: names with commas between.
	Settings map[string]string
}

// CommitMode is what is done when COMMIT was sent and its answer is lost.
type CommitMode uint8

const (
	// ReturnUnknown returns a [CommitUnknownError]. It costs nothing.
	ReturnUnknown CommitMode = iota
	// Resolve ends the old session, then asks PostgreSQL what became of the
	// transaction. It costs one round trip a transaction, before COMMIT. It cannot
	// tell when the server crashed, another server took its place, or none answers
	// within Config.ResolveTimeout; then the error is a CommitUnknownError.
	Resolve
	// Idempotent writes [Op].Key to a table in the transaction. The row shows later
	// whether it was committed, also after a crash, a failover, or a restart of
	// this program: a second Do with the same key returns [ErrAlreadyCommitted].
	// It costs a row, and no round trip. See [Config].Markers.
	Idempotent
)

// Propagation is what a [Do] does inside the function of another one on the same
// database: of the same Beginner, and the same target of a db.Set. The outermost
// decides about retries.
type Propagation uint8

const (
	// Reject returns a [MisuseError].
	Reject Propagation = iota
	// Join runs the function in the outer transaction. If it fails the outer one fails
	// too, whatever that returns: what it did cannot be rolled back alone.
	Join
	// Savepoint runs the function as a part of the outer transaction, as
	// [Tx.Savepoint] does.
	Savepoint
)

// raceRetries is how often one Do retries after violations that RetryOn lists.
const raceRetries = 2

func (op *Op) validate() error {
	switch op.Iso {
	case "", pgx.Serializable, pgx.RepeatableRead, pgx.ReadCommitted, pgx.ReadUncommitted:
	default:
		return &ConfigError{Package: "txn", Field: "Op.Iso", Problem: "is not an isolation level: " + string(op.Iso)}
	}
	switch {
	case op.Name == "":
		return &ConfigError{Package: "txn", Field: "Op.Name", Problem: "is empty"}
	case op.MaxAttempts < 0:
		return &ConfigError{Package: "txn", Field: "Op.MaxAttempts", Problem: "is negative"}
	case op.Propagation > Savepoint:
		return &ConfigError{Package: "txn", Field: "Op.Propagation", Problem: "is none of Reject, Join and Savepoint"}
	}
	return cmp.Or(op.validateCommit(), op.validateTimeouts(), op.validateSettings())
}

func (op *Op) validateCommit() error {
	switch {
	case op.Commit > Idempotent:
		return &ConfigError{Package: "txn", Field: "Op.Commit", Problem: "is none of ReturnUnknown, Resolve and Idempotent"}
	case op.Commit != ReturnUnknown && op.ReadOnly:
		return &ConfigError{Package: "txn", Field: "Op.Commit", Problem: "must be ReturnUnknown with ReadOnly: there is nothing to commit"}
	case op.Commit != Idempotent && op.Key != "":
		return &ConfigError{Package: "txn", Field: "Op.Key", Problem: "has a meaning only with Commit: Idempotent"}
	case op.Commit == Idempotent && (op.Key == "" || len(op.Key) > 255):
		return &ConfigError{Package: "txn", Field: "Op.Key", Problem: fmt.Sprintf("has %d bytes, Idempotent wants 1 to 255", len(op.Key))}
	}
	return invalidText("Op.Key", op.Key)
}

func (op *Op) validateTimeouts() error {
	for _, t := range op.timeouts() {
		if t.value < 0 || t.value > math.MaxInt32*time.Millisecond {
			return &ConfigError{Package: "txn", Field: "Op." + t.field, Problem: fmt.Sprintf("is %v, and must be between 0 and 24 days", t.value)}
		}
	}
	return nil
}

type timeout struct {
	field, setting string
	value          time.Duration
}

func (op *Op) timeouts() [2]timeout {
	return [...]timeout{
		{"StatementTimeout", "statement_timeout", op.StatementTimeout},
		{"LockTimeout", "lock_timeout", op.LockTimeout},
	}
}

func (op *Op) options() pgx.TxOptions {
	options := pgx.TxOptions{IsoLevel: op.Iso}
	if op.ReadOnly {
		options.AccessMode = pgx.ReadOnly
	}
	return options
}
