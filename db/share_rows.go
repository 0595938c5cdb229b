package db

import (
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A reader that was answered by a batch is the pgx.Rows of its caller, and their owner.
// They are copies, which hold no connection and are decoded by their caller.

// Enter does nothing: the rows hold no connection.
func (*reader) Enter(string) error { return nil }

// Leave does nothing.
func (*reader) Leave() {}

// Fields does nothing: a read whose types are not known takes no part.
func (*reader) Fields([]pgconn.FieldDescription) {}

// Unfit makes the next read run alone, so that its connection can learn the types.
func (r *reader) Unfit(error, []pgconn.FieldDescription) { r.of.suspect(math.MaxInt64) }

// Answered passes the error on.
func (*reader) Answered(_ string, _ pgconn.CommandTag, err error) error { return err }

// Closed gives the coder back.
func (r *reader) Closed(err error) error {
	r.shares.coders.Put(r.coder)
	r.coder = nil
	return advised(err)
}

// Close drops the rows that were not read.
func (r *reader) Close() { r.row, r.result.Rows = nil, nil }

// Err is the read's error, or that of the last Scan.
func (r *reader) Err() error { return r.result.Err }

// CommandTag is the statement's.
func (r *reader) CommandTag() pgconn.CommandTag { return r.result.CommandTag }

// FieldDescriptions are those of the columns.
func (r *reader) FieldDescriptions() []pgconn.FieldDescription { return r.result.FieldDescriptions }

// Conn is nil: the connection is in other hands.
func (*reader) Conn() *pgx.Conn { return nil }

// TypeMap is the one that decodes them. It is not asked for after the end.
func (r *reader) TypeMap() *pgtype.Map { return r.coder.Map }

// Next moves to the next row.
func (r *reader) Next() bool {
	if r.row = nil; len(r.result.Rows) > 0 {
		r.row, r.result.Rows = r.result.Rows[0], r.result.Rows[1:]
	}
	return r.row != nil
}

// RawValues are those of the current row; nil when there is none.
func (r *reader) RawValues() [][]byte { return r.row }

// Scan decodes the current row.
func (r *reader) Scan(dest ...any) error {
	if len(dest) == 1 {
		if scanner, ok := dest[0].(pgx.RowScanner); ok {
			r.result.Err = scanner.ScanRow(r)
			return r.result.Err
		}
	}
	r.result.Err = pgx.ScanRow(r.coder.Map, r.result.FieldDescriptions, r.row, dest...)
	return r.result.Err
}

// Values decodes the current row into values of pgx's choice.
func (r *reader) Values() ([]any, error) {
	values := make([]any, len(r.row))
	dest := make([]any, len(r.row))
	for i := range values {
		dest[i] = &values[i]
	}
	return values, r.Scan(dest...)
}
