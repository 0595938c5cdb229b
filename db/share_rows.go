package db

import (
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/internal/exec"
)

// sharedRows are the rows of a read that was part of a batch: copies, which hold no
// connection and are decoded by their caller. They are pgx.Rows, and their own owner.
type sharedRows struct {
	exec.Rows // what the caller gets

	shares *shares
	read   *sharedStatement
	coder  *coder // nil once closed
	fields []pgconn.FieldDescription
	values [][]byte // of all rows
	rows   int
	row    int // the current one, from 1
	tag    pgconn.CommandTag
	err    error
}

// copy appends a row of the server.
func (s *sharedRows) copy(values [][]byte) {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	buf := make([]byte, 0, n)
	for _, v := range values {
		if v == nil {
			s.values = append(s.values, nil)
			continue
		}
		from := len(buf)
		buf = append(buf, v...)
		s.values = append(s.values, buf[from:len(buf):len(buf)])
	}
	s.rows++
}

// reset forgets what came of a read that is sent again.
func (s *sharedRows) reset() { s.values, s.rows, s.tag = nil, 0, pgconn.CommandTag{} }

// answer returns the rows for the reader's caller.
func (s *sharedRows) answer(of *shares, r *reader) (*exec.Rows, error) {
	s.shares, s.read, s.coder, s.fields = of, r.of, r.coder, r.as.fields
	s.Rows.Init(owner{s}, r.call.SQL, r.call.Returned, copied{s})
	err := s.err
	if err == nil {
		err = s.Rows.Prime()
	}
	if err != nil {
		err = s.Rows.Fail(err)
	}
	return &s.Rows, err
}

// owner is the exec.Owner of shared rows.
type owner struct{ *sharedRows }

// Enter does nothing: the rows hold no connection.
func (owner) Enter(string) error { return nil }

// Leave does nothing.
func (owner) Leave() {}

// Fields does nothing: a read whose types are not known takes no part.
func (owner) Fields([]pgconn.FieldDescription) {}

// Unfit makes the next read run alone, so that its connection can learn the types.
func (o owner) Unfit(error, []pgconn.FieldDescription) { o.read.pace.suspect(math.MaxInt64) }

// Answered passes the error on.
func (owner) Answered(_ string, _ pgconn.CommandTag, err error) error { return err }

// Closed gives the coder back.
func (o owner) Closed(err error) error {
	if o.coder != nil {
		o.shares.coders.Put(o.coder)
		o.coder = nil
	}
	return advised(err)
}

// copied is the pgx.Rows of shared rows.
type copied struct{ *sharedRows }

// Close drops the rows that were not read.
func (c copied) Close() { c.row = c.rows + 1 }

// Err is the read's error, or that of the last Scan.
func (c copied) Err() error { return c.err }

// CommandTag is the statement's.
func (c copied) CommandTag() pgconn.CommandTag { return c.tag }

// FieldDescriptions are those of the columns.
func (c copied) FieldDescriptions() []pgconn.FieldDescription { return c.fields }

// Conn is nil: the connection is in other hands.
func (c copied) Conn() *pgx.Conn { return nil }

// TypeMap is nil after the end: another read has the types then.
func (c copied) TypeMap() *pgtype.Map {
	if c.coder == nil {
		return nil
	}
	return c.coder.types
}

// Next moves to the next row.
func (c copied) Next() bool {
	c.row = min(c.row+1, c.rows+1)
	return c.row <= c.rows
}

// RawValues are those of the current row; nil when there is none.
func (c copied) RawValues() [][]byte {
	if c.row < 1 || c.row > c.rows {
		return nil
	}
	n := len(c.fields)
	return c.values[(c.row-1)*n : c.row*n : c.row*n]
}

// Scan decodes the current row.
func (c copied) Scan(dest ...any) error {
	if len(dest) == 1 {
		if scanner, ok := dest[0].(pgx.RowScanner); ok {
			c.err = scanner.ScanRow(c)
			return c.err
		}
	}
	c.err = pgx.ScanRow(c.coder.types, c.fields, c.RawValues(), dest...)
	return c.err
}

// Values decodes the current row into values of pgx's choice.
func (c copied) Values() ([]any, error) {
	values := make([]any, len(c.fields))
	for i, raw := range c.RawValues() {
		f := &c.fields[i]
		known, ok := c.coder.types.TypeForOID(f.DataTypeOID)
		switch {
		case raw == nil:
		case ok:
			if values[i], c.err = known.Codec.DecodeValue(c.coder.types, f.DataTypeOID, f.Format, raw); c.err != nil {
				return nil, c.err
			}
		case f.Format == pgx.TextFormatCode:
			values[i] = string(raw)
		case f.Format == pgx.BinaryFormatCode:
			values[i] = append([]byte{}, raw...)
		}
	}
	return values, nil
}
