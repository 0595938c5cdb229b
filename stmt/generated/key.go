package generated

import (
	"encoding/binary"
	"math"
	"math/big"
	"time"
)

// Instant is a time as a part of a key. Two times have the same Instant only where
// PostgreSQL takes them for the same value of every type: a date and a timestamp
// without time zone are what a clock shows there, so the offset counts.
type Instant struct {
	seconds      int64 // since 1970
	microseconds int32
	offset       int32 // seconds east of UTC
}

// InstantOf is called by generated code. A part of a microsecond is cut off, as the
// driver does.
func InstantOf(t time.Time) Instant {
	_, offset := t.Zone()
	return Instant{t.Unix(), int32(t.Nanosecond() / 1000), int32(offset)}
}

// Float is a floating-point number as a part of a key: NaN equals itself, and the two
// zeros differ.
type Float uint64

// FloatOf is called by generated code.
func FloatOf[T ~float32 | ~float64](f T) Float { return Float(math.Float64bits(float64(f))) }

// The functions below are called by generated code to write a list as a part of a key.
// Each appends a value to b in such a way that no other values have the same bytes.

// AppendInt appends an integer.
func AppendInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](b []byte, n T) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// AppendBool appends a truth value.
func AppendBool[T ~bool](b []byte, v T) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendText appends a text with its length.
func AppendText[T ~string](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendBytes appends bytes with their length. nil is not empty: it is NULL.
func AppendBytes[T ~[]byte](b []byte, s T) []byte { return append(AppendLen(b, s), s...) }

// AppendInstant appends a time.
func AppendInstant(b []byte, t time.Time) []byte {
	i := InstantOf(t)
	return AppendInt(AppendInt(AppendInt(b, i.seconds), i.microseconds), i.offset)
}

// AppendLen appends the length of a list, whose elements follow. nil is not empty: it
// is NULL.
func AppendLen[T ~[]E, E any](b []byte, list T) []byte {
	if list == nil {
		return append(b, 0)
	}
	return binary.AppendUvarint(b, uint64(len(list))+1)
}

// ClonePointer is called by generated code. It returns a pointer to a copy of what p
// points to, nil for nil.
func ClonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// CloneInt is called by generated code. It returns a copy of n, nil of nil.
func CloneInt(n *big.Int) *big.Int {
	if n == nil {
		return nil
	}
	return new(big.Int).Set(n)
}
