package variants

import (
	"maps"
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
	opaque bool    // it has names that are not known
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
	ctes withs
	used map[*pg.CommonTableExpr]bool // being read

	views map[*table]bool // being read
	outer []*frame        // of the queries around, the next last
	begun []*frame        // being made: LATERAL sees what they have so far
}

// frame reads FROM and WHERE.
func (r *framer) frame(from []*pg.Node, where *pg.Node) *frame {
	fr := &frame{merged: map[string]int{}}
	r.begun = append(r.begun, fr)
	defer func() { r.begun = r.begun[:len(r.begun)-1] }()
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
	case *pg.RangeFunction:
		fr.rels, fr.opaque = append(fr.rels, &rel{alias: alias(n.Alias, ""), optional: optional}), true
	default:
		fr.rels, fr.opaque = append(fr.rels, &rel{optional: optional}), true
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
	left := r.add(fr, inner(j.Larg), optional || way == toLeft || way == neither)
	right := r.add(fr, inner(j.Rarg), optional || way == toRight || way == neither)
	fr.opaque = fr.opaque || j.Alias != nil || j.JoinUsingAlias != nil
	if j.Alias != nil {
		fr.hide(at)
		fr.rels = append(fr.rels, &rel{alias: alias(j.Alias, ""), optional: optional})
		return
	}
	for _, n := range j.UsingClause {
		name := n.GetString_().GetSval()
		a, aok := fr.bare(name, left)
		b, bok := fr.bare(name, right)
		if aok && bok {
			if t := fr.typ(a); t != "" && family(t) == family(fr.typ(b)) {
				fr.equal(a, b, left, right, way)
			}
			if way != neither && way != toLeft {
				fr.merged[name] = a.rel
			}
		}
	}
	r.conditions(fr, j.Quals, left, right, way)
}

func alias(a *pg.Alias, name string) string {
	if a != nil {
		return a.Aliasname
	}
	return name
}

// hide removes the relations from at on, whose names a join's alias hides.
func (fr *frame) hide(at int) {
	fr.rels = fr.rels[:at]
	fr.equals = slices.DeleteFunc(fr.equals, func(e equality) bool { return e.from.rel >= at || e.to.rel >= at })
	fr.pinned = slices.DeleteFunc(fr.pinned, func(p place) bool { return p.rel >= at })
	maps.DeleteFunc(fr.merged, func(_ string, rel int) bool { return rel >= at })
}
