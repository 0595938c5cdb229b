package stmt

import (
	"reflect"
	"slices"
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
	// Name is what the statement is called ([Name]), or what was done instead of one,
	// such as "COPY books". It is set where Anything is: what changes anything can be
	// counted by its name.
	Name string
}

// NewRun returns one execution of a statement with args. It copies the arguments that
// are row keys of writes, so that the caller may reuse args.
func NewRun(e *Effects, args []any) Run {
	r := Run{Effects: e}
	for _, k := range e.WriteKeys {
		value, known := at(args, k.Param)
		if !known {
			continue
		}
		if value, known = plain(value); !known {
			continue
		}
		if r.Args == nil {
			r.Args = make([]any, len(args))
			for i := range r.Args {
				r.Args[i] = notKnown{}
			}
		}
		r.Args[k.Param-1] = value
	}
	return r
}

// notKnown stands for the value of an argument that was not copied: it may be
// equal to any other.
type notKnown struct{}

// Affects reports whether the write may have changed what read returns. When it
// returns false, read returns the same rows before and after the write commits.
//
// A relation that the write changes counts when the read depends on it, unless
// both are pinned on one of its columns, to different values. Values are compared
// when they are of the kinds for which Go's equality is PostgreSQL's (integers,
// strings, booleans, byte slices and any type of 16-byte array such as a UUID's,
// pointers to them, and nil for NULL); others are taken for equal, named strings
// and integers too, whose encoding may be of their own.
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
		return known && differ(got, want)
	}
	if write.Rows == nil {
		return false
	}
	for _, row := range write.Rows {
		got, known := at(row, key.Result)
		if !known || !differ(got, want) {
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

// differ reports whether two values are known to be unequal.
func differ(a, b any) bool {
	x, known := plain(a)
	if !known {
		return false
	}
	y, known := plain(b)
	if !known {
		return false
	}
	if x == nil || y == nil {
		return x != y
	}
	return sameKind(x, y) && x != y
}

// sameKind reports whether two plain values can be compared.
func sameKind(x, y any) bool {
	switch x.(type) {
	case int64:
		_, ok := y.(int64)
		return ok
	case string:
		_, ok := y.(string)
		return ok
	case bool:
		_, ok := y.(bool)
		return ok
	}
	_, ok := y.([16]byte)
	return ok
}

// plain reduces a value to nil, int64, string, bool or [16]byte; known is false
// when it is of another kind.
func plain(v any) (value any, known bool) {
	switch v := v.(type) {
	case nil, int64, string, bool, [16]byte:
		return v, true
	case int:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case []byte:
		if v == nil {
			return nil, true
		}
		return string(v), true
	case *int64:
		return pointed(v)
	case *int32:
		return pointed(v)
	case *int16:
		return pointed(v)
	case *string:
		return pointed(v)
	case *bool:
		return pointed(v)
	}
	return uuid(v)
}

// uuid converts a named array of 16 bytes, or a pointer to one.
func uuid(v any) (value any, known bool) {
	of := reflect.ValueOf(v)
	if of.Kind() == reflect.Pointer {
		if of.IsNil() {
			return nil, true
		}
		of = of.Elem()
	}
	if of.Kind() != reflect.Array || !of.CanConvert(reflect.TypeFor[[16]byte]()) {
		return nil, false
	}
	return of.Convert(reflect.TypeFor[[16]byte]()).Interface(), true
}

func pointed[T any](p *T) (value any, known bool) {
	if p == nil {
		return nil, true
	}
	return plain(*p)
}
