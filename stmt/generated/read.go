package generated

// What an argument is, is read only for Go types of which pgx's encoding is known:
// pointers to basic types, strings, time.Time, uuid.UUID and generated enums; pointers
// to netip.Addr and netip.Prefix, whose zero values are NULL too ([ValidPointer]);
// slices; and, by functions that generated code contains, pgtype's and sqlc's structs
// with a field Valid. Everything else runs the full statement: an override's type may
// be a driver.Valuer that returns nil, and zeronull.Text("") is NULL without being nil.

// Pointer is the [Param.Read] of a parameter of type *T of which only NULL matters: it
// is nil.
func Pointer[T any](arg any) (v Value, known bool) {
	p, known := arg.(*T)
	return Present(p != nil), known
}

// ValidPointer is the [Param.Read] of a parameter of type *T whose invalid values are
// NULL as well, such as *netip.Addr.
func ValidPointer[T interface{ IsValid() bool }](arg any) (v Value, known bool) {
	p, known := arg.(*T)
	return Present(p != nil && (*p).IsValid()), known
}

// Slice is the [Param.Read] of a parameter of type []T: nil is NULL, and a slice
// without elements is not.
func Slice[T any](arg any) (v Value, known bool) {
	s, known := arg.([]T)
	if s != nil && len(s) == 0 {
		return Value{Kind: Empty}, known
	}
	return Present(s != nil), known
}

// Text is the [Param.Read] of a parameter that is a string or a generated enum.
func Text[T ~string](arg any) (v Value, known bool) {
	t, known := arg.(T)
	return Value{Kind: String, Text: string(t)}, known
}

// TextPointer is the [Param.Read] of a parameter that is a pointer to a string or to a
// generated enum.
func TextPointer[T ~string](arg any) (v Value, known bool) {
	p, known := arg.(*T)
	if p == nil {
		return Value{Kind: Null}, known
	}
	return Value{Kind: String, Text: string(*p)}, known
}

// Integer is the [Param.Read] of a parameter that is an integer.
func Integer[T int16 | int32 | int64](arg any) (v Value, known bool) {
	n, known := arg.(T)
	return Value{Kind: Int, Int: int64(n)}, known
}

// IntegerPointer is the [Param.Read] of a parameter that is a pointer to an integer.
func IntegerPointer[T int16 | int32 | int64](arg any) (v Value, known bool) {
	p, known := arg.(*T)
	if p == nil {
		return Value{Kind: Null}, known
	}
	return Value{Kind: Int, Int: int64(*p)}, known
}

// Boolean is the [Param.Read] of a parameter of type bool.
func Boolean(arg any) (v Value, known bool) {
	b, known := arg.(bool)
	return Truth(b, true), known
}

// BooleanPointer is the [Param.Read] of a parameter of type *bool.
func BooleanPointer(arg any) (v Value, known bool) {
	p, known := arg.(*bool)
	return Truth(p != nil && *p, p != nil), known
}

// Dynamic returns the [Param.Read] of a parameter of type any whose values are of a kind:
// what is in it is known when it is nil or of one of the types of that kind. Of the kind
// [Other] are the basic types, of which only NULL matters.
func Dynamic(kind Kind) func(arg any) (v Value, known bool) {
	return func(arg any) (v Value, known bool) {
		switch a := arg.(type) {
		case nil:
			return Value{Kind: Null}, true
		case string:
			v = Value{Kind: String, Text: a}
		case bool:
			v = Truth(a, true)
		case int16:
			v = Number(int64(a), true)
		case int32:
			v = Number(int64(a), true)
		case int64:
			v = Number(a, true)
		default:
			return v, false
		}
		if kind == Other {
			return Value{}, true
		}
		return v, v.Kind == kind
	}
}

// Present is the value of an argument that is NULL or some other value.
func Present(valid bool) Value {
	if valid {
		return Value{}
	}
	return Value{Kind: Null}
}

// Truth is the value of a boolean, NULL when it is not valid.
func Truth(b, valid bool) Value {
	switch {
	case !valid:
		return Value{Kind: Null}
	case b:
		return Value{Kind: Bool, Int: 1}
	}
	return Value{Kind: Bool}
}

// Number is the value of an integer, NULL when it is not valid.
func Number(n int64, valid bool) Value {
	if !valid {
		return Value{Kind: Null}
	}
	return Value{Kind: Int, Int: n}
}

// Words is the value of a text, NULL when it is not valid.
func Words(text string, valid bool) Value {
	if !valid {
		return Value{Kind: Null}
	}
	return Value{Kind: String, Text: text}
}
