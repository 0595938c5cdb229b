package exec

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// maxRows bounds the row keys that are collected of a statement. One that returns more
// counts as a write of the whole table.
const maxRows = 256

// Returned collects the row keys that the rows of a statement have. A nil one collects
// nothing.
type Returned struct {
	keys   []stmt.RowKey
	width  int // columns up to the last that is a key
	rows   [][]any
	failed bool // a row could not be read, or there are too many
	ended  bool // there are no more rows
}

// collector returns what collects the keys that are in a result, or nil if none is.
func collector(keys []stmt.RowKey) *Returned {
	width := 0
	for _, k := range keys {
		width = max(width, k.Result)
	}
	if width == 0 {
		return nil
	}
	return &Returned{keys: keys, width: width}
}

// add collects the current row.
func (r *Returned) add(rows pgx.Rows) {
	if !r.open() {
		return
	}
	row, ok := r.read(rows.TypeMap(), rows.FieldDescriptions(), rows.RawValues())
	if !ok || len(r.rows) == maxRows {
		r.failed, r.rows = true, nil
		return
	}
	r.rows = append(r.rows, row)
}

// read decodes the columns that are keys. The others are nil.
func (r *Returned) read(m *pgtype.Map, fields []pgconn.FieldDescription, raw [][]byte) ([]any, bool) {
	if m == nil || len(raw) < r.width || len(fields) < r.width {
		return nil, false
	}
	row := make([]any, r.width)
	for _, k := range r.keys {
		if i := k.Result - 1; i >= 0 && raw[i] != nil {
			t, known := m.TypeForOID(fields[i].DataTypeOID)
			if !known {
				return nil, false
			}
			var err error
			if row[i], err = t.Codec.DecodeValue(m, fields[i].DataTypeOID, fields[i].Format, raw[i]); err != nil {
				return nil, false
			}
		}
	}
	return row, true
}

// open reports whether another row is wanted.
func (r *Returned) open() bool { return r != nil && !r.failed && !r.ended }

// end says that there were no more rows, and no error.
func (r *Returned) end() {
	if r != nil {
		r.ended = true
	}
}

// all returns the rows, or nil unless they are all there are.
func (r *Returned) all() [][]any {
	switch {
	case !r.ended || r.failed:
		return nil
	case r.rows == nil:
		return [][]any{}
	}
	return r.rows
}
