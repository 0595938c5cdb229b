// Package rowkey compares the values by which statements pin rows. It knows the kinds of
// Go values whose equality is PostgreSQL's: integers, strings, booleans, byte slices and
// any type of 16-byte array such as a UUID's, pointers to them, pgtype's structs of them,
// and nil for NULL.
//
// All others are unknown, named strings and integers too, whose encoding may be of their
// own. What is unknown may be equal to anything.
//
// [Elements] does the same for slices of such values, and for pgtype's arrays.
package rowkey

import (
	"hash/maphash"
	"math/bits"
	"reflect"
)

// Kind is what values must have in common to be compared.
type Kind uint8

const (
	Unknown Kind = iota
	Null         // is beside every value of another known kind
	Integer
	Text // byte slices too
	Boolean
	UUID
)

// value is one of a known kind. Integers and booleans are in n.
type value struct {
	kind  Kind
	n     uint64
	text  string
	bytes []byte // a Text that came as such
	uuid  [16]byte
}

// KindOf returns the kind of a value.
func KindOf(v any) Kind { return of(v).kind }

// Hash returns a hash of a value. Values of one kind that are equal have the same.
func Hash(seed maphash.Seed, v any) (hash uint64, kind Kind) {
	switch x := of(v); x.kind {
	case Text:
		if x.bytes != nil {
			return maphash.Bytes(seed, x.bytes), Text
		}
		return maphash.String(seed, x.text), Text
	case UUID:
		return maphash.Comparable(seed, x.uuid), UUID
	default:
		// Fibonacci hashing: numbers that are near one another never meet.
		return bits.RotateLeft64(x.n*0x9e3779b97f4a7c15, 10), x.kind
	}
}

// Differ reports whether two values are known to be unequal.
func Differ(a, b any) bool {
	x, y := of(a), of(b)
	switch {
	case x.kind == Unknown || y.kind == Unknown:
		return false
	case x.kind == Null || y.kind == Null:
		return x.kind != y.kind
	}
	return x.kind == y.kind && (x.n != y.n || x.string() != y.string() || x.uuid != y.uuid)
}

// Copy returns a value that is equal to v and shares no memory with it; known is false
// when v is of no known kind.
func Copy(v any) (copied any, known bool) {
	x := of(v)
	return x.copied(), x.kind != Unknown
}

func (x *value) copied() any {
	switch x.kind {
	case Unknown, Null:
		return nil
	case Integer:
		return int64(x.n)
	case Text:
		return x.string()
	case Boolean:
		return x.n == 1
	default:
		return x.uuid
	}
}

func (x *value) string() string {
	if x.bytes != nil {
		return string(x.bytes)
	}
	return x.text
}

func of(v any) value {
	switch v := v.(type) {
	case nil:
		return value{kind: Null}
	case int64:
		return integer(v)
	case int:
		return integer(int64(v))
	case int32:
		return integer(int64(v))
	case int16:
		return integer(int64(v))
	case string:
		return value{kind: Text, text: v}
	case []byte:
		if v == nil {
			return value{kind: Null}
		}
		return value{kind: Text, bytes: v}
	case bool:
		return boolean(v)
	case [16]byte:
		return value{kind: UUID, uuid: v}
	case *int64:
		if v != nil {
			return integer(*v)
		}
	case *int32:
		if v != nil {
			return integer(int64(*v))
		}
	case *int16:
		if v != nil {
			return integer(int64(*v))
		}
	case *string:
		if v != nil {
			return value{kind: Text, text: *v}
		}
	case *bool:
		if v != nil {
			return boolean(*v)
		}
	default:
		return reflected(v)
	}
	return value{kind: Null} // a nil pointer
}

func integer(n int64) value { return value{kind: Integer, n: uint64(n)} }

func boolean(b bool) value {
	if b {
		return value{kind: Boolean, n: 1}
	}
	return value{kind: Boolean}
}

// reflected is a named array of 16 bytes, a pointer to one, or a struct of pgtype.
func reflected(v any) value {
	of := reflect.ValueOf(v)
	if of.Kind() == reflect.Pointer {
		if of.IsNil() {
			return value{kind: Null}
		}
		of = of.Elem()
	} else if of.Kind() == reflect.Struct {
		return nullable(of)
	}
	return uuid(of)
}

func uuid(of reflect.Value) value {
	if of.Kind() != reflect.Array || !of.CanConvert(reflect.TypeFor[[16]byte]()) {
		return value{}
	}
	return value{kind: UUID, uuid: of.Convert(reflect.TypeFor[[16]byte]()).Interface().([16]byte)}
}

// driverTypes is the package of the driver's types, which this package does not import.
const driverTypes = "github.com/jackc/pgx/v5/pgtype"

// nullable is one of the structs of pgtype that are a value and whether it is one.
func nullable(of reflect.Value) value {
	t := of.Type()
	if t.PkgPath() != driverTypes {
		return value{}
	}
	switch t.Name() {
	case "Int2", "Int4", "Int8", "Text", "Bool", "UUID":
	default:
		return value{}
	}
	if !of.Field(1).Bool() {
		return value{kind: Null}
	}
	switch of = of.Field(0); of.Kind() {
	case reflect.String:
		return value{kind: Text, text: of.String()}
	case reflect.Bool:
		return boolean(of.Bool())
	case reflect.Array:
		return uuid(of)
	default:
		return integer(of.Int())
	}
}
