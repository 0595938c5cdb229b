package query

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// references goes through all queries of a SELECT.
type references struct {
	*Prover
	visit func(table catalog.OID, pins map[int]Params)
}

// query visits what a query refers to, given what is pinned around it, and to what
// its output columns are pinned from outside. view is the view whose query it is.
func (r *references) query(q *tree.Node, view catalog.OID, around pinned, outside map[int]Params, depth int) {
	if r.steps--; r.steps < 0 || depth > maxNesting || q.Number("commandType") != tree.Select {
		r.blindly(q, map[catalog.OID]bool{view: true})
		return
	}
	pins := r.pins(q, around, outside, 0)
	ctes := map[string]map[int]Params{}
	for i, entry := range q.List("rtable") {
		switch entry.Number("rtekind") {
		case tree.Relation:
			// A view's query lists the view itself, as OLD and NEW.
			if view == 0 || entry.OID("relid") != view {
				r.relation(q, i+1, pins, depth)
			}
		case tree.Subquery:
			r.query(entry.Child("subquery"), 0, pins.of.inside(), r.through(q, i+1, outside, pins), depth+1)
		case tree.CTE:
			if entry.Number("ctelevelsup") == 0 {
				ctes[entry.Atom("ctename")] = pins.Of(i + 1)
			}
		}
	}
	for _, cte := range q.List("cteList") {
		var down map[int]Params
		if cte.Number("cterefcount") == 1 && !cte.Yes("cterecursive") {
			down = ctes[cte.Atom("ctename")]
		}
		r.query(cte.Child("ctequery"), 0, pins.of.inside(), down, depth+1)
	}
	for _, sub := range subLinks(q) {
		r.query(sub, 0, pins.of.inside(), nil, depth+1)
	}
}

// relation visits a table, or goes into a view.
func (r *references) relation(q *tree.Node, number int, pins Pins, depth int) {
	entry := q.List("rtable")[number-1]
	oid := entry.OID("relid")
	switch {
	case r.isView(oid):
		if inside := r.view(oid); inside != nil {
			r.query(inside, oid, nil, pins.Of(number), depth+1)
		}
	case entry.Child("tablesample") != nil || !tree.InFrom(q, number):
		r.visit(oid, nil)
	default:
		r.visit(oid, pins.Of(number))
	}
}

// blindly visits all that a query refers to, as pinned by nothing.
func (r *references) blindly(q *tree.Node, seen map[catalog.OID]bool) {
	tree.Value{Node: q}.Walk(func(n *tree.Node) bool {
		oid := n.OID("relid")
		if !n.Is("RANGETBLENTRY") || oid == 0 || seen[oid] {
			return true
		}
		if seen[oid] = true; !r.isView(oid) {
			r.visit(oid, nil)
		} else if inside := r.view(oid); inside != nil {
			r.blindly(inside, seen)
		}
		return true
	})
}

// subLinks returns the subqueries in a query's expressions.
func subLinks(q *tree.Node) []*tree.Node {
	var out []*tree.Node
	visit := func(n *tree.Node) bool {
		if n.Is("QUERY") && n != q {
			out = append(out, n)
		}
		return n == q || !n.Is("QUERY")
	}
	for _, f := range q.Fields {
		for _, v := range f.Values {
			switch f.Name {
			case "cteList":
			case "rtable":
				for _, entry := range v.List {
					if entry.Node.Number("rtekind") != tree.Subquery {
						entry.Walk(visit)
					}
				}
			default:
				v.Walk(visit)
			}
		}
	}
	return out
}

// through returns what is pinned of a subquery: in a UNION and its kin, what is
// pinned of the whole.
func (r *references) through(q *tree.Node, number int, outside map[int]Params, pins Pins) map[int]Params {
	whole := q.Child("setOperations")
	if whole == nil {
		return pins.Of(number)
	}
	if q.Child("limitCount") != nil || q.Child("limitOffset") != nil || tree.InFrom(q, number) {
		return nil
	}
	out, types := map[int]Params{}, whole.Numbers("colTypes")
	for _, t := range q.List("rtable")[number-1].Child("subquery").List("targetList") {
		n := t.Number("resno")
		typ, known := r.cat.ExprType(t.Child("expr"))
		if known && n >= 1 && n <= len(types) && Family(typ) != 0 && Family(typ) == Family(catalog.OID(types[n-1])) {
			out[n] = outside[n]
		}
	}
	return out
}
