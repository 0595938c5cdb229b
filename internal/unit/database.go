package unit

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Database is a handle of package db as package txn sees it: a DB, or a Set, in
// which ctx chooses one.
type Database interface {
	// Unit returns the database that ctx chose.
	Unit(ctx context.Context) (*Target, error)
}

// Target is one database of package db.
type Target struct {
	Pool       any // what [Unit.Pool] is compared with
	Name       string
	Statements *stmt.Registry
	Listener   *exec.Listener // nil when there is no Invalidator
	// Acquire returns a connection for a transaction of the operation op.
	Acquire func(ctx context.Context, op string) (Lease, error)
}

// Lease is a connection that db gave out for one transaction. Its holder begins,
// runs and ends the transaction on the connection itself.
type Lease interface {
	// Conn returns the connection, or nil when only its transaction shows it.
	Conn() *pgx.Conn
	// Begin begins the transaction.
	Begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	// Admit notes what a text leaves behind in the session, before it is sent.
	// statement is what is known of it, or nil. An error refuses the text.
	Admit(statement *stmt.Statement, sql string, args []any) error
	// Retry reports whether nothing of the statement was sent because the connection
	// did not know the type of a parameter, which it knows now.
	Retry(ctx context.Context, err error, sql string, args []any) bool
	// RetryBatch is Retry for a batch.
	RetryBatch(ctx context.Context, err error, batch *pgx.Batch) bool
	// CopyFailed learns the types of the columns after a COPY failed with err, so that
	// the next one can be encoded.
	CopyFailed(err error, table pgx.Identifier, columns []string)
	// Fields makes the types of result columns known, before a row is scanned.
	Fields(fields []pgconn.FieldDescription)
	// Unfit makes them known anew after a value could not be scanned.
	Unfit(err error, fields []pgconn.FieldDescription)
	// Died reports whether err means that the connection ended by itself.
	Died(err error) bool
	// Release gives the connection back, once. err is the transaction's error.
	Release(err error)
}
