package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// frame is the FROM of a query: what each row of it is made of, and which columns
// equal others. A row is named by naming, for each relation, its row or that it is
// absent by an outer join.
type frame struct {
	rels   []*rel
	merged map[string]int // columns of USING, and where they come from
	// equals are column → column: when the first is known, so is the second.
	equals []equality
	pinned []place // columns that equal a parameter or constant
}

// rel is one relation of a FROM.
type rel struct {
	alias    string
	table    *table // nil: nothing is known of it
	optional bool   // an outer join may leave it out
	after    int    // LATERAL: how many relations before it have to be known first
}

// place is a column of a relation.
type place struct {
	rel  int
	name string
}

type equality struct{ from, to place }

// framer makes frames.
type framer struct {
	f    *finder
	ctes map[string]*pg.CommonTableExpr // nil: one of several of that name
	used map[*pg.CommonTableExpr]bool   // being read

	views map[*table]bool // being read
	outer []*frame        // of the queries around, the next last
}

// frame reads FROM and WHERE.
func (r *framer) frame(from []*pg.Node, where *pg.Node) *frame {
	fr := &frame{merged: map[string]int{}}
	for _, n := range from {
		r.add(fr, inner(n), false)
	}
	all := span{0, len(fr.rels)}
	r.conditions(fr, where, all, all, both)
	return fr
}

// span is a range of relations.
type span struct{ from, to int }

func (s span) has(p place) bool { return s.from <= p.rel && p.rel < s.to }

// direction says what an equality between two sides of a join tells.
type direction uint8

const (
	both   direction = iota
	toLeft           // the left side is the optional one
	toRight
	neither
)

// add adds a FROM item and returns its relations.
func (r *framer) add(fr *frame, v any, optional bool) span {
	at := len(fr.rels)
	switch n := v.(type) {
	case *pg.RangeVar:
		fr.rels = append(fr.rels, &rel{alias: alias(n.Alias, n.Relname), table: renamed(r.table(n), n.Alias), optional: optional})
	case *pg.RangeSubselect:
		x := &rel{alias: alias(n.Alias, ""), table: renamed(r.query(inner(n.Subquery)), n.Alias), optional: optional}
		if n.Lateral {
			x.after = at
		}
		fr.rels = append(fr.rels, x)
	case *pg.JoinExpr:
		r.join(fr, n, optional)
	default:
		fr.rels = append(fr.rels, &rel{optional: optional})
	}
	return span{at, len(fr.rels)}
}

func (r *framer) join(fr *frame, j *pg.JoinExpr, optional bool) {
	at := len(fr.rels)
	d := map[pg.JoinType]direction{pg.JoinType_JOIN_INNER: both, pg.JoinType_JOIN_LEFT: toRight, pg.JoinType_JOIN_RIGHT: toLeft}
	way, ok := d[j.Jointype]
	if !ok {
		way = neither
	}
	if r.f.is(bothWays) {
		way = both
	}
	left := r.add(fr, inner(j.Larg), optional || way == toLeft || way == neither)
	right := r.add(fr, inner(j.Rarg), optional || way == toRight || way == neither)
	if j.Alias != nil {
		fr.rels = append(fr.rels[:at], &rel{alias: alias(j.Alias, ""), optional: optional})
		return
	}
	for _, n := range j.UsingClause {
		name := n.GetString_().GetSval()
		a, aok := fr.bare(name, left)
		b, bok := fr.bare(name, right)
		if aok && bok {
			fr.equal(a, b, left, right, way)
			if way != neither && way != toLeft {
				fr.merged[name] = a.rel
			}
		}
	}
	r.conditions(fr, j.Quals, left, right, way)
}

// conditions reads the equalities of a condition that always holds.
func (r *framer) conditions(fr *frame, n *pg.Node, left, right span, way direction) {
	switch e := inner(n).(type) {
	case *pg.BoolExpr:
		if e.Boolop == pg.BoolExprType_AND_EXPR {
			for _, a := range e.Args {
				r.conditions(fr, a, left, right, way)
			}
		}
	case *pg.A_Expr:
		if e.Kind != pg.A_Expr_Kind_AEXPR_OP || len(e.Name) != 1 || e.Name[0].GetString_().GetSval() != "=" {
			return
		}
		a, aok := fr.resolve(inner(e.Lexpr))
		b, bok := fr.resolve(inner(e.Rexpr))
		switch {
		case aok && bok:
			if family(fr.typ(a)) == family(fr.typ(b)) && fr.typ(a) != "" {
				fr.equal(a, b, left, right, way)
			}
		case aok:
			r.pin(fr, a, e.Rexpr, left, right, way)
		case bok:
			r.pin(fr, b, e.Lexpr, left, right, way)
		}
	}
}

// equal notes that two columns are equal wherever the direction lets that tell
// something.
func (fr *frame) equal(a, b place, left, right span, way direction) {
	for _, e := range []equality{{a, b}, {b, a}} {
		switch {
		case way == both,
			way == toRight && left.has(e.from) && right.has(e.to),
			way == toLeft && right.has(e.from) && left.has(e.to):
			fr.equals = append(fr.equals, e)
		}
	}
}

// pin notes that a column equals a parameter or a constant.
func (r *framer) pin(fr *frame, p place, value *pg.Node, left, right span, way direction) {
	if way == neither || way == toRight && !right.has(p) || way == toLeft && !left.has(p) {
		return
	}
	t := family(fr.typ(p))
	switch v := inner(value).(type) {
	case *pg.ColumnRef:
		if o := r.outside(fr, v); t != "" && family(o) == t {
			fr.pinned = append(fr.pinned, p)
		}
	case *pg.A_Const:
		_, text := v.Val.(*pg.A_Const_Sval)
		_, number := v.Val.(*pg.A_Const_Ival)
		if text || number && t == "bigint" {
			fr.pinned = append(fr.pinned, p)
		}
	default:
		ref, cast := parameter(value)
		if ref == nil || t == "" || family(r.f.format[ref.Number-1]) != t || cast != nil && !sameType(cast, r.f.source.casts[ref.Number-1]) {
			return
		}
		fr.pinned = append(fr.pinned, p)
	}
}

// outside returns the type of alias.column when the alias is that of a query around:
// a constant for this one. It is "" for others.
func (r *framer) outside(fr *frame, c *pg.ColumnRef) string {
	if len(c.Fields) != 2 {
		return ""
	}
	alias := c.Fields[0].GetString_().GetSval()
	has := func(x *rel) bool { return x.alias == alias }
	if slices.ContainsFunc(fr.rels, has) {
		return ""
	}
	for _, o := range slices.Backward(r.outer) {
		if p, ok := o.resolve(c); ok {
			return o.typ(p)
		}
		if slices.ContainsFunc(o.rels, has) {
			break
		}
	}
	return ""
}

// family is one of the types that compare with each other by value.
func family(t string) string {
	switch t {
	case "smallint", "integer":
		return "bigint"
	case "character varying":
		return "text"
	}
	return t
}

func alias(a *pg.Alias, name string) string {
	if a != nil {
		return a.Aliasname
	}
	return name
}

// renamed applies the column names of an alias.
func renamed(t *table, a *pg.Alias) *table {
	if t == nil || a == nil || len(a.Colnames) == 0 {
		return t
	}
	names := make([]string, len(a.Colnames))
	for i, n := range a.Colnames {
		names[i] = n.GetString_().GetSval()
	}
	return t.rename(names)
}

func (t *table) rename(names []string) *table {
	if len(names) > len(t.columns) {
		return nil
	}
	to := map[string]string{}
	out := &table{columns: slices.Clone(t.columns)}
	for i := range out.columns {
		if _, twice := to[out.columns[i].name]; twice {
			return nil
		}
		if i < len(names) {
			to[out.columns[i].name] = names[i]
			out.columns[i].name = names[i]
		} else {
			to[out.columns[i].name] = out.columns[i].name
		}
	}
	for _, k := range t.keys {
		key := []string{}
		for _, c := range k {
			key = append(key, to[c])
		}
		out.keys = append(out.keys, key)
	}
	return out
}

// resolve returns the column that an expression is.
func (fr *frame) resolve(v any) (place, bool) {
	c, ok := v.(*pg.ColumnRef)
	if !ok {
		return place{}, false
	}
	var names []string
	for _, f := range c.Fields {
		names = append(names, f.GetString_().GetSval())
	}
	switch {
	case len(names) == 1 && names[0] != "":
		if i, ok := fr.merged[names[0]]; ok {
			return place{i, names[0]}, true
		}
		return fr.bare(names[0], span{0, len(fr.rels)})
	case len(names) == 2 && names[1] != "":
		for i, r := range fr.rels {
			if r.alias == names[0] && r.table != nil {
				_, ok := r.table.column(names[1])
				return place{i, names[1]}, ok
			}
		}
	}
	return place{}, false
}

// bare finds the only relation of some that has a column.
func (fr *frame) bare(name string, in span) (p place, ok bool) {
	for i := in.from; i < in.to; i++ {
		if fr.rels[i].table == nil {
			continue
		}
		if _, has := fr.rels[i].table.column(name); has {
			if ok {
				return place{}, false
			}
			p, ok = place{i, name}, true
		}
	}
	return p, ok
}

func (fr *frame) typ(p place) string {
	c, _ := fr.rels[p.rel].table.column(p.name)
	return c.typ
}

// known works out which relations some columns name the rows of.
func (fr *frame) known(columns []place) (rels []bool) {
	rels = make([]bool, len(fr.rels))
	have := map[place]bool{}
	for _, p := range append(slices.Clone(columns), fr.pinned...) {
		have[p] = true
	}
	for changed := true; changed; {
		changed = false
		for _, e := range fr.equals {
			if (have[e.from] || rels[e.from.rel]) && !have[e.to] {
				have[e.to], changed = true, true
			}
		}
		for i, r := range fr.rels {
			if !rels[i] && r.named(i, have, rels) {
				rels[i], changed = true, true
			}
		}
	}
	return rels
}

func (r *rel) named(at int, have map[place]bool, rels []bool) bool {
	if r.table == nil || slices.Contains(rels[:r.after], false) {
		return false
	}
	return slices.ContainsFunc(r.table.keys, func(key []string) bool {
		return !slices.ContainsFunc(key, func(c string) bool { return !have[place{at, c}] })
	})
}
