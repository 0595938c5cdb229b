package generated

// Whether an argument is NULL is decided only for Go types of which pgx's encoding
// is known: pointers to basic types, strings, time.Time, uuid.UUID and generated
// enums ([Pointer]); pointers to netip.Addr and netip.Prefix, whose zero values are
// NULL too ([ValidPointer]); slices ([Slice]); and, by functions that generated
// code contains, pgtype's and sqlc's structs with a field Valid. Everything else
// runs the full statement: an override's type may be a driver.Valuer that returns
// nil, and zeronull.Text("") is NULL without being nil.

// Pointer is the [Filter.Present] of a parameter of type *T: nil is NULL.
func Pointer[T any](arg any) (present, known bool) {
	p, known := arg.(*T)
	return p != nil, known
}

// ValidPointer is the [Filter.Present] of a parameter of type *T whose invalid
// values are NULL as well, such as *netip.Addr.
func ValidPointer[T interface{ IsValid() bool }](arg any) (present, known bool) {
	p, known := arg.(*T)
	return p != nil && (*p).IsValid(), known
}

// Slice is the [Filter.Present] of a parameter of type []T: nil is NULL, an empty
// slice is not.
func Slice[T any](arg any) (present, known bool) {
	s, known := arg.([]T)
	return s != nil, known
}

// Text is the [Sort.Value] of a parameter that is a string or a generated enum.
func Text[T ~string](arg any) (text string, null, known bool) {
	t, known := arg.(T)
	return string(t), false, known
}

// TextPointer is the [Sort.Value] of a parameter that is a pointer to a string or to
// a generated enum: nil is NULL.
func TextPointer[T ~string](arg any) (text string, null, known bool) {
	p, known := arg.(*T)
	if p == nil {
		return "", true, known
	}
	return string(*p), false, known
}
