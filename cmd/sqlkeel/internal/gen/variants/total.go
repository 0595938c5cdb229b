package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// keys are what rows are ordered by: columns, and other expressions as they print.
type keys struct {
	places []place
	others []string
}

// has reports whether an expression is one of the keys.
func (k keys) has(fr *frame, v any) bool {
	if p, ok := fr.resolve(v); ok && slices.Contains(k.places, p) {
		return true
	}
	return slices.Contains(k.others, print(v, nil))
}

func (k *keys) add(fr *frame, v any) {
	if p, ok := fr.resolve(v); ok {
		k.places = append(k.places, p)
	}
	k.others = append(k.others, print(v, nil))
}

// total reports whether ORDER BY leaves no two rows of a query in an open order.
func (r *framer) total(q *pg.SelectStmt) bool {
	if q.Op != pg.SetOperation_SETOP_NONE || len(q.ValuesLists) > 0 {
		return false
	}
	fr := r.frame(q.FromClause, q.WhereClause)
	var k keys
	for _, n := range q.SortClause {
		if by, ok := inner(n).(*pg.SortBy); ok && len(by.UseOp) == 0 {
			k.add(fr, output(q, by.Node))
		}
	}
	return r.rows(q, fr, k)
}

// output returns what a key of ORDER BY means: a number and a name alone are columns
// of the result first. It is nil when that is not known.
func output(q *pg.SelectStmt, n *pg.Node) any {
	v := inner(n)
	switch e := v.(type) {
	case *pg.A_Const:
		if i := int(e.GetIval().GetIval()); e.GetIval() != nil && i >= 1 && i <= len(q.TargetList) && !starred(q) {
			return inner(q.TargetList[i-1].GetResTarget().GetVal())
		}
	case *pg.ColumnRef:
		if len(e.Fields) != 1 {
			return v
		}
		for _, t := range q.TargetList {
			name, known := syntax.ColumnName(t.GetResTarget())
			if !known {
				return nil
			}
			if name != "" && name == e.Fields[0].GetString_().GetSval() {
				return inner(t.GetResTarget().GetVal())
			}
		}
	}
	return v
}

func starred(q *pg.SelectStmt) bool {
	return slices.ContainsFunc(q.TargetList, func(n *pg.Node) bool {
		c, ok := inner(n.GetResTarget().GetVal()).(*pg.ColumnRef)
		if !ok || len(c.Fields) == 0 {
			return false
		}
		_, star := inner(c.Fields[len(c.Fields)-1]).(*pg.A_Star)
		return star
	})
}

// grouped returns what an item of GROUP BY means: a number is a column of the result,
// a name alone is one when no relation has it.
func (r *framer) grouped(q *pg.SelectStmt, fr *frame, n *pg.Node) any {
	v := inner(n)
	if _, ok := fr.resolve(v); ok {
		return v
	}
	return output(q, n)
}

// rows reports whether keys tell any two rows of a query's result apart.
func (r *framer) rows(q *pg.SelectStmt, fr *frame, k keys) bool {
	units := q.GroupClause
	if r.multiplied(q) || slices.ContainsFunc(units, func(n *pg.Node) bool { return n.GetGroupingSet() != nil }) {
		return false
	}
	known := fr.known(k.places)
	switch {
	case len(units) == 0 && r.aggregated(q, fr):
		return true
	case len(fr.rels) > 0 && !slices.Contains(known, false):
		return true
	case len(units) > 0:
		return !slices.ContainsFunc(units, func(n *pg.Node) bool { return !fr.told(r.grouped(q, fr, n), k, known) })
	case len(q.DistinctClause) > 0 && inner(q.DistinctClause[0]) == nil:
		return !slices.ContainsFunc(q.TargetList, func(n *pg.Node) bool { return !fr.told(inner(n.GetResTarget().GetVal()), k, known) })
	case len(fr.rels) == 0:
		return true
	}
	return false
}

// told reports whether the value of an expression is known with the keys.
func (fr *frame) told(v any, k keys, known []bool) bool {
	if v == nil {
		return false
	}
	if p, ok := fr.resolve(v); ok && known[p.rel] {
		return true
	}
	return k.has(fr, v)
}

// multiplied reports whether the select list may make several rows of one: it calls
// a function of a name that returns sets.
func (r *framer) multiplied(q *pg.SelectStmt) (found bool) {
	for _, n := range q.TargetList {
		walk(n, func(v any) bool {
			switch c := v.(type) {
			case *pg.FuncCall:
				found = found || r.f.schema.sets[function(c)]
			case *pg.ColumnRef: // x.f may be f(x)
				found = found || len(c.Fields) > 1 && r.f.schema.sets[c.Fields[len(c.Fields)-1].GetString_().GetSval()]
			case *pg.A_Indirection:
				found = found || len(c.Indirection) > 0 && r.f.schema.sets[c.Indirection[len(c.Indirection)-1].GetString_().GetSval()]
			}
			_, sub := v.(*pg.SubLink)
			return !found && !sub
		})
	}
	return found
}

// plainAggregates make one row of a query that has no GROUP BY.
var plainAggregates = []string{"count", "sum", "max", "min", "avg", "bool_and", "bool_or", "every", "array_agg", "string_agg", "json_agg", "jsonb_agg"}

// aggregated reports whether the select list has an aggregate of this very query.
func (r *framer) aggregated(q *pg.SelectStmt, fr *frame) (found bool) {
	for _, n := range q.TargetList {
		walk(n, func(v any) bool {
			switch c := v.(type) {
			case *pg.SubLink:
				return false
			case *pg.FuncCall:
				name := function(c)
				if c.Over != nil || !slices.Contains(plainAggregates, name) || r.f.schema.shadowed[name] {
					return true
				}
				// It is of this query when it mentions one of its columns, or none at all.
				found = found || c.AggStar && c.AggFilter == nil || fr.reads(append(slices.Clone(c.Args), c.AggFilter))
			}
			return !found
		})
	}
	return found
}

// reads reports whether expressions mention a column of the frame.
func (fr *frame) reads(list []*pg.Node) (found bool) {
	for _, n := range list {
		walk(n, func(v any) bool {
			if _, ok := fr.resolve(v); ok {
				found = true
			}
			return !found
		})
	}
	return found
}
