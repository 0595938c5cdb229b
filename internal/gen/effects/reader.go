package effects

import (
	"maps"
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// reader goes through all queries of a SELECT and keeps, for each relation, the
// keys that every reference to it has.
//
// A condition of a query's own FROM and WHERE holds wherever that query stands:
// what it returns depends only on the rows so pinned. Beyond that a pin goes down
// into a subquery, view or WITH query when filtering what it returns is the same
// as filtering what it reads; and up, because what a subquery returns is pinned.
type reader struct {
	*work
	keys map[catalog.OID]map[stmt.RowKey]bool // by root
	seen map[catalog.OID]bool
	// steps are the queries gone into: views over views may be many.
	steps int
}

// maxNesting and maxSteps bound how far pins are followed; beyond, nothing is
// pinned.
const (
	maxNesting = 40
	maxSteps   = 2000
)

// add notes a reference with these keys.
func (r *reader) add(oid catalog.OID, keys map[stmt.RowKey]bool) {
	root := r.cat.Root(oid)
	r.seen[oid] = true
	known, met := r.keys[root]
	if !met {
		known = keys
	}
	both := map[stmt.RowKey]bool{}
	for k := range known {
		if keys[k] || r.is(eitherReference) {
			both[k] = true
		}
	}
	r.keys[root] = both
}

// query notes what a query refers to, given what is pinned around it, and to what
// its output columns are pinned from outside.
func (r *reader) query(q *node, around pinned, outside map[int]params, depth int) {
	if r.steps++; depth > maxNesting || r.steps > maxSteps || q.number("commandType") != cmdSelect {
		r.blindly(q)
		return
	}
	pins := r.pinsOf(q, around, outside, depth)
	ctes := map[string]map[int]params{}
	for i, entry := range q.list("rtable") {
		switch entry.number("rtekind") {
		case rteRelation:
			r.relation(q, entry, i+1, pins, depth)
		case rteSubquery:
			r.query(entry.child("subquery"), pins.inside(), r.through(q, entry, i+1, outside, pins), depth+1)
		case rteCTE:
			if entry.number("ctelevelsup") == 0 {
				ctes[entry.atom("ctename")] = pins.of(i + 1)
			}
		}
	}
	for _, cte := range q.list("cteList") {
		var down map[int]params
		if (cte.number("cterefcount") == 1 || r.is(forgetsShared)) && !cte.yes("cterecursive") {
			down = ctes[cte.atom("ctename")]
		}
		r.query(cte.child("ctequery"), pins.inside(), down, depth+1)
	}
	for _, sub := range subLinks(q) {
		r.query(sub, pins.inside(), nil, depth+1)
	}
}

// relation notes a table, or goes into a view.
func (r *reader) relation(q, entry *node, number int, pins pinned, depth int) {
	oid := entry.oid("relid")
	if _, view := r.bodies[oid]; view && r.cat.Relations[oid] != nil && r.cat.Relations[oid].Kind == 'v' {
		if r.seen[oid] = true; r.is(forgetsViews) {
			for _, l := range r.locks {
				r.seen[l.relation] = true
			}
			return
		}
		if inside := r.viewQuery(oid); inside != nil {
			r.query(inside, nil, pins.of(number), depth+1)
		}
		return
	}
	if entry.child("tablesample") != nil || !inFrom(q, number) {
		r.add(oid, nil)
		return
	}
	r.add(oid, r.keysOf(oid, number, pins))
}

// viewQuery returns a view's query without its entries for OLD and NEW, which are
// the view itself; nil when it was not understood, so that what it locks is met
// nowhere.
func (r *reader) viewQuery(view catalog.OID) *node {
	tree, err := parseNodes(r.bodies[view])
	if err != nil || len(tree.list) != 1 || !tree.list[0].node.is("QUERY") {
		return nil
	}
	q := ungroup(tree).list[0].node
	for i, entry := range q.list("rtable") {
		if entry.oid("relid") == view && !inFrom(q, i+1) {
			// Still an entry, so that the numbers of the others stay.
			entry.fields = nil
			entry.fields = append(entry.fields, field{name: "rtekind", values: []value{{atom: rteNone}}})
		}
	}
	return q
}

// inFrom reports whether an entry of the range table stands in FROM.
func inFrom(q *node, number int) bool {
	found := false
	value{node: q.child("jointree")}.walk(func(n *node) bool {
		found = found || n.is("RANGETBLREF") && n.number("rtindex") == number
		return !n.is("QUERY")
	})
	return found
}

// blindly notes all that a query refers to, as pinned by nothing.
func (r *reader) blindly(q *node) {
	u := r.usesOf(value{node: q})
	for oid := range u.relations {
		r.expand(u, oid)
	}
	for oid := range u.relations {
		r.add(oid, nil)
	}
}

// subLinks returns the subqueries in a query's expressions.
func subLinks(q *node) []*node {
	var out []*node
	visit := func(n *node) bool {
		if n.is("QUERY") && n != q {
			out = append(out, n)
		}
		return n == q || !n.is("QUERY")
	}
	for _, f := range q.fields {
		for _, v := range f.values {
			switch f.name {
			case "cteList":
			case "rtable":
				for _, entry := range v.list {
					if entry.node.number("rtekind") != rteSubquery {
						entry.walk(visit)
					}
				}
			default:
				v.walk(visit)
			}
		}
	}
	return out
}

// pinsOf returns what a query's columns are pinned to: by its own conditions, from
// outside, and by what its subqueries return.
func (r *reader) pinsOf(q *node, around pinned, outside map[int]params, depth int) pinned {
	pins := maps.Clone(around)
	if pins == nil {
		pins = pinned{}
	}
	for _, t := range q.list("targetList") {
		v := r.bare(t.child("expr"))
		if set := outside[t.number("resno")]; len(set) > 0 && isColumn(v) && (passes(q, t) || r.is(filtersAnywhere)) {
			pins.add(columnAt(v), set)
		}
	}
	for i, entry := range q.list("rtable") {
		for number, set := range r.returns(q, entry, depth+1) {
			pins.add(column{i + 1, number, 0}, set)
		}
	}
	list, _ := r.conjuncts(q)
	return pins.spread(r.equations(list))
}

// returns tells what the columns of a subquery or WITH query are pinned to.
func (r *reader) returns(q, entry *node, depth int) map[int]params {
	sub := entry.child("subquery")
	if entry.number("rtekind") == rteCTE && entry.number("ctelevelsup") == 0 && !entry.yes("self_reference") {
		i := slices.IndexFunc(q.list("cteList"), func(c *node) bool { return c.atom("ctename") == entry.atom("ctename") })
		if i >= 0 && !q.list("cteList")[i].yes("cterecursive") {
			sub = q.list("cteList")[i].child("ctequery")
		}
	}
	if sub == nil || depth > 3 || sub.number("commandType") != cmdSelect || sub.child("setOperations") != nil {
		return nil
	}
	pins, out := r.pinsOf(sub, nil, nil, depth), map[int]params{}
	for _, t := range sub.list("targetList") {
		switch v := r.bare(t.child("expr")); {
		case t.yes("resjunk"):
		case isColumn(v):
			out[t.number("resno")] = pins[columnAt(v)]
		case isPlaceholder(v):
			out[t.number("resno")] = params{v.number("paramid"): true}
		}
	}
	return out
}

// passes reports whether keeping only the rows with one value of an output column
// is the same before and after the query did its work: rows with other values must
// never meet them in a group, a window or a choice.
func passes(q, target *node) bool {
	if q.child("limitCount") != nil || q.child("limitOffset") != nil || q.yes("hasTargetSRFs") ||
		q.child("setOperations") != nil || len(q.list("groupingSets")) > 0 {
		return false
	}
	ref := target.number("ressortgroupref")
	within := func(clauses []*node) bool {
		return ref > 0 && slices.ContainsFunc(clauses, func(g *node) bool { return g.number("tleSortGroupRef") == ref })
	}
	if q.yes("hasDistinctOn") && !within(q.list("distinctClause")) {
		return false
	}
	if slices.ContainsFunc(q.list("windowClause"), func(w *node) bool { return !within(w.list("partitionClause")) }) {
		return false
	}
	groups := q.list("groupClause")
	if len(groups) == 0 {
		return !q.yes("hasAggs") && q.child("havingQual") == nil
	}
	return within(groups)
}

// through returns what is pinned of a subquery: in a UNION and its kin, what is
// pinned of the whole.
func (r *reader) through(q, entry *node, number int, outside map[int]params, pins pinned) map[int]params {
	whole := q.child("setOperations")
	if whole == nil {
		return pins.of(number)
	}
	if q.child("limitCount") != nil || q.child("limitOffset") != nil || inFrom(q, number) {
		return nil
	}
	out, types := map[int]params{}, whole.numbers("colTypes")
	for _, t := range entry.child("subquery").list("targetList") {
		n := t.number("resno")
		typ, known := r.exprType(t.child("expr"))
		if known && n >= 1 && n <= len(types) && family(typ) != 0 && family(typ) == family(catalog.OID(types[n-1])) {
			out[n] = outside[n]
		}
	}
	return out
}
