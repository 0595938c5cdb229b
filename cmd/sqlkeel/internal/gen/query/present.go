package query

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// NotNull reports whether an expression of a query's target list is never NULL. It
// looks for columns that are NOT NULL, or that a condition asks to be.
func (p *Prover) NotNull(q, n *tree.Node) bool {
	p.steps = maxSteps
	return p.notNull(q, n, 0)
}

func (p *Prover) notNull(q, n *tree.Node, depth int) bool {
	if n = p.Bare(n); n.Is("CONST") {
		return !n.Yes("constisnull")
	}
	c, ok := p.column(q, n)
	if !ok || c.up > 0 || depth > maxNesting || len(q.List("groupingSets")) > 0 {
		return false
	}
	f := fromOf(q)
	if p.asked(q, f, c, len(f.items)) {
		return true
	}
	return !f.optional[c.entry] && p.present(q, f, c, depth)
}

// present reports whether a column is not NULL where its row is there.
func (p *Prover) present(q *tree.Node, f *from, c column, depth int) bool {
	if p.asked(q, f, c, 0) {
		return true
	}
	if sub := p.source(q, c.entry); sub != nil {
		return p.outputPresent(sub, c.number, depth+1)
	}
	r := p.bound(q.List("rtable")[c.entry-1])
	return r != nil && r.Numbered(c.number) != nil && r.Numbered(c.number).NotNull
}

// asked reports whether a condition that binds so many items at least is that the
// column IS NOT NULL.
func (p *Prover) asked(q *tree.Node, f *from, c column, items int) bool {
	const isNotNull = 1
	return slices.ContainsFunc(f.conditions, func(cond condition) bool {
		if !cond.expr.Is("NULLTEST") || cond.expr.Number("nulltesttype") != isNotNull || !cond.scope[c.entry] || len(cond.scope) < items {
			return false
		}
		of, ok := p.column(q, cond.expr.Child("arg"))
		return ok && of == c
	})
}

// outputPresent reports whether a column that a query returns is never NULL. Of a
// UNION and its kin all parts count.
func (p *Prover) outputPresent(q *tree.Node, number, depth int) bool {
	if p.steps--; p.steps < 0 {
		return false
	}
	if whole := q.Child("setOperations"); whole != nil {
		ok := true
		tree.Value{Node: whole}.Walk(func(n *tree.Node) bool {
			if n.Is("RANGETBLREF") {
				part := p.source(q, n.Number("rtindex"))
				ok = ok && part != nil && p.outputPresent(part, number, depth+1)
			}
			return ok
		})
		return ok
	}
	t := output(q, number)
	return t != nil && p.notNull(q, t.Child("expr"), depth)
}

// output returns the entry of the target list for a column of the result.
func output(q *tree.Node, number int) *tree.Node {
	for _, t := range q.List("targetList") {
		if t.Number("resno") == number && !t.Yes("resjunk") {
			return t
		}
	}
	return nil
}
