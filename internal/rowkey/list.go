package rowkey

import (
	"reflect"
	"strings"
)

// MaxElements is how many elements of an array are looked at.
const MaxElements = 256

// List is values of one known kind, none of them NULL. It shares no memory with what it
// was made of.
type List []any

// Elements returns the elements of a slice, or of an array of pgtype. Those that are NULL
// are left out, as they equal nothing, and NULL has none at all. known is false for a type
// that may have an encoding of its own, for elements that are unknown or of several kinds,
// and for more than [MaxElements]. A List is returned as it is.
func Elements(v any) (list List, known bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case List:
		return v, true
	case []int64:
		return copies(len(v), func(i int) any { return v[i] })
	case []int32:
		return copies(len(v), func(i int) any { return v[i] })
	case []string:
		return copies(len(v), func(i int) any { return v[i] })
	}
	of := reflect.ValueOf(v)
	if t := of.Type(); t.PkgPath() == driverTypes && strings.HasPrefix(t.Name(), "Array[") {
		if !of.FieldByName("Valid").Bool() {
			return nil, true
		}
		of = of.FieldByName("Elements")
	} else if t.Name() != "" && !(t.PkgPath() == driverTypes && strings.HasPrefix(t.Name(), "FlatArray[")) {
		return nil, false
	}
	if of.Kind() != reflect.Slice || of.Type().Elem().Kind() == reflect.Uint8 { // bytes are a text
		return nil, false
	}
	return copies(of.Len(), func(i int) any { return of.Index(i).Interface() })
}

// copies returns those of n elements that are not NULL.
func copies(n int, at func(i int) any) (list List, known bool) {
	if n > MaxElements {
		return nil, false
	}
	list, kind := make(List, 0, n), Null
	for i := range n {
		x := of(at(i))
		switch {
		case x.kind == Null:
			continue
		case x.kind == Unknown || kind != Null && x.kind != kind:
			return nil, false
		}
		kind, list = x.kind, append(list, x.copied())
	}
	return list, true
}
