package generated

import (
	"strconv"
	"strings"
)

// Variants describes the optional parts of a statement, so that the text without
// the parts which do not matter can be put together.
//
// A variant is named by a Mask: bit i says that the i-th filter's argument is not
// NULL; the bits after those of the filters say which literal the sort argument
// equals (none of them when it equals none).
type Variants struct {
	Filters []Filter
	Sort    *Sort // nil when nothing is sorted by an argument
	// Segments, in the order of the text. A variant consists of those whose
	// condition its mask meets.
	Segments []Segment
	// Whole, when it is not empty, lists the only masks that were proven; others
	// run the full statement. Empty means that every mask was.
	Whole []Mask
}

// Mask names a variant.
type Mask uint64

// Filter is an optional predicate: (sqlc.narg('x') IS NULL OR condition).
type Filter struct {
	Name  string // the parameter's name
	Param int    // its placeholder, from 1
	// Present reports whether the argument is not NULL. known is false when arg is of a
	// type that does not show it; the full statement then runs.
	Present func(arg any) (present, known bool)
}

// Sort is the argument that chooses the order: CASE WHEN @sort = 'literal' THEN
// key END. NULL and the empty text choose none.
type Sort struct {
	Name     string
	Param    int
	Literals []string
	// Open says that the argument is compared in other places as well, so that
	// values other than the literals may have a meaning: with such a value the
	// full statement runs. Otherwise it is an [UnknownSortError].
	Open bool
	// Value returns the argument's text; null when it is NULL. known is false when arg
	// is of a type that does not show it.
	Value func(arg any) (text string, null, known bool)
}

// Segment is a piece of a statement's text, followed by a placeholder.
type Segment struct {
	Need   Mask // bits that must be set
	Absent Mask // bits that must not be set
	Text   string
	Param  int    // the original placeholder to write after Text; 0: none
	Type   string // written as $k::Type
}

// Assemble returns the text of a variant, and the numbers of the placeholders of
// the full statement that it still has, ascending: its $k is params[k-1] of the
// full statement. It does not ask whether the variant was proven.
func (v *Variants) Assemble(m Mask) (text string, params []int) {
	number := make([]int, v.params()+1)
	for _, s := range v.Segments {
		if s.in(m) {
			number[s.Param] = 1
		}
	}
	for p := 1; p < len(number); p++ {
		if number[p] != 0 {
			params = append(params, p)
			number[p] = len(params)
		}
	}
	var b strings.Builder
	for _, s := range v.Segments {
		if !s.in(m) {
			continue
		}
		b.WriteString(s.Text)
		if s.Param != 0 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(number[s.Param]))
			b.WriteString("::")
			b.WriteString(s.Type)
		}
	}
	return b.String(), params
}

func (s *Segment) in(m Mask) bool { return m&s.Need == s.Need && m&s.Absent == 0 }

// params is the number of the last placeholder, also when no variant has it.
func (v *Variants) params() int {
	last := 0
	if v.Sort != nil {
		last = v.Sort.Param
	}
	for _, f := range v.Filters {
		last = max(last, f.Param)
	}
	for _, s := range v.Segments {
		last = max(last, s.Param)
	}
	return last
}

// Bits returns how many bits a mask has: one for each filter and each literal.
func (v *Variants) Bits() int {
	if v.Sort == nil {
		return len(v.Filters)
	}
	return len(v.Filters) + len(v.Sort.Literals)
}
