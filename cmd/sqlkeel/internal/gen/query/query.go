// Package query proves what conditions and unique keys say about the rows of a
// query: that at most one can be returned ([Prover.Single]), that an order has no
// ties ([Prover.Ties]), and which placeholders a column is equal to ([Prover.Pins]).
//
// It reads PostgreSQL's analysed tree, in which every name is resolved, and follows
// subqueries, WITH queries and views. An answer errs in one direction: what is not
// proven is not claimed.
package query

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// maxNesting and maxSteps bound how far queries are followed, for each question.
// Beyond that nothing is proven.
const (
	maxNesting = 40
	maxSteps   = 2000
)

// Prover answers questions about one statement. It is not safe for concurrent use.
type Prover struct {
	cat    *catalog.Catalog
	around map[*tree.Node]*tree.Node // the query in which a query stands
	views  map[catalog.OID]*tree.Node
	steps  int // that remain
}

// New returns a prover for a statement's analysed tree.
func New(cat *catalog.Catalog, statement *tree.Node) *Prover {
	p := &Prover{cat: cat, around: map[*tree.Node]*tree.Node{}, views: map[catalog.OID]*tree.Node{}}
	p.enclose(statement)
	return p
}

// enclose notes in which query each query under q stands.
func (p *Prover) enclose(q *tree.Node) {
	tree.Value{Node: q}.Walk(func(n *tree.Node) bool {
		if n == q || !n.Is("QUERY") {
			return true
		}
		p.around[n] = q
		p.enclose(n)
		return false
	})
}

// view returns a view's query, nil when it was not understood.
func (p *Prover) view(oid catalog.OID) *tree.Node {
	q, known := p.views[oid]
	if !known {
		if q = p.cat.ViewQuery(oid); q != nil {
			p.enclose(q)
		}
		p.views[oid] = q
	}
	return q
}

// isView reports whether a relation is a view, whose rows are those of its query.
func (p *Prover) isView(oid catalog.OID) bool {
	r := p.cat.Relations[oid]
	return r != nil && r.Kind == 'v'
}

// source returns the query whose rows an entry of q's range table has: a subquery,
// a view's or a WITH query's. It is nil for other entries, for recursive queries and
// for those that change data.
func (p *Prover) source(q *tree.Node, number int) *tree.Node {
	var sub *tree.Node
	switch entry := q.List("rtable")[number-1]; entry.Number("rtekind") {
	case tree.Relation:
		if oid := entry.OID("relid"); p.isView(oid) {
			sub = p.view(oid)
		}
	case tree.Subquery:
		sub = entry.Child("subquery")
	case tree.CTE:
		if with := p.with(q, entry); with != nil && !with.Yes("cterecursive") {
			sub = with.Child("ctequery")
		}
	}
	if sub.Number("commandType") != tree.Select {
		return nil
	}
	return sub
}

// with returns the WITH query that an entry of q's range table names.
func (p *Prover) with(q, entry *tree.Node) *tree.Node {
	if entry.Yes("self_reference") {
		return nil
	}
	owner := p.outer(q, entry.Number("ctelevelsup"))
	list := owner.List("cteList")
	i := slices.IndexFunc(list, func(c *tree.Node) bool { return c.Atom("ctename") == entry.Atom("ctename") })
	if i < 0 {
		return nil
	}
	return list[i]
}

// outer returns the query so many levels around q, nil when there is none.
func (p *Prover) outer(q *tree.Node, levels int) *tree.Node {
	for ; levels > 0 && q != nil; levels-- {
		q = p.around[q]
	}
	return q
}

// Target returns the entry of the target list that ORDER BY, GROUP BY or DISTINCT
// means.
func Target(q, clause *tree.Node) *tree.Node {
	ref := clause.Number("tleSortGroupRef")
	for _, t := range q.List("targetList") {
		if ref > 0 && t.Number("ressortgroupref") == ref {
			return t
		}
	}
	return nil
}
