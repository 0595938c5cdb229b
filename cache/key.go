package cache

import (
	"fmt"
	"reflect"
	"time"
)

// key is what a result is kept under.
type key[A comparable] struct {
	target uint64
	args   A
}

const remedy = "give the view a key type of its own that holds a plain value, and convert the arguments to it"

// checkKey refuses argument types whose == is not the equality that a caller
// has in mind, so that their results would never be found again or, worse, be
// found for other arguments. It returns an error for each such field.
func checkKey(t reflect.Type, path string) []*ConfigError {
	if t == reflect.TypeFor[time.Time]() {
		return refuseKey(path, t, "compares its location and monotonic reading too")
	}
	switch t.Kind() {
	case reflect.Struct:
		if isHandle(t) {
			return nil
		}
		var bad []*ConfigError
		for i := range t.NumField() {
			f := t.Field(i)
			bad = append(bad, checkKey(f.Type, path+"."+f.Name)...)
		}
		return bad
	case reflect.Array:
		return checkKey(t.Elem(), path+"[]")
	case reflect.Pointer, reflect.UnsafePointer:
		return refuseKey(path, t, "compares by address, not by value")
	case reflect.Chan:
		return refuseKey(path, t, "compares by identity")
	case reflect.Interface:
		return refuseKey(path, t, "may hold a value that does not compare, or that compares by address")
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return refuseKey(path, t, "has a NaN, which is never found again")
	}
	return nil
}

// isHandle reports whether t is a [unique.Handle], as in [netip.Addr]: it holds
// a pointer, but one that is the same for equal values.
func isHandle(t reflect.Type) bool { return t.PkgPath() == "unique" }

func refuseKey(path string, t reflect.Type, why string) []*ConfigError {
	return []*ConfigError{{Field: path, Reason: fmt.Sprintf("is a %v, which %s: %s", t, why, remedy)}}
}
