package generated

import "strconv"

// Value is a value of a parameter by which parts of a statement are chosen. Values are
// compared with ==: two of one parameter are equal where PostgreSQL takes them for equal.
type Value struct {
	Kind Kind
	Int  int64  // a Bool's 0 or 1; an Int's value
	Text string // a String's value; a UUID's is its canonical text
}

// Kind is what a [Value] is.
type Kind uint8

const (
	Other Kind = iota // not NULL, and none of those below
	Null
	Bool
	Int
	String // a text, a value of an enum, or a UUID
	Empty  // an array without elements
)

// String returns the value as it is written in SQL.
func (v Value) String() string {
	switch v.Kind {
	case Null:
		return "NULL"
	case Bool:
		return strconv.FormatBool(v.Int == 1)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case String:
		return "'" + v.Text + "'"
	case Empty:
		return "'{}'"
	default:
		return "another value"
	}
}
