package query

import (
	"maps"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// PostgreSQL's numbers for kinds of joins and subqueries in expressions.
const (
	joinInner = 0
	joinLeft  = 1
	joinRight = 3

	linkAny  = 2
	linkExpr = 4
)

// from is what FROM, WHERE and HAVING of one query say.
type from struct {
	items      []int // of the range table, in order, without joins
	conditions []condition
	// optional are the items on a side of an outer join that may be missing.
	optional map[int]bool
	// full says that a join keeps the rows of both sides.
	full bool
}

// condition is one that joins or rows must meet. It restricts the items in scope:
// their rows that fail it cannot change the result. In WHERE those are all; in the
// ON of an inner join both sides; in that of an outer join the side that may be
// missing, because the other's rows are kept anyway.
type condition struct {
	expr  *tree.Node
	scope map[int]bool
	// in is the subquery of an IN whose columns the condition compares.
	in *tree.Node
}

func fromOf(q *tree.Node) *from {
	f := &from{optional: map[int]bool{}}
	all := f.item(q.Child("jointree"))
	if len(q.List("groupingSets")) == 0 {
		// What HAVING compares outside of aggregates is the same in all of a group.
		f.split(q.Child("havingQual"), all, nil)
	}
	return f
}

// item reads a part of FROM and returns the items in it.
func (f *from) item(n *tree.Node) map[int]bool {
	under := map[int]bool{}
	switch {
	case n.Is("RANGETBLREF"):
		number := n.Number("rtindex")
		f.items = append(f.items, number)
		under[number] = true
	case n.Is("FROMEXPR"):
		for _, item := range n.List("fromlist") {
			maps.Copy(under, f.item(item))
		}
		f.split(n.Child("quals"), under, nil)
	case n.Is("JOINEXPR"):
		left, right := f.item(n.Child("larg")), f.item(n.Child("rarg"))
		maps.Copy(under, left)
		maps.Copy(under, right)
		f.split(n.Child("quals"), f.join(n.Number("jointype"), left, right, under), nil)
	default:
		f.full = true
	}
	return under
}

// join returns the scope of a join's condition.
func (f *from) join(kind int, left, right, both map[int]bool) map[int]bool {
	switch kind {
	case joinInner:
		return both
	case joinLeft:
		maps.Copy(f.optional, right)
		return right
	case joinRight:
		maps.Copy(f.optional, left)
		return left
	}
	maps.Copy(f.optional, both)
	f.full = true
	return nil
}

// split parts an expression at its ANDs. An IN is what it compares with its subquery.
func (f *from) split(n *tree.Node, scope map[int]bool, in *tree.Node) {
	switch {
	case n.Is("BOOLEXPR") && n.Atom("boolop") == "and":
		for _, arg := range n.List("args") {
			f.split(arg, scope, in)
		}
	case n.Is("SUBLINK") && n.Number("subLinkType") == linkAny && in == nil:
		f.split(n.Child("testexpr"), scope, n.Child("subselect"))
	case n != nil:
		f.conditions = append(f.conditions, condition{n, scope, in})
	}
}
