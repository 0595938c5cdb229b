package db

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

var errNoRow = errors.New("db: there is no current row: call Next first")

// rows are pgx's, and give their connection back at the end. They may have been
// moved to the first row already, which their user must not notice.
type rows struct {
	pgx.Rows
	lease *lease
	ahead bool  // at the first row, and the user does not know
	early error // the user read a row before Next, or left a transaction open
	typed bool  // the connection knows the columns' types, or cannot
}

// Err is the error that ended the rows.
func (r *rows) Err() error {
	if r.early != nil {
		return r.early
	}
	return pgerr.Typed(r.Rows.Err())
}

// prime moves to the first row, if there is one, and returns the error if
// that shows that the statement failed.
func (r *rows) prime() error {
	r.ahead = r.Rows.Next()
	if r.ahead {
		return nil
	}
	return r.Rows.Err()
}

// Close gives the connection back.
func (r *rows) Close() {
	r.Rows.Close()
	if err := r.lease.leftOpen(r.Rows.Err()); err == ErrTxLeftOpen {
		r.early = err
	}
	r.lease.done(r.Rows.Err())
}

// Next moves to the next row; after the last it closes.
func (r *rows) Next() bool {
	if r.ahead {
		r.ahead = false
		return !r.lease.back.Load()
	}
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Scan reads the row; it closes when that fails.
func (r *rows) Scan(dest ...any) error {
	if r.ahead {
		r.Close()
		r.early = errNoRow
		return errNoRow
	}
	r.learn()
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.lease.unfit(err, r.Rows.FieldDescriptions())
		r.Close()
	}
	return err
}

// Values decodes the row; it closes when that fails.
func (r *rows) Values() ([]any, error) {
	if r.ahead {
		r.Close()
		r.early = errNoRow
		return nil, errNoRow
	}
	r.learn()
	values, err := r.Rows.Values()
	if err != nil {
		r.Close()
	}
	return values, err
}

func (r *rows) learn() {
	if !r.typed {
		r.typed = true
		r.lease.learnFields(r.Rows.FieldDescriptions(), false)
	}
}

// RawValues returns the row as it was received.
func (r *rows) RawValues() [][]byte {
	if r.ahead {
		return nil
	}
	return r.Rows.RawValues()
}

// row is the first of some rows.
type row struct{ rows pgx.Rows }

// Scan reads the row and closes.
func (r row) Scan(dest ...any) error {
	defer r.rows.Close()
	if err := r.rows.Err(); err != nil {
		return err
	}
	for _, d := range dest {
		if _, ok := d.(*pgtype.DriverBytes); ok {
			return errors.New("db: cannot scan into *pgtype.DriverBytes from QueryRow: it would not outlive the row")
		}
	}
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// failed are rows of a statement that was not sent.
type failed struct{ err error }

// Close does nothing.
func (failed) Close() {}

// Err returns the error.
func (f failed) Err() error { return f.err }

// CommandTag is empty.
func (failed) CommandTag() pgconn.CommandTag { return pgconn.CommandTag{} }

// FieldDescriptions are none.
func (failed) FieldDescriptions() []pgconn.FieldDescription { return nil }

// Next is false.
func (failed) Next() bool { return false }

// Scan returns the error.
func (f failed) Scan(...any) error { return f.err }

// Values returns the error.
func (f failed) Values() ([]any, error) { return nil, f.err }

// RawValues are none.
func (failed) RawValues() [][]byte { return nil }

// Conn is nil.
func (failed) Conn() *pgx.Conn { return nil }

// TypeMap is nil.
func (failed) TypeMap() *pgtype.Map { return nil }
