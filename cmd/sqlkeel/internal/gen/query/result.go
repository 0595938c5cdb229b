package query

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// single reports whether at most one combination of rows of FROM takes part. Each
// item has one row beside the others; an outer join adds a row without one side only
// where it has none with it.
func (f *frame) single() bool {
	return !f.from.full && !slices.ContainsFunc(f.from.items, func(n int) bool { return !f.found[n] })
}

// fixed reports whether all items are the same rows, missing ones too.
func (f *frame) fixed() bool {
	return f.single() && !slices.ContainsFunc(f.from.items, func(n int) bool { return !f.whole[n] })
}

// one reports whether the query returns at most one row of those that have the same
// in the known columns.
func (f *frame) one() bool {
	return f.steps >= 0 && (limitsToOne(f.query) || aggregates(f.query) || f.keyed(true))
}

// keyed reports whether that is so because of keys; chosen says that DISTINCT ON has
// chosen already.
func (f *frame) keyed(chosen bool) bool {
	q := f.query
	switch groups, distinct := q.List("groupClause"), q.List("distinctClause"); {
	case q.Child("setOperations") != nil:
		return f.distinctUnion()
	case len(distinct) > 0 && (chosen || !q.Yes("hasDistinctOn")) && f.allSame(distinct):
		return true
	case q.Yes("hasTargetSRFs") || len(q.List("groupingSets")) > 0:
		return false
	case len(groups) > 0 && f.allSame(groups):
		return true
	}
	return f.single()
}

// aggregates reports whether all rows become one.
func aggregates(q *tree.Node) bool {
	return (q.Yes("hasAggs") || q.Child("havingQual") != nil) && !q.Yes("hasTargetSRFs") &&
		len(q.List("groupClause"))+len(q.List("groupingSets")) == 0
}

// limitsToOne reports whether LIMIT lets one row through.
func limitsToOne(q *tree.Node) bool {
	n := q.Child("limitCount")
	if inner := tree.Uncast(n); inner != nil {
		n = inner
	}
	value, isConst := tree.Integer(n)
	return isConst && value <= 1 && q.Number("limitOption") != withTies
}

// withTies is PostgreSQL's number of FETCH … WITH TIES.
const withTies = 1

// distinctUnion reports whether all columns of a UNION, INTERSECT or EXCEPT are known,
// whose rows differ in one of them.
func (f *frame) distinctUnion() bool {
	return !f.query.Child("setOperations").Yes("all") && !slices.ContainsFunc(f.query.List("targetList"), func(t *tree.Node) bool {
		_, told := f.told[t.Number("resno")]
		return !told && !t.Yes("resjunk")
	})
}

// allSame reports whether all that GROUP BY or DISTINCT names is the same.
func (f *frame) allSame(clauses []*tree.Node) bool {
	return !slices.ContainsFunc(clauses, func(c *tree.Node) bool {
		t := Target(f.query, c)
		return t == nil || !f.same(t)
	})
}

// same reports whether a column of the result is the same in all rows.
func (f *frame) same(t *tree.Node) bool {
	if _, told := f.told[t.Number("resno")]; told {
		return true
	}
	if !f.plain() {
		return false
	}
	n := f.Bare(t.Child("expr"))
	if n.Is("CONST") || isPlaceholder(n) {
		return true
	}
	c, ok := f.column(f.query, n)
	if !ok || c.up > 0 {
		return false
	}
	is, known := f.known[c]
	return known && is.always || (known || f.whole[c.entry]) && !f.from.optional[c.entry] || f.whole[c.entry] && f.fixed()
}

// settled reports whether a subquery with one row has the same row beside all rows
// of this query: it speaks only of rows that are the same, and decides nothing anew.
func (f *frame) settled(q *tree.Node) bool {
	if f.volatile(q, map[catalog.OID]bool{}) {
		return false
	}
	of := f.surrounding(q)
	for _, c := range outside(q) {
		if of == nil || c.up > 0 || !of.whole[c.entry] || of.from.optional[c.entry] {
			return false
		}
	}
	return true
}

// outside returns the columns of queries around q of which it speaks.
func outside(q *tree.Node) []column {
	var out []column
	tree.Leveled(tree.Value{Node: q}, -1, func(n *tree.Node, depth int) {
		if up := n.Number("varlevelsup"); n.Is("VAR") && up > depth {
			out = append(out, column{n.Number("varno"), n.Number("varattno"), up - depth - 1})
		}
	})
	return out
}

// volatile reports whether what a query returns may differ from one time to the
// next within a statement. seen are views that were looked at, the one whose query it
// is among them.
func (p *Prover) volatile(q *tree.Node, seen map[catalog.OID]bool) bool {
	found := false
	tree.Value{Node: q}.Walk(func(n *tree.Node) bool {
		switch {
		case n.Is("FUNCEXPR", "OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "NULLIFEXPR"):
			function := p.cat.Functions[max(n.OID("funcid"), n.OID("opfuncid"))]
			found = found || function == nil || function.Volatility == 'v'
		case n.Is("NEXTVALUEEXPR", "TABLESAMPLECLAUSE"):
			found = true
		case n.Is("QUERY"):
			// Which rows are chosen may be open.
			found = found || n.Child("limitCount") != nil || n.Child("limitOffset") != nil || n.Yes("hasDistinctOn")
		case n.Is("RANGETBLENTRY") && !seen[n.OID("relid")] && p.isView(n.OID("relid")):
			seen[n.OID("relid")] = true
			inside := p.view(n.OID("relid"))
			found = found || inside == nil || p.volatile(inside, seen)
		}
		return !found
	})
	return found
}
