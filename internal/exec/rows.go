package exec

import (
	"cmp"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

var errNoRow = errors.New("sqlkeel: there is no current row: call Next first")

// Rows are the result of one statement.
type Rows struct {
	inner  pgx.Rows // nil when the statement was not sent
	owner  Owner
	keys   *Returned
	sql    string
	err    error // that ended the rows, or why they cannot be used
	ahead  bool  // at the first row, which the caller does not know
	fields bool  // the owner has seen the columns
	ended  bool  // the owner has the answer
	part   bool  // of a batch, which is closed by itself
	held   bool  // read by a callback of a batch, which has entered already
}

// NewRows returns the rows that pgx returned for the statement with err. keys collects
// from them; it may be nil.
func NewRows(owner Owner, sql string, keys *Returned, inner pgx.Rows, err error) *Rows {
	r := new(Rows)
	r.Init(owner, sql, keys, inner)
	if err != nil {
		_ = r.Fail(err)
	}
	return r
}

// Init is NewRows for rows that are part of another value.
func (r *Rows) Init(owner Owner, sql string, keys *Returned, inner pgx.Rows) {
	*r = Rows{inner: inner, owner: owner, sql: sql, keys: keys}
}

// Failed returns the rows of a statement that was not sent.
func Failed(err error) *Rows { return &Rows{err: err, ended: true} }

// FailedRow returns the row of a statement that was not sent.
func FailedRow(err error) *Row { return (*Row)(Failed(err)) }

// Owner is what the rows are read from; nil when the statement was not sent.
func (r *Rows) Owner() Owner { return r.owner }

// Prime reads up to the first row, which the caller does not notice, and returns the
// statement's error. The owner does not have its answer yet.
func (r *Rows) Prime() error {
	if r.ahead = r.next(); r.ahead {
		return nil
	}
	return r.inner.Err()
}

// next moves to the next row and collects its keys.
func (r *Rows) next() bool {
	more := r.inner.Next()
	if more {
		r.keys.add(r.inner)
	}
	return more
}

// Fail ends the rows with an error of Query or [Rows.Prime]. It returns the one that
// the caller gets. What pgx returned goes on reading the connection's state, so it is
// not used any more.
func (r *Rows) Fail(err error) error {
	r.inner = nil
	r.finish(err)
	return r.err
}

// enter begins a use of the connection, unless the rows ended.
func (r *Rows) enter() bool {
	if r.ended || r.err != nil {
		return false
	}
	if !r.held {
		r.err = r.owner.Enter(r.sql)
	}
	return r.err == nil
}

func (r *Rows) leave() {
	if !r.held {
		r.owner.Leave()
	}
}

// end closes the rows.
func (r *Rows) end() {
	r.ended = true
	closed := false
	defer func() {
		if !closed && !r.part { // a panic, in a tracer for one
			_ = r.owner.Closed(nil)
		}
	}()
	for r.keys.open() && r.next() { // of the rows that the caller does not want, too
	}
	r.inner.Close()
	closed = true
	if r.inner.Err() == nil {
		r.keys.end()
	}
	r.finish(r.inner.Err())
}

// finish gives the owner the statement's answer.
func (r *Rows) finish(err error) {
	r.ended = true
	said := r.owner.Answered(r.sql, r.CommandTag(), err)
	if !r.part {
		said = r.owner.Closed(said)
	}
	r.err = cmp.Or(r.err, said)
}

// Next moves to the next row. After the last one it closes the rows.
func (r *Rows) Next() bool {
	if !r.enter() {
		return false
	}
	defer r.leave()
	if r.ahead {
		r.ahead = false
		return true
	}
	if r.next() {
		return true
	}
	r.end()
	return false
}

// row begins a look at the current row. After an error there is nothing to leave.
func (r *Rows) row() error {
	if !r.enter() {
		return cmp.Or(r.err, errNoRow)
	}
	if r.ahead {
		r.err = errNoRow
		r.end()
		r.leave()
		return errNoRow
	}
	if !r.fields {
		r.fields = true
		r.owner.Fields(r.inner.FieldDescriptions())
	}
	return nil
}

// Scan reads the row into dest. An error closes the rows.
func (r *Rows) Scan(dest ...any) error {
	if err := r.row(); err != nil {
		return err
	}
	defer r.leave()
	err := r.inner.Scan(dest...)
	if err != nil {
		r.owner.Unfit(err, r.inner.FieldDescriptions())
		r.end()
	}
	return err
}

// Values decodes the row. An error closes the rows.
func (r *Rows) Values() ([]any, error) {
	if err := r.row(); err != nil {
		return nil, err
	}
	defer r.leave()
	values, err := r.inner.Values()
	if err != nil {
		r.end()
		return nil, err
	}
	return values, nil
}

// Close closes the rows.
func (r *Rows) Close() {
	if !r.enter() {
		return
	}
	defer r.leave()
	r.end()
}

// Err is the error that ended the rows.
func (r *Rows) Err() error {
	if r.err != nil || r.ended {
		return r.err
	}
	return r.inner.Err()
}

// CommandTag is the statement's.
func (r *Rows) CommandTag() pgconn.CommandTag {
	if r.inner == nil {
		return pgconn.CommandTag{}
	}
	return r.inner.CommandTag()
}

// FieldDescriptions are those of the columns.
func (r *Rows) FieldDescriptions() []pgconn.FieldDescription {
	if r.inner == nil {
		return nil
	}
	return r.inner.FieldDescriptions()
}

// RawValues are those of the row, as they were received.
func (r *Rows) RawValues() [][]byte {
	if r.inner == nil || r.ahead {
		return nil
	}
	return r.inner.RawValues()
}

// Conn is nil: the connection is the owner's.
func (*Rows) Conn() *pgx.Conn { return nil }

// TypeMap is the connection's. It is nil after the end, when others may use it.
func (r *Rows) TypeMap() *pgtype.Map {
	if r.inner == nil || r.ended {
		return nil
	}
	return r.inner.TypeMap()
}

// Row is the first of some rows.
type Row Rows

// Scan reads the row and closes.
func (row *Row) Scan(dest ...any) error {
	r := (*Rows)(row)
	defer r.Close()
	if err := r.Err(); err != nil {
		return err
	}
	for _, d := range dest {
		if _, ok := d.(*pgtype.DriverBytes); ok {
			return errors.New("sqlkeel: cannot scan into *pgtype.DriverBytes from QueryRow: it would not outlive the row")
		}
	}
	if !r.Next() {
		return cmp.Or(r.Err(), pgx.ErrNoRows)
	}
	if err := r.Scan(dest...); err != nil {
		return err
	}
	r.Close()
	return r.Err()
}
