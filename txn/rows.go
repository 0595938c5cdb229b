package txn

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// The results of a statement bring its error late, and use the connection; these
// tell the transaction of both.

type rows struct {
	pgx.Rows // nil when the statement was not sent
	tx       *Tx
	sql      string
	misuse   error // why they cannot be used any more
}

// hold begins a use of the connection.
func (r *rows) hold() bool {
	if r.misuse == nil {
		r.misuse = r.tx.hold(r.sql)
	}
	return r.misuse == nil
}

// Next notes the error that ended the rows.
func (r *rows) Next() bool {
	if !r.hold() {
		return false
	}
	defer r.tx.calls.Unlock()
	if r.Rows.Next() {
		return true
	}
	_ = r.tx.note(r.Rows.Err())
	return false
}

// Scan reads the row.
func (r *rows) Scan(dest ...any) error {
	if !r.hold() {
		return r.misuse
	}
	defer r.tx.calls.Unlock()
	return r.Rows.Scan(dest...)
}

// Values decodes the row.
func (r *rows) Values() ([]any, error) {
	if !r.hold() {
		return nil, r.misuse
	}
	defer r.tx.calls.Unlock()
	return r.Rows.Values()
}

// Close notes the error of what was closed. After the attempt there is nothing
// to close.
func (r *rows) Close() {
	if r.Rows == nil || !r.hold() {
		return
	}
	defer r.tx.calls.Unlock()
	r.Rows.Close()
	_ = r.tx.note(r.Rows.Err())
}

// Err is the error that ended the rows.
func (r *rows) Err() error {
	if r.misuse != nil {
		return r.misuse
	}
	return pgerr.Typed(r.Rows.Err())
}

// CommandTag is that of the statement.
func (r *rows) CommandTag() pgconn.CommandTag {
	if r.Rows == nil {
		return pgconn.CommandTag{}
	}
	return r.Rows.CommandTag()
}

// FieldDescriptions are those of the rows.
func (r *rows) FieldDescriptions() []pgconn.FieldDescription {
	if r.Rows == nil {
		return nil
	}
	return r.Rows.FieldDescriptions()
}

// RawValues are those of the row.
func (r *rows) RawValues() [][]byte {
	if r.Rows == nil {
		return nil
	}
	return r.Rows.RawValues()
}

// Conn is nil: the connection is the transaction's.
func (*rows) Conn() *pgx.Conn { return nil }

// TypeMap is that of the connection.
func (r *rows) TypeMap() *pgtype.Map {
	if r.Rows == nil {
		return nil
	}
	return r.Rows.TypeMap()
}

type row struct {
	pgx.Row
	tx     *Tx
	sql    string
	misuse error
}

// Scan notes its error.
func (r *row) Scan(dest ...any) error {
	if r.misuse != nil {
		return r.misuse
	}
	if err := r.tx.hold(r.sql); err != nil {
		return err
	}
	defer r.tx.calls.Unlock()
	return r.tx.note(r.Row.Scan(dest...))
}

type batchResults struct {
	pgx.BatchResults
	tx *Tx
}

const batchName = "batch"

// Exec notes its error.
func (b *batchResults) Exec() (pgconn.CommandTag, error) {
	if err := b.tx.hold(batchName); err != nil {
		return pgconn.CommandTag{}, err
	}
	defer b.tx.calls.Unlock()
	tag, err := b.BatchResults.Exec()
	return tag, b.tx.note(err)
}

// Query notes its error, and watches the rows.
func (b *batchResults) Query() (pgx.Rows, error) {
	if err := b.tx.hold(batchName); err != nil {
		return &rows{tx: b.tx, sql: batchName, misuse: err}, err
	}
	defer b.tx.calls.Unlock()
	result, err := b.BatchResults.Query()
	return &rows{Rows: result, tx: b.tx, sql: batchName}, b.tx.note(err)
}

// QueryRow watches the row.
func (b *batchResults) QueryRow() pgx.Row {
	if err := b.tx.hold(batchName); err != nil {
		return &row{tx: b.tx, misuse: err}
	}
	defer b.tx.calls.Unlock()
	return &row{Row: b.BatchResults.QueryRow(), tx: b.tx, sql: batchName}
}

// Close notes the error of what was closed.
func (b *batchResults) Close() error {
	if err := b.tx.hold(batchName); err != nil {
		return err
	}
	defer b.tx.calls.Unlock()
	return b.tx.note(b.BatchResults.Close())
}
