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
type sharedRows reader

// answer returns the rows for the reader's caller.
func (r *reader) answer() (*exec.Rows, error) {
	s := (*sharedRows)(r)
	r.rows.Init(s, r.call.SQL, r.call.Returned, s)
	if err := r.rows.Prime(); err != nil {
		return &r.rows, r.rows.Fail(err)
	}
	return &r.rows, nil
}

// Enter does nothing: the rows hold no connection.
func (*sharedRows) Enter(string) error { return nil }

// Leave does nothing.
func (*sharedRows) Leave() {}

// Fields does nothing: a read whose types are not known takes no part.
func (*sharedRows) Fields([]pgconn.FieldDescription) {}

// Unfit makes the next read run alone, so that its connection can learn the types.
func (s *sharedRows) Unfit(error, []pgconn.FieldDescription) { s.of.pace.suspect(math.MaxInt64) }

// Answered passes the error on.
func (*sharedRows) Answered(_ string, _ pgconn.CommandTag, err error) error { return err }

// Closed gives the coder back.
func (s *sharedRows) Closed(err error) error {
	s.shares.coders.Put(s.coder)
	s.coder = nil
	return advised(err)
}

// Close drops the rows that were not read.
func (s *sharedRows) Close() { s.row, s.result.Rows = nil, nil }

// Err is the read's error, or that of the last Scan.
func (s *sharedRows) Err() error { return s.result.Err }

// CommandTag is the statement's.
func (s *sharedRows) CommandTag() pgconn.CommandTag { return s.result.CommandTag }

// FieldDescriptions are those of the columns.
func (s *sharedRows) FieldDescriptions() []pgconn.FieldDescription { return s.as.Fields }

// Conn is nil: the connection is in other hands.
func (*sharedRows) Conn() *pgx.Conn { return nil }

// TypeMap is nil after the end: another read has the types then.
func (s *sharedRows) TypeMap() *pgtype.Map {
	if s.coder == nil {
		return nil
	}
	return s.coder.types
}

// Next moves to the next row.
func (s *sharedRows) Next() bool {
	s.row = nil
	if rows := s.result.Rows; len(rows) > 0 {
		s.row, s.result.Rows = rows[0], rows[1:]
	}
	return s.row != nil
}

// RawValues are those of the current row; nil when there is none.
func (s *sharedRows) RawValues() [][]byte { return s.row }

// Scan decodes the current row.
func (s *sharedRows) Scan(dest ...any) error {
	if len(dest) == 1 {
		if scanner, ok := dest[0].(pgx.RowScanner); ok {
			s.result.Err = scanner.ScanRow(s)
			return s.result.Err
		}
	}
	s.result.Err = pgx.ScanRow(s.coder.types, s.as.Fields, s.row, dest...)
	return s.result.Err
}

// Values decodes the current row into values of pgx's choice.
func (s *sharedRows) Values() ([]any, error) {
	values := make([]any, len(s.row))
	dest := make([]any, len(s.row))
	for i := range values {
		dest[i] = &values[i]
	}
	return values, s.Scan(dest...)
}
