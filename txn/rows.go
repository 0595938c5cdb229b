package txn

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// The results of a statement bring its error late; these tell the transaction.

type rows struct {
	pgx.Rows
	tx *Tx
}

// Next notes the error that ended the rows.
func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	_ = r.tx.note(r.Rows.Err())
	return false
}

// Close notes the error of what was closed.
func (r *rows) Close() {
	r.Rows.Close()
	_ = r.tx.note(r.Rows.Err())
}

// Err is the error that ended the rows.
func (r *rows) Err() error { return pgerr.Typed(r.Rows.Err()) }

type row struct {
	pgx.Row
	tx *Tx
}

// Scan notes its error.
func (r *row) Scan(dest ...any) error { return r.tx.note(r.Row.Scan(dest...)) }

type batchResults struct {
	pgx.BatchResults
	tx *Tx
}

// Exec notes its error.
func (b *batchResults) Exec() (pgconn.CommandTag, error) {
	tag, err := b.BatchResults.Exec()
	return tag, b.tx.note(err)
}

// Query notes its error, and watches the rows.
func (b *batchResults) Query() (pgx.Rows, error) {
	result, err := b.BatchResults.Query()
	return &rows{Rows: result, tx: b.tx}, b.tx.note(err)
}

// QueryRow watches the row.
func (b *batchResults) QueryRow() pgx.Row {
	return &row{Row: b.BatchResults.QueryRow(), tx: b.tx}
}

// Close notes the error of what was closed.
func (b *batchResults) Close() error { return b.tx.note(b.BatchResults.Close()) }
