package cache

import (
	"reflect"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/config"
)

// key is what a result is kept under.
type key[A comparable] struct {
	target uint64
	args   A
}

const remedy = "give the view a key type of its own that holds a plain value, and convert the arguments to it"

// checkKey refuses argument types whose == is not the equality that a caller has in
// mind. Their results would never be found again or, worse, be found for other
// arguments. Each such field is a problem of its own.
func checkKey(p *config.Problems, t reflect.Type, path string) {
	refuse := func(why string) { p.Unless(false, path, "is a %v, which %s: %s", t, why, remedy) }
	if t == reflect.TypeFor[time.Time]() {
		refuse("compares its location and monotonic reading too")
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !isHandle(t) {
				checkKey(p, f.Type, path+"."+f.Name)
			}
		}
	case reflect.Array:
		checkKey(p, t.Elem(), path+"[]")
	case reflect.Pointer, reflect.UnsafePointer:
		refuse("compares by address, not by value")
	case reflect.Chan:
		refuse("compares by identity")
	case reflect.Interface:
		refuse("may hold a value that does not compare, or that compares by address")
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		refuse("has a NaN, which is never found again")
	}
}

// isHandle reports whether t is a [unique.Handle], as in [netip.Addr]: it holds
// a pointer, but one that is the same for equal values.
func isHandle(t reflect.Type) bool { return t.PkgPath() == "unique" }
