package txn

import (
	"cmp"
	"errors"

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
	failed   error // of Query
	misuse   error // why they cannot be used any more
	held     bool  // by who reads them: a callback of a batch
}

// hold begins a use of the connection, which release ends.
func (r *rows) hold() bool {
	if r.misuse == nil && !r.held {
		r.misuse = r.tx.hold(r.sql)
	}
	return r.misuse == nil
}

func (r *rows) release() {
	if !r.held {
		r.tx.calls.Unlock()
	}
}

// ended takes the server's word when there are no more rows.
func (r *rows) ended() {
	if err := r.tx.heed(r.sql, r.Rows.CommandTag(), r.Rows.Err()); r.Rows.Err() == nil {
		r.misuse = err
	}
}

// Next notes the error that ended the rows.
func (r *rows) Next() bool {
	if !r.hold() {
		return false
	}
	defer r.release()
	if r.Rows.Next() {
		return true
	}
	r.ended()
	return false
}

// Scan reads the row. An error closes the rows.
func (r *rows) Scan(dest ...any) error {
	if !r.hold() {
		return r.misuse
	}
	defer r.release()
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.ended()
	}
	return err
}

// Values decodes the row. An error closes the rows.
func (r *rows) Values() ([]any, error) {
	if !r.hold() {
		return nil, r.misuse
	}
	defer r.release()
	values, err := r.Rows.Values()
	if err != nil {
		r.ended()
	}
	return values, err
}

// Close notes the error of what was closed. After the attempt there is nothing
// to close.
func (r *rows) Close() {
	if r.Rows == nil || !r.hold() {
		return
	}
	defer r.release()
	r.Rows.Close()
	r.ended()
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

// row is the first of some rows.
type row rows

// Scan reads the row and closes. It notes the error.
func (r *row) Scan(dest ...any) error {
	rows := (*rows)(r)
	defer rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	for _, d := range dest {
		if _, ok := d.(*pgtype.DriverBytes); ok {
			return errors.New("txn: cannot scan into *pgtype.DriverBytes from QueryRow: it would not outlive the row")
		}
	}
	if !rows.Next() {
		return cmp.Or(rows.Err(), pgx.ErrNoRows)
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
