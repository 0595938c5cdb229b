package pages

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// equality says that a column equals another, or a constant or parameter when
// right is nil. It tells only about columns of the sources in only, when there
// are any: the optional side of a join.
type equality struct {
	left  columnRef
	right *columnRef
	only  []*source
}

// addEquality notes what a conjunct says of columns.
func (a *analysis) addEquality(n *pg.Node, only []*source) {
	e := n.GetAExpr()
	if e == nil || operator(e) != "=" {
		return
	}
	left, leftOK := a.resolve(e.GetLexpr().GetColumnRef())
	right, rightOK := a.resolve(e.GetRexpr().GetColumnRef())
	switch {
	case leftOK && rightOK:
		a.addEqual(left, right, only)
	case leftOK && constant(e.GetRexpr()) && left.exact():
		a.equal = append(a.equal, equality{left: left, only: only})
	case rightOK && constant(e.GetLexpr()) && right.exact():
		a.equal = append(a.equal, equality{left: right, only: only})
	}
}

func (a *analysis) addEqual(left, right columnRef, only []*source) {
	if (left.exact() && right.exact() || a.is(ignoresCollations)) && left.typeName() == right.typeName() {
		a.equal = append(a.equal, equality{left, &right, only}, equality{right, &left, only})
	}
}

func (r columnRef) typeName() string { return r.source.column(r.name).TypeName }

// exact reports whether values of the column that are equal are the same.
func (r columnRef) exact() bool { return exact[r.typeName()] && r.source.column(r.name).Deterministic }

// exact are the types that are compared by an equality as fine as that of their
// unique keys, whichever of these types is on the other side.
var exact = map[string]bool{
	"smallint": true, "integer": true, "bigint": true, "uuid": true, "date": true, "boolean": true, "text": true,
}

// constant reports whether an expression is a parameter or a literal of which no
// cast makes the comparison coarser.
func constant(n *pg.Node) bool {
	if cast := n.GetTypeCast(); cast != nil {
		list := cast.GetTypeName().GetNames()
		return len(list) > 0 && fine[list[len(list)-1].GetString_().GetSval()] && constant(cast.GetArg())
	}
	return n.GetParamRef() != nil || n.GetAConst().GetIval() != nil || n.GetAConst().GetSval() != nil
}

var fine = map[string]bool{"int2": true, "int4": true, "int8": true, "uuid": true, "date": true, "bool": true, "text": true}

// checkTotal proves that no two rows of the result have the same keys: the keys
// determine a row of every table in FROM, or all that the rows are grouped by.
func (a *analysis) checkTotal() error {
	known := map[columnRef]bool{}
	rows := map[*source]bool{}
	for _, k := range a.keys {
		known[k.ref] = true
	}
	for grows := true; grows; {
		grows = a.spread(known, rows)
	}
	if groups := a.sel.GetGroupClause(); len(groups) > 0 {
		return a.checkGroups(groups, known, rows)
	}
	for _, s := range a.from {
		switch {
		case s.relation == nil:
			return a.refuse(-1, "rows with the same keys cannot be ruled out, as %s is joined: %s", s.name, s.why)
		case !rows[s] && !a.is(ignoresTies):
			return a.refuse(-1, "several rows may have the same keys: the keys do not determine one row of %s; end them with a unique key of what is listed, such as its id", s.name)
		}
	}
	return nil
}

// checkGroups asks that every group is told by the keys.
func (a *analysis) checkGroups(groups []*pg.Node, known map[columnRef]bool, rows map[*source]bool) error {
	for _, g := range groups {
		ref, ok := a.resolve(g.GetColumnRef())
		if !ok || !known[ref] && !rows[ref.source] && !a.is(ignoresGroups) {
			return a.refuse(location(g), "several groups may have the same keys: group by the keys, or by columns of a row that they determine")
		}
	}
	return nil
}

// spread adds what follows from the columns that are known to be the same in rows
// with the same keys. It reports whether anything was added.
func (a *analysis) spread(known map[columnRef]bool, rows map[*source]bool) bool {
	grows := false
	for _, e := range a.equal {
		follows := e.right == nil || known[*e.right] || rows[e.right.source]
		if follows && !known[e.left] && (e.only == nil || slices.Contains(e.only, e.left.source)) {
			known[e.left], grows = true, true
		}
	}
	for _, s := range a.from {
		if !rows[s] && s.relation != nil && (s.keyed() || a.is(ignoresChildren)) && s.determined(known, a.mutant) {
			rows[s], grows = true, true
		}
	}
	return grows
}

// determined reports whether the known columns hold a unique key. They are not
// NULL: neither the keys of the order are, nor what equals anything. A key of texts
// that are compared loosely is none, since its index may compare them strictly.
func (s *source) determined(known map[columnRef]bool, m mutant) bool {
	for _, k := range s.relation.Keys {
		all := true
		for _, number := range k.Columns {
			all = all && slices.ContainsFunc(s.relation.Columns, func(c catalogColumn) bool {
				return c.Number == number && known[columnRef{s, c.Name}] && (c.Deterministic || m == ignoresCollations)
			})
		}
		if all && len(k.Columns) > 0 {
			return true
		}
	}
	return false
}
