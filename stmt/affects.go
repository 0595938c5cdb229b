package stmt

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/rowkey"
)

// Run is one execution of a statement.
type Run struct {
	*Effects
	// Args are the values of the placeholders: Args[0] is that of $1.
	Args []any
	// Rows is what a write returned: all rows, each with the values of the columns that
	// its WriteKeys name by Result, in their places. Other columns are nil. A nil Rows says
	// that nothing is known of them: some were not looked at, or not understood, or there
	// were more than 256. A run that returned no rows has a Rows that is empty, not nil.
	Rows [][]any
	// Name is what the statement is called (the name that sqlc gave it, else its first word), or what was done instead of one,
	// such as "COPY books". It is set where Anything is: what changes anything can be
	// counted by its name.
	Name string
}

// Affects reports whether the write may have changed what read returns. When it
// returns false, read returns the same rows before and after the write commits.
//
// A relation that the write changes counts when the read depends on it, unless
// both are pinned on one of its columns, to different values. Values are compared
// when they are of the kinds for which Go's equality is PostgreSQL's (integers,
// strings, booleans, byte slices and any type of 16-byte array such as a UUID's,
// pointers to them, pgtype's structs of them, and nil for NULL); others are taken for
// equal, named strings and integers too, whose encoding may be of their own.
func (write Run) Affects(read Run) bool {
	if write.Anything {
		return true
	}
	if read.ReadsAnything {
		return len(write.Writes) > 0 || len(write.Reaches) > 0
	}
	changes := func(relation string) bool {
		return (slices.Contains(write.Writes, relation) || slices.Contains(write.Reaches, relation)) &&
			!write.misses(read, relation)
	}
	return slices.ContainsFunc(read.Reads, changes) || slices.ContainsFunc(read.Locks, changes)
}

// misses reports whether every row of relation that the write changed lies beside
// those that the read depends on.
func (write Run) misses(read Run, relation string) bool {
	for _, r := range read.ReadKeys {
		for _, w := range write.WriteKeys {
			if r.Relation != relation || w.Relation != relation || r.Column != w.Column {
				continue
			}
			want, known := at(read.Args, r.Param)
			if known && write.beside(w, want) {
				return true
			}
		}
	}
	return false
}

// beside reports whether no row that the write changed has the value want in the
// key's column.
func (write Run) beside(key RowKey, want any) bool {
	if key.Result == 0 {
		got, known := at(write.Args, key.Param)
		return known && rowkey.Differ(got, want)
	}
	if write.Rows == nil {
		return false
	}
	for _, row := range write.Rows {
		got, known := at(row, key.Result)
		if !known || !rowkey.Differ(got, want) {
			return false
		}
	}
	return true
}

// at returns the value with the given number, counted from 1.
func at(values []any, number int) (value any, known bool) {
	if number < 1 || number > len(values) {
		return nil, false
	}
	return values[number-1], true
}
