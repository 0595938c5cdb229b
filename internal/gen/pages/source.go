package pages

import (
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
)

// source is an item of FROM.
type source struct {
	name     string
	relation *catalog.Relation // nil when it is no table that is known
	why      string            // why not
	nullable bool              // on the right side of a left join
	only     bool
}

func (s *source) column(name string) *catalog.Column {
	if s.relation == nil {
		return nil
	}
	for i := range s.relation.Columns {
		if s.relation.Columns[i].Name == name {
			return &s.relation.Columns[i]
		}
	}
	return nil
}

// keyed reports whether the relation's unique keys hold for all that it reads: a
// table with children that inherit from it has none that bind them.
func (s *source) keyed() bool {
	return s.relation.Kind == 'p' || s.relation.Kind == 'r' && (len(s.relation.Children) == 0 || s.only)
}

// columnRef is a column of an item of FROM.
type columnRef struct {
	source *source
	name   string
}

// String returns it as SQL would write it.
func (r columnRef) String() string { return r.source.name + "." + r.name }

// addFrom notes an item of FROM with the items in it.
func (a *analysis) addFrom(n *pg.Node, nullable bool) {
	switch {
	case n.GetRangeVar() != nil:
		a.from = append(a.from, a.table(n.GetRangeVar(), nullable))
	case n.GetJoinExpr() != nil:
		a.addJoin(n.GetJoinExpr(), nullable)
	default:
		s := &source{why: "it is no table", nullable: nullable}
		s.name = n.GetRangeSubselect().GetAlias().GetAliasname() + n.GetRangeFunction().GetAlias().GetAliasname()
		a.from = append(a.from, s)
	}
}

func (a *analysis) addJoin(j *pg.JoinExpr, nullable bool) {
	left := j.GetJointype() == pg.JoinType_JOIN_LEFT
	if j.GetJointype() != pg.JoinType_JOIN_INNER && !left || j.GetIsNatural() || j.GetAlias() != nil {
		a.odd = true
		return
	}
	start := len(a.from)
	a.addFrom(j.GetLarg(), nullable)
	first := len(a.from)
	a.addFrom(j.GetRarg(), nullable || left)
	var only []*source
	if nullable || left {
		only = a.from[first:]
	}
	for _, name := range j.GetUsingClause() {
		l, okL := resolveIn(a.from[start:first], name.GetString_().GetSval())
		r, okR := resolveIn(a.from[first:], name.GetString_().GetSval())
		if okL && okR {
			a.addEqual(l, r, only)
		}
	}
	for _, c := range conjuncts(j.GetQuals()) {
		a.addEquality(c, only)
	}
}

func (a *analysis) table(v *pg.RangeVar, nullable bool) *source {
	s := &source{name: v.GetRelname(), nullable: nullable, only: !v.GetInh()}
	if v.GetAlias() != nil {
		s.name = v.GetAlias().GetAliasname()
	}
	if v.GetSchemaname() == "" {
		for _, cte := range a.sel.GetWithClause().GetCtes() {
			if cte.GetCommonTableExpr().GetCtename() == v.GetRelname() {
				s.why = "it is a WITH query"
				return s
			}
		}
	}
	oid, ok := a.cat.Resolve(v.GetSchemaname(), v.GetRelname())
	relation := a.cat.Relations[oid]
	switch {
	case !ok || relation == nil:
		s.why = "it is not in the schema"
	case relation.Kind != 'r' && relation.Kind != 'p':
		s.why = "it is no table"
	case len(v.GetAlias().GetColnames()) > 0:
		s.why = "its columns are renamed"
	default:
		s.relation = relation
	}
	return s
}

// resolve returns the column that a name in WHERE or ON means.
func (a *analysis) resolve(ref *pg.ColumnRef) (columnRef, bool) {
	parts := names(ref)
	switch len(parts) {
	case 1:
		return resolveIn(a.from, parts[0])
	case 2, 3:
		table, name := parts[len(parts)-2], parts[len(parts)-1]
		for _, s := range a.from {
			if s.name == table && s.column(name) != nil && (len(parts) == 2 || s.relation.Schema == parts[0]) {
				return columnRef{s, name}, true
			}
		}
	}
	return columnRef{}, false
}

// resolveIn returns the column that a name without a table means. A column that
// USING merged is found twice, so it has to be named with its table.
func resolveIn(sources []*source, name string) (columnRef, bool) {
	var found []columnRef
	for _, s := range sources {
		if s.relation == nil {
			return columnRef{}, false // it may have such a column
		}
		if s.column(name) != nil {
			found = append(found, columnRef{s, name})
		}
	}
	if len(found) != 1 {
		return columnRef{}, false
	}
	return found[0], true
}
