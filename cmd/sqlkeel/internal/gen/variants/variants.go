// Package variants finds the parts of a statement that its arguments choose, cuts its
// text at them and proves every variant.
//
// A parameter chooses by tests whose answer is known from the argument alone: whether it
// is NULL, a boolean, equal to a constant, an array without elements. Where such tests
// are joined by AND, OR, NOT and CASE, in a condition or in ORDER BY, what the arguments
// decide is cut out: (sqlc.narg('x') IS NULL OR condition) is condition, or nothing.
//
// The text is cut by its tokens alone, and what looks like a test is taken for one. It is
// PostgreSQL that decides: the analysed tree of each variant has to be that of the full
// statement with nothing folded but what the arguments decide (package fold), and when
// it is prepared its parameters and columns have to have the same types. A combination
// that was not proven runs the full statement.
package variants

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Plan is what may be cut out of one statement.
type Plan struct {
	Statement *project.Statement
	Params    []Param // those that choose

	segments []generated.Segment
	masks    []generated.Mask // that are proven
	partly   bool             // masks are not all there are
	choosers []*chooser
	// uncut says that a CASE in ORDER BY keeps all its arms: their types make up its own.
	uncut bool
}

// Param is a parameter that chooses.
type Param struct {
	Name   string // the parameter's Go name
	Param  int    // its placeholder, from 1
	GoType string // as the generated file spells it
	// Read is the Go expression for [generated.Param.Read]. It mentions the package
	// generated and GoType's.
	Read   string
	Values []generated.Value
	Sorts  bool // it is used to choose the order alone

	place int // a token where it chooses
}

// Stmt returns the variants as the run time knows them, without the functions that
// read arguments.
func (p *Plan) Stmt() *generated.Variants {
	v := &generated.Variants{Segments: p.segments}
	for _, c := range p.Params {
		v.Params = append(v.Params, generated.Param{Name: c.Name, Param: c.Param, Values: c.Values})
	}
	if p.partly {
		v.Whole = p.masks
	}
	return v
}

// Masks returns the variants that are proven.
func (p *Plan) Masks() []generated.Mask { return p.masks }

// chooser is a parameter of a plan.
type chooser struct {
	*Param
	bit  generated.Mask // that of its first value
	kind kind
}

// states returns what the parameter may be: the bit of each value, and 0 for any other
// one, which there is none of for a boolean.
func (c *chooser) states() (bits []generated.Mask) {
	for i := range c.Values {
		bits = append(bits, c.bit<<i)
	}
	if c.kind == boolean && len(c.Values) > 1 {
		return bits
	}
	return append(bits, 0)
}

// chooser returns the parameter with a placeholder's number, or nil when it does not
// choose.
func (p *Plan) chooser(number int) *chooser {
	for _, c := range p.choosers {
		if c.Param.Param == number {
			return c
		}
	}
	return nil
}
