package generated

import (
	"strconv"
	"strings"
)

// Variants describes the parts of a statement that its arguments choose, so that the
// text of a variant can be put together.
type Variants struct {
	Params []Param // those that choose, in the order of their placeholders
	// Segments, in the order of the text. A variant consists of those whose
	// condition its mask meets.
	Segments []Segment
	// Whole, when it is not empty, lists the only masks that were proven; others
	// run the full statement. Empty means that every mask was.
	Whole []Mask
}

// Mask names a variant by what its arguments are: each value of [Param.Values] has a
// bit, in the order of the parameters, which is set when the argument is that value.
type Mask uint64

// Param is a parameter that chooses parts of the statement by being one of some values.
type Param struct {
	Name  string // the parameter's Go name
	Param int    // its placeholder, from 1
	// Values are those that make a difference. NULL is among them when it chooses:
	// otherwise the full statement runs when the argument is NULL.
	Values []Value
	// Read tells what an argument is. known is false when it is of a type that does not
	// show it; the full statement then runs.
	Read func(arg any) (v Value, known bool)
}

// bit returns the bit of what an argument is; none for a value that is not listed. ok is
// false when the full statement must run.
func (p *Param) bit(arg any) (bit Mask, ok bool) {
	v, known := p.Read(arg)
	for i := range p.Values {
		if p.Values[i] == v {
			return 1 << i, known
		}
	}
	return 0, known && v.Kind != Null
}

// Segment is a piece of a statement's text, followed by a placeholder.
type Segment struct {
	Need   Mask // bits that must be set
	Absent Mask // bits that must not be set
	Text   string
	Param  int    // the original placeholder to write after Text; 0: none
	Type   string // written as $k::Type, or $k when it is empty
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
			if s.Type != "" {
				b.WriteString("::")
				b.WriteString(s.Type)
			}
		}
	}
	return b.String(), params
}

func (s *Segment) in(m Mask) bool { return m&s.Need == s.Need && m&s.Absent == 0 }

// params is the number of the last placeholder, also when no variant has it.
func (v *Variants) params() int {
	last := 0
	for _, p := range v.Params {
		last = max(last, p.Param)
	}
	for _, s := range v.Segments {
		last = max(last, s.Param)
	}
	return last
}

// Bits returns how many bits a mask has: one for each value of each parameter.
func (v *Variants) Bits() int {
	n := 0
	for _, p := range v.Params {
		n += len(p.Values)
	}
	return n
}
