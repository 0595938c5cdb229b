package stmt

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/rowkey"
)

// Run is one execution of a statement.
type Run struct {
	*Effects
	// Args are the values of the placeholders: Args[0] is that of $1. Of a write that an
	// Invalidator gets, they are copies of its keys, lists without their NULLs, and no more.
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
// returns false, what read returned before the write is what it may return after. An
// order that ORDER BY leaves open may be another, and so may what is chosen by it:
// PostgreSQL promises none.
//
// A relation that the write changes counts when the read depends on it, with two
// exceptions. The write may set columns alone on which the read does not depend. Or both
// are pinned on one of its columns, to different values. Values are compared
// when they are of the kinds for which Go's equality is PostgreSQL's (integers,
// strings, booleans, byte slices and any type of 16-byte array such as a UUID's,
// pointers to them, pgtype's structs of them, slices of these for keys with Each, and
// nil for NULL); others are taken for equal, named strings and integers too, whose
// encoding may be of their own.
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

// misses reports whether all that the write changed in relation lies beside what the
// read depends on.
func (write Run) misses(read Run, relation string) bool {
	if disjoint(write.SetColumns, read.ReadColumns, relation) || read.none(relation) {
		return true
	}
	for _, r := range read.ReadKeys {
		for _, w := range write.WriteKeys {
			if r.Relation != relation || w.Relation != relation || r.Column != w.Column {
				continue
			}
			if want, known := values(read.Args, r); known && write.beside(w, want) {
				return true
			}
		}
	}
	return false
}

// disjoint reports whether the columns of a relation that change are known, those that are
// read too, and none is both. Rows that come or go must not matter.
func disjoint(set, read []Columns, relation string) bool {
	of := func(c Columns) bool { return c.Relation == relation }
	i, j := slices.IndexFunc(set, of), slices.IndexFunc(read, of)
	if i < 0 || j < 0 || set[i].Rows && !read[j].Rows {
		return false
	}
	return !slices.ContainsFunc(set[i].Names, func(name string) bool { return slices.Contains(read[j].Names, name) })
}

// none reports whether the read depends on no row, as it is pinned by an array without
// elements. A write may well have such a key: rows that it inserts have NULL there.
func (read Run) none(relation string) bool {
	return slices.ContainsFunc(read.ReadKeys, func(k RowKey) bool {
		list, known := values(read.Args, k)
		return k.Relation == relation && known && len(list) == 0
	})
}

// beside reports whether no row that the write changed has one of the values want in the
// key's column.
func (write Run) beside(key RowKey, want []any) bool {
	if key.Result == 0 {
		got, known := values(write.Args, key)
		return known && differ(got, want)
	}
	if write.Rows == nil {
		return false
	}
	for _, row := range write.Rows {
		got, known := at(row, key.Result)
		if !known || !differ([]any{got}, want) {
			return false
		}
	}
	return true
}

// values are those that a key's column may have, given the arguments.
func values(args []any, key RowKey) (list rowkey.List, known bool) {
	value, known := at(args, key.Param)
	if known && key.Each {
		return rowkey.Elements(value)
	}
	return rowkey.List{value}, known
}

// differ reports whether no value of one list may be equal to one of the other.
func differ(some, others []any) bool {
	return !slices.ContainsFunc(some, func(a any) bool {
		return slices.ContainsFunc(others, func(b any) bool { return !rowkey.Differ(a, b) })
	})
}

// at returns the value with the given number, counted from 1.
func at(values []any, number int) (value any, known bool) {
	if number < 1 || number > len(values) {
		return nil, false
	}
	return values[number-1], true
}
