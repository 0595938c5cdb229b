package effects

import (
	"maps"
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
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
func (r *reader) query(q *tree.Node, around pinned, outside map[int]params, depth int) {
	if r.steps++; depth > maxNesting || r.steps > maxSteps || q.Number("commandType") != tree.Select {
		r.blindly(q)
		return
	}
	pins := r.pinsOf(q, around, outside, depth)
	ctes := map[string]map[int]params{}
	for i, entry := range q.List("rtable") {
		switch entry.Number("rtekind") {
		case tree.Relation:
			r.relation(q, entry, i+1, pins, depth)
		case tree.Subquery:
			r.query(entry.Child("subquery"), pins.inside(), r.through(q, entry, i+1, outside, pins), depth+1)
		case tree.CTE:
			if entry.Number("ctelevelsup") == 0 {
				ctes[entry.Atom("ctename")] = pins.of(i + 1)
			}
		}
	}
	for _, cte := range q.List("cteList") {
		var down map[int]params
		if (cte.Number("cterefcount") == 1 || r.is(forgetsShared)) && !cte.Yes("cterecursive") {
			down = ctes[cte.Atom("ctename")]
		}
		r.query(cte.Child("ctequery"), pins.inside(), down, depth+1)
	}
	for _, sub := range subLinks(q) {
		r.query(sub, pins.inside(), nil, depth+1)
	}
}

// relation notes a table, or goes into a view.
func (r *reader) relation(q, entry *tree.Node, number int, pins pinned, depth int) {
	oid := entry.OID("relid")
	if rel := r.cat.Relations[oid]; rel != nil && rel.Kind == 'v' && r.cat.ViewUses(oid) != nil {
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
	if entry.Child("tablesample") != nil || !tree.InFrom(q, number) {
		r.add(oid, nil)
		return
	}
	r.add(oid, r.keysOf(oid, number, pins))
}

// viewQuery returns a view's query without its entries for OLD and NEW, which are
// the view itself; nil when it was not understood, so that what it locks is met
// nowhere.
func (r *reader) viewQuery(view catalog.OID) *tree.Node {
	q := r.cat.ViewQuery(view)
	for i, entry := range q.List("rtable") {
		if entry.OID("relid") == view && !tree.InFrom(q, i+1) {
			// Still an entry, so that the numbers of the others stay.
			entry.Fields = append([]tree.Field(nil), tree.Field{Name: "rtekind", Values: []tree.Value{{Atom: rteNone}}})
		}
	}
	return q
}

// blindly notes all that a query refers to, as pinned by nothing.
func (r *reader) blindly(q *tree.Node) {
	u := newSeen()
	u.Add(r.cat.Uses(tree.Value{Node: q}))
	for oid := range maps.Clone(u.Relations) {
		r.expand(u, oid)
	}
	for oid := range u.Relations {
		r.add(oid, nil)
	}
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

// pinsOf returns what a query's columns are pinned to: by its own conditions, from
// outside, and by what its subqueries return.
func (r *reader) pinsOf(q *tree.Node, around pinned, outside map[int]params, depth int) pinned {
	pins := maps.Clone(around)
	if pins == nil {
		pins = pinned{}
	}
	for _, t := range q.List("targetList") {
		v := r.bare(t.Child("expr"))
		if set := outside[t.Number("resno")]; len(set) > 0 && isColumn(v) && (passes(q, t) || r.is(filtersAnywhere)) {
			pins.add(columnAt(v), set)
		}
	}
	for i, entry := range q.List("rtable") {
		for number, set := range r.returns(q, entry, depth+1) {
			pins.add(column{i + 1, number, 0}, set)
		}
	}
	list, _ := r.conjuncts(q)
	return pins.spread(r.equations(list))
}

// returns tells what the columns of a subquery or WITH query are pinned to.
func (r *reader) returns(q, entry *tree.Node, depth int) map[int]params {
	sub := entry.Child("subquery")
	if entry.Number("rtekind") == tree.CTE && entry.Number("ctelevelsup") == 0 && !entry.Yes("self_reference") {
		i := slices.IndexFunc(q.List("cteList"), func(c *tree.Node) bool { return c.Atom("ctename") == entry.Atom("ctename") })
		if i >= 0 && !q.List("cteList")[i].Yes("cterecursive") {
			sub = q.List("cteList")[i].Child("ctequery")
		}
	}
	if sub == nil || depth > 3 || sub.Number("commandType") != tree.Select || sub.Child("setOperations") != nil {
		return nil
	}
	pins, out := r.pinsOf(sub, nil, nil, depth), map[int]params{}
	for _, t := range sub.List("targetList") {
		switch v := r.bare(t.Child("expr")); {
		case t.Yes("resjunk"):
		case isColumn(v):
			out[t.Number("resno")] = pins[columnAt(v)]
		case isPlaceholder(v):
			out[t.Number("resno")] = params{v.Number("paramid"): true}
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

// through returns what is pinned of a subquery: in a UNION and its kin, what is
// pinned of the whole.
func (r *reader) through(q, entry *tree.Node, number int, outside map[int]params, pins pinned) map[int]params {
	whole := q.Child("setOperations")
	if whole == nil {
		return pins.of(number)
	}
	if q.Child("limitCount") != nil || q.Child("limitOffset") != nil || tree.InFrom(q, number) {
		return nil
	}
	out, types := map[int]params{}, whole.Numbers("colTypes")
	for _, t := range entry.Child("subquery").List("targetList") {
		n := t.Number("resno")
		typ, known := r.cat.ExprType(t.Child("expr"))
		if known && n >= 1 && n <= len(types) && family(typ) != 0 && family(typ) == family(catalog.OID(types[n-1])) {
			out[n] = outside[n]
		}
	}
	return out
}
