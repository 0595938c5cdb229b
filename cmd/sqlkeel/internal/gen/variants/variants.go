// Package variants finds the optional parts of a statement, cuts its text at them
// and proves every variant by preparing it.
//
// Two kinds of parts are optional. A filter, (sqlc.narg('x') IS NULL OR cond), is TRUE
// when its argument is NULL and cond when it is not; a key of ORDER BY, CASE WHEN
// @sort = 'literal' THEN key END, is a constant unless the literal was asked for. [Find]
// decides which of them may be cut: what it cuts returns the same rows in the same
// order as far as ORDER BY says, and where that depends on more than the order
// tells (LIMIT, DISTINCT ON, row_number()) the order has to be total. What looks
// optional and stays is reported with the reason.
//
// [Plan.Prove] builds every variant with the function that builds it at run time. It
// compares the variant's tree with the one that is meant, and PostgreSQL prepares it:
// parameters and result columns must have the types of the full statement.
package variants

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// Plan is what may be cut out of one statement.
type Plan struct {
	Statement *project.Statement
	Filters   []Filter
	Sort      *Sort // nil when nothing is sorted by an argument

	segments []generated.Segment
	masks    []generated.Mask // to be proven
	partly   bool             // masks are not all there are
	source   *source
	groups   []*group
	items    []*item
}

// Filter is a parameter whose NULL cuts predicates.
type Filter struct {
	Name   string // the parameter's Go name
	Param  int    // its placeholder, from 1
	GoType string // as the generated file spells it
	// Present is the Go expression for [generated.Filter.Present]. It mentions the
	// package stmt and GoType's.
	Present string
}

// Sort is the parameter that chooses the order.
type Sort struct {
	Name     string
	Param    int
	GoType   string
	Literals []string // in the order of the text
	Open     bool     // see [generated.Sort.Open]
	// Value is the Go expression for [generated.Sort.Value].
	Value string
}

// Stmt returns the variants as the run time knows them, without the functions that
// read arguments.
func (p *Plan) Stmt() *generated.Variants {
	v := &generated.Variants{Segments: p.segments}
	for _, f := range p.Filters {
		v.Filters = append(v.Filters, generated.Filter{Name: f.Name, Param: f.Param})
	}
	if p.Sort != nil {
		v.Sort = &generated.Sort{Name: p.Sort.Name, Param: p.Sort.Param, Literals: p.Sort.Literals, Open: p.Sort.Open}
	}
	if p.partly {
		v.Whole = p.masks
	}
	return v
}

// Masks returns the variants that [Plan.Prove] proves.
func (p *Plan) Masks() []generated.Mask { return p.masks }
