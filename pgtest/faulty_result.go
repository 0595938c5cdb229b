package pgtest

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// failedRows are the rows of a query that failed: none, and the error.
type failedRows struct{ err error }

// Close does nothing.
func (r failedRows) Close() {}

// Err returns the error.
func (r failedRows) Err() error { return r.err }

// CommandTag is empty.
func (r failedRows) CommandTag() pgconn.CommandTag { return pgconn.CommandTag{} }

// FieldDescriptions are none.
func (r failedRows) FieldDescriptions() []pgconn.FieldDescription { return nil }

// Next is false: there are no rows.
func (r failedRows) Next() bool { return false }

// Scan returns the error.
func (r failedRows) Scan(...any) error { return r.err }

// Values returns the error.
func (r failedRows) Values() ([]any, error) { return nil, r.err }

// RawValues are none.
func (r failedRows) RawValues() [][]byte { return nil }

// Conn is nil: there was no connection.
func (r failedRows) Conn() *pgx.Conn { return nil }

// TypeMap is nil.
func (r failedRows) TypeMap() *pgtype.Map { return nil }

// failedBatch are the results of a batch that failed as a whole.
type failedBatch struct{ err error }

// Exec returns the error.
func (b failedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, b.err }

// Query returns the error.
func (b failedBatch) Query() (pgx.Rows, error) { return failedRows(b), b.err }

// QueryRow returns a row with the error.
func (b failedBatch) QueryRow() pgx.Row { return failedRows(b) }

// Close returns the error.
func (b failedBatch) Close() error { return b.err }

// Tx returns nil: the batch began no transaction.
func (b failedBatch) Tx() pgx.Tx { return nil }
