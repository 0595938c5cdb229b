package query

import (
	"maps"
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Param is a placeholder by its number. Each says that it is an array, of which one element
// is meant.
type Param struct {
	Number int
	Each   bool
}

// Params is a set of placeholders.
type Params map[Param]bool

// Pins holds for columns the placeholders to which they are pinned: rows in which
// they differ from one of those, or from all its elements, cannot change the result. Where
// the column is in the result it is equal to them, or NULL.
type Pins struct {
	*Prover
	query *tree.Node
	of    pinned
}

type pinned map[column]Params

// Pins returns what the columns of a query are pinned to: by its own conditions, and
// by what its subqueries return.
func (p *Prover) Pins(q *tree.Node) Pins {
	return p.pins(q, nil, nil, 0)
}

// Of returns what is pinned of one entry of the range table, by the column's number.
func (p Pins) Of(entry int) map[int]Params {
	out := map[int]Params{}
	for c, set := range p.of {
		if c.entry == entry && c.up == 0 {
			out[c.number] = set
		}
	}
	return out
}

// Held returns the placeholders whose value an expression of the query has.
func (p Pins) Held(n *tree.Node) Params {
	n = p.Bare(n)
	if isPlaceholder(n) {
		return Params{{Number: n.Number("paramid")}: true}
	}
	if list := p.unnested(n); list > 0 {
		return Params{{list, true}: true}
	}
	if c, ok := p.column(p.query, n); ok && c.up == 0 {
		return p.of[c]
	}
	return nil
}

func (p pinned) add(c column, more Params) (grown bool) {
	for n := range more {
		if n.Number == 0 || p[c][n] {
			continue
		}
		if p[c] == nil {
			p[c] = Params{}
		}
		p[c][n], grown = true, true
	}
	return grown
}

// inside returns the same as a query one level down sees it.
func (p pinned) inside() pinned {
	out := pinned{}
	for c, set := range p {
		c.up++
		out[c] = set
	}
	return out
}

// pins works out a query's, given what is pinned of the queries around it, and to
// what its output columns are pinned from outside. depth says from how far inside
// pins are fetched already.
func (p *Prover) pins(q *tree.Node, around pinned, outside map[int]Params, depth int) Pins {
	out := Pins{p, q, pinned{}}
	maps.Copy(out.of, around)
	for _, t := range q.List("targetList") {
		c, ok := p.column(q, t.Child("expr"))
		if set := outside[t.Number("resno")]; len(set) > 0 && ok && c.up == 0 && passes(q, t) {
			out.of.add(c, set)
		}
	}
	for i, entry := range q.List("rtable") {
		if entry.Number("rtekind") == tree.Relation {
			continue // no view has placeholders
		}
		out.elements(i+1, entry)
		for number, set := range p.returns(p.source(q, i+1), depth+1) {
			out.of.add(column{i + 1, number, 0}, set)
		}
	}
	f := fromOf(q)
	out.members(f)
	out.spread(p.equations(q, f), depth)
	return out
}

// spread pins columns by equations. A column that equals a pinned column is pinned
// too.
func (p Pins) spread(equations []equation, depth int) {
	for grown := true; grown; {
		grown = false
		for _, e := range equations {
			if !e.same || !e.scope[e.left.entry] {
				continue
			}
			to := Params{{Number: e.param}: true}
			switch {
			case e.inner != nil:
				to = p.returns(e.inner, depth+1)[e.output]
			case e.right.entry != 0:
				to = maps.Clone(p.of[e.right])
			}
			grown = p.of.add(e.left, to) || grown
		}
	}
}

// maxDepth bounds from how far inside a pin is fetched.
const maxDepth = 3

// returns tells what the columns are pinned to that a subquery or WITH query returns.
func (p *Prover) returns(q *tree.Node, depth int) map[int]Params {
	if q == nil || depth > maxDepth || q.Child("setOperations") != nil {
		return nil
	}
	pins, out := p.pins(q, nil, nil, depth), map[int]Params{}
	for _, t := range q.List("targetList") {
		if set := pins.Held(t.Child("expr")); len(set) > 0 && !t.Yes("resjunk") {
			out[t.Number("resno")] = set
		}
	}
	return out
}

// passes reports whether keeping only the rows with one value of an output column
// is the same before and after the query did its work: rows with other values must
// never meet them in a group, a window or a choice.
func passes(q, target *tree.Node) bool {
	if q.Child("limitCount") != nil || q.Child("limitOffset") != nil || q.Yes("hasTargetSRFs") ||
		q.Child("setOperations") != nil || len(q.List("groupingSets")) > 0 {
		return false
	}
	ref := target.Number("ressortgroupref")
	within := func(clauses []*tree.Node) bool {
		return ref > 0 && slices.ContainsFunc(clauses, func(g *tree.Node) bool { return g.Number("tleSortGroupRef") == ref })
	}
	if q.Yes("hasDistinctOn") && !within(q.List("distinctClause")) {
		return false
	}
	if slices.ContainsFunc(q.List("windowClause"), func(w *tree.Node) bool { return !within(w.List("partitionClause")) }) {
		return false
	}
	groups := q.List("groupClause")
	if len(groups) == 0 {
		return !q.Yes("hasAggs") && q.Child("havingQual") == nil
	}
	return within(groups)
}

// References calls visit for each reference to a table in a SELECT, also in subqueries
// and views. It passes the numbers of the placeholders to which columns are pinned. A
// table that was met where nothing is known comes with nil.
//
// A condition of a query's own FROM and WHERE holds wherever that query stands:
// what it returns depends only on the rows so pinned. Beyond that a pin goes down
// into a subquery, view or WITH query when filtering what it returns is the same
// as filtering what it reads; and up, because what a subquery returns is pinned.
func (p *Prover) References(q *tree.Node, visit func(table catalog.OID, pins map[int]Params)) {
	p.steps = maxSteps
	r := &references{Prover: p, visit: visit}
	r.query(q, 0, nil, nil, 0)
}
