package variants

import (
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// ordered reports whether the result is the same in any order of the rows that are
// equal to ORDER BY. It remarks on what depends on that order. A variant's plan may be
// another than the full statement's.
func (f *finder) ordered() bool {
	o := &orders{framer: newFramer(f, f.source.tree), f: f, bags: map[*pg.SubLink]bool{}, seen: map[string]string{}}
	o.visit(inner(f.source.tree), nil, false)
	if strings.HasSuffix(f.statement.Command, "one") {
		o.first()
	}
	return o.why == ""
}

type orders struct {
	*framer
	f    *finder
	why  string               // something depends on an order that is not total
	bags map[*pg.SubLink]bool // ARRAY (…) under ANY and ALL

	inside bool              // in a view or function
	seen   map[string]string // definitions, and why each depends on an order
}

// remedyOrder ends a remark.
const remedyOrder = "; end it with a unique key"

func (o *orders) depends(at any, what string) {
	if o.why == "" {
		o.why = what
	}
	if !o.inside {
		o.f.remark(location(at), "nothing is pruned: "+what)
	}
}

// location returns where a tree begins, roughly.
func location(v any) (at int32) {
	at = -1
	walk(v, func(v any) bool {
		if l, ok := v.(interface{ GetLocation() int32 }); ok && l.GetLocation() > 0 && (at < 0 || l.GetLocation() < at) {
			at = l.GetLocation()
		}
		return true
	})
	return max(at, 0)
}

// visit looks for what depends on an order; in is the query around v, exists says
// that only the existence of v's rows matters.
func (o *orders) visit(v any, in *pg.SelectStmt, exists bool) {
	if v == nil {
		return
	}
	switch n := v.(type) {
	case *pg.SelectStmt:
		o.query(n, exists)
		o.outer = append(o.outer, o.frame(n.FromClause, n.WhereClause))
		defer func() { o.outer = o.outer[:len(o.outer)-1] }()
		in = n
	case *pg.A_Expr:
		if a, ok := inner(n.Rexpr).(*pg.SubLink); ok && (n.Kind == pg.A_Expr_Kind_AEXPR_OP_ANY || n.Kind == pg.A_Expr_Kind_AEXPR_OP_ALL) {
			o.bags[a] = true
		}
	case *pg.SubLink:
		o.array(n)
		o.visit(inner(n.Testexpr), in, false)
		o.visit(inner(n.Subselect), in, n.SubLinkType == pg.SubLinkType_EXISTS_SUBLINK)
		return
	case *pg.FuncCall:
		o.call(n, in)
	case *pg.JsonArrayAgg, *pg.JsonObjectAgg:
		o.depends(v, "an aggregate takes rows in no order")
	case *pg.RangeVar:
		o.view(n)
	case *pg.RangeFunction:
		o.function(n)
	case *pg.InsertStmt:
		o.conflicts(n)
	case *pg.UpdateStmt:
		o.joined(n, n.Relation, n.FromClause, n.WhereClause)
	case *pg.DeleteStmt:
		if n.ReturningClause != nil {
			o.joined(n, n.Relation, n.UsingClause, n.WhereClause)
		}
	}
	children(v, func(c any) { o.visit(c, in, false) })
}

// query checks LIMIT, OFFSET and DISTINCT ON.
func (o *orders) query(q *pg.SelectStmt, exists bool) {
	limited := q.LimitCount != nil && !isNull(q.LimitCount) && q.LimitOption != pg.LimitOption_LIMIT_OPTION_WITH_TIES
	limited = limited || q.LimitOffset != nil && !isNull(q.LimitOffset)
	chosen := len(q.DistinctClause) > 0 && inner(q.DistinctClause[0]) != nil
	if (!limited || exists) && !chosen || o.total(q) {
		return
	}
	at := any(q.LimitCount)
	if len(q.SortClause) > 0 {
		at = q.SortClause[0]
	} else if q.LimitCount == nil {
		at = q
	}
	if chosen {
		o.depends(at, "DISTINCT ON takes the first of rows whose order is not known to be total"+remedyOrder)
		return
	}
	o.depends(at, "LIMIT takes the first of rows whose order is not known to be total"+remedyOrder)
}

// array checks ARRAY (SELECT …).
func (o *orders) array(l *pg.SubLink) {
	if l.SubLinkType != pg.SubLinkType_ARRAY_SUBLINK || o.bags[l] {
		return
	}
	q, ok := inner(l.Subselect).(*pg.SelectStmt)
	if !ok || !o.total(q) {
		o.depends(l, "ARRAY takes rows in an order that is not known to be total"+remedyOrder)
	}
}

// peers are the window functions that give equal rows equal values.
var peers = []string{"rank", "dense_rank", "percent_rank", "cume_dist"}

// sequential are the aggregates whose result tells the order of what they took.
var sequential = []string{
	"array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg", "mode", "any_value",
	"json_agg_strict", "jsonb_agg_strict", "json_object_agg_strict", "jsonb_object_agg_strict",
	"json_object_agg_unique", "jsonb_object_agg_unique", "json_object_agg_unique_strict", "jsonb_object_agg_unique_strict",
}

const rowsFrame = 0x4 // FRAMEOPTION_ROWS

func (o *orders) call(c *pg.FuncCall, in *pg.SelectStmt) {
	name := function(c)
	if c.Over != nil {
		o.window(c, name, in)
		return
	}
	if !slices.Contains(sequential, name) && !o.f.schema.own[name] || c.AggDistinct {
		return
	}
	if in == nil || name == "mode" || name == "any_value" || !o.arranged(c, in) {
		o.depends(c, name+" takes rows in an order that is not known to be total: give it an ORDER BY that ends with a unique key")
	}
}

// arranged reports whether an aggregate's ORDER BY, within a group, is total or ends
// ties between equal values alone.
func (o *orders) arranged(c *pg.FuncCall, in *pg.SelectStmt) bool {
	fr := o.frame(in.FromClause, in.WhereClause)
	if len(o.outer) > 1 && !o.mentions(fr, c.Args) {
		return false // it may be an aggregate of the query around
	}
	var k keys
	for _, n := range c.AggOrder {
		by, ok := inner(n).(*pg.SortBy)
		if !ok || len(by.UseOp) > 0 {
			return false
		}
		k.add(fr, inner(by.Node))
		if len(c.Args) == 1 && print(by.Node, nil) == print(c.Args[0], nil) {
			return true
		}
	}
	for _, n := range in.GroupClause {
		k.add(fr, o.grouped(in, fr, n))
	}
	return len(fr.rels) > 0 && !slices.Contains(fr.known(k.places), false)
}

// mentions reports whether expressions mention a column, or a whole row, of a query's
// own relations.
func (o *orders) mentions(fr *frame, list []*pg.Node) (found bool) {
	around := o.outer[:len(o.outer)-1]
	for _, n := range list {
		walk(n, func(v any) bool {
			c, ok := v.(*pg.ColumnRef)
			if !ok || len(c.Fields) == 0 || found {
				return !found
			}
			name := c.Fields[0].GetString_().GetSval()
			_, found = fr.resolve(c)
			found = found || slices.ContainsFunc(fr.rels, func(r *rel) bool { return r.alias == name && name != "" }) &&
				!slices.ContainsFunc(around, func(x *frame) bool { _, has := x.resolve(c); return has })
			return !found
		})
	}
	return found
}

// window checks a window function.
func (o *orders) window(c *pg.FuncCall, name string, in *pg.SelectStmt) {
	w := c.Over
	if in == nil || w.Refname != "" {
		o.depends(c, name+" depends on a window that is not understood")
		return
	}
	if w.Name != "" {
		i := slices.IndexFunc(in.WindowClause, func(n *pg.Node) bool { return n.GetWindowDef().GetName() == w.Name })
		if i < 0 || in.WindowClause[i].GetWindowDef().GetRefname() != "" {
			o.depends(c, name+" depends on a window that is not understood")
			return
		}
		w = in.WindowClause[i].GetWindowDef()
	}
	plain := o.f.schema.aggregates[name] && !o.f.schema.own[name] && !o.f.schema.shadowed[name] && !slices.Contains(sequential, name)
	if slices.Contains(peers, name) || plain && w.FrameOptions&rowsFrame == 0 {
		return
	}
	fr := o.frame(in.FromClause, in.WhereClause)
	var k keys
	for _, n := range w.PartitionClause {
		k.add(fr, inner(n))
	}
	for _, n := range w.OrderClause {
		if by, ok := inner(n).(*pg.SortBy); ok && len(by.UseOp) == 0 {
			k.add(fr, inner(by.Node))
		}
	}
	if !o.rows(unselected(in), fr, k) {
		o.depends(c, name+" depends on the order of its window, which is not known to be total"+remedyOrder)
	}
}

// unselected is a query before its select list: windows are worked out before
// DISTINCT and before functions that return sets.
func unselected(q *pg.SelectStmt) *pg.SelectStmt {
	return &pg.SelectStmt{FromClause: q.FromClause, WhereClause: q.WhereClause, GroupClause: q.GroupClause}
}

// conflicts checks an INSERT of rows that may be in each other's way: the first wins.
func (o *orders) conflicts(i *pg.InsertStmt) {
	q := i.SelectStmt.GetSelectStmt()
	if i.OnConflictClause == nil || q == nil || len(q.ValuesLists) > 0 || o.total(q) || o.single(q) {
		return
	}
	o.depends(i, "ON CONFLICT keeps the first of rows whose order is not known to be total"+remedyOrder)
}

// joined checks an UPDATE or DELETE that joins: when several rows match one of the
// target, the server takes any.
func (o *orders) joined(at any, target *pg.RangeVar, from []*pg.Node, where *pg.Node) {
	if len(from) == 0 || target == nil {
		return
	}
	fr := o.frame(append([]*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: target}}}, from...), where)
	var of []place
	if t := fr.rels[0].table; t != nil {
		for _, c := range t.columns {
			of = append(of, place{0, c.name})
		}
	}
	if known := fr.known(of); slices.Contains(known[1:], false) {
		o.depends(at, "several rows may be joined to one that is changed, and any of them is taken")
	}
}

// first checks that a statement of which the first row is taken has one row, or a
// total order.
func (o *orders) first() {
	tree := inner(o.f.source.tree)
	if q, ok := tree.(*pg.SelectStmt); ok {
		if !o.total(q) && !o.single(q) {
			o.depends(o.f.source.tree, "the first row is taken of rows whose order is not known to be total")
		}
		return
	}
	if !o.single(tree) {
		o.depends(o.f.source.tree, "the first row is taken of rows that are returned in no order")
	}
}

// single reports whether a query returns at most one row.
func (o *orders) single(v any) bool {
	if i, ok := v.(*pg.InsertStmt); ok {
		q := i.SelectStmt.GetSelectStmt()
		return q == nil || len(q.ValuesLists) == 1 || o.single(q)
	}
	t := o.framer.query(v)
	return t != nil && slices.ContainsFunc(t.keys, func(k []string) bool { return len(k) == 0 })
}
