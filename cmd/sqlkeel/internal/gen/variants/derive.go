package variants

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// table returns what is known of a name in FROM: a CTE, a table or a view.
func (r *framer) table(v *pg.RangeVar) *table {
	if cte, ok := r.ctes[v]; ok {
		return r.cte(cte)
	}
	t := r.f.schema.find(v)
	if t == nil || t.definition == "" || r.views[t] {
		return t
	}
	tree, err := pg.Parse(t.definition)
	if err != nil || len(tree.Stmts) != 1 {
		return t
	}
	view := r.viewFramer(tree.Stmts[0].Stmt)
	r.views[t] = true
	defer delete(r.views, t)
	q := view.query(inner(tree.Stmts[0].Stmt))
	if q == nil {
		return t
	}
	// What derives from the definition adds keys, and what is never NULL.
	if named := q.rename(names(t.columns)); named != nil && len(named.columns) == len(t.columns) {
		return &table{columns: named.columns, keys: append(named.keys, t.keys...)}
	}
	return t
}

func names(columns []column) (list []string) {
	for _, c := range columns {
		list = append(list, c.name)
	}
	return list
}

func newFramer(f *finder, tree any) *framer {
	return &framer{f: f, ctes: readWiths(tree), used: map[*pg.CommonTableExpr]bool{}, views: map[*table]bool{}}
}

// viewFramer makes frames of a view's definition.
func (r *framer) viewFramer(tree any) *framer {
	view := newFramer(&finder{schema: r.f.schema, source: &source{}}, tree)
	view.views = r.views
	return view
}

func (r *framer) cte(c *pg.CommonTableExpr) *table {
	if r.used[c] {
		return nil
	}
	r.used[c] = true
	defer func() { r.used[c] = false }()
	t := r.query(inner(c.Ctequery))
	if t == nil || len(c.Aliascolnames) == 0 {
		return t
	}
	return renamed(t, &pg.Alias{Colnames: c.Aliascolnames})
}

// query returns what is known of the rows of a query, or nil.
func (r *framer) query(v any) *table {
	switch q := v.(type) {
	case *pg.SelectStmt:
		return r.selected(q)
	case *pg.InsertStmt:
		return r.returned(q.Relation, nil, nil, q.ReturningClause)
	case *pg.UpdateStmt:
		return r.returned(q.Relation, q.FromClause, q.WhereClause, q.ReturningClause)
	case *pg.DeleteStmt:
		return r.returned(q.Relation, q.UsingClause, q.WhereClause, q.ReturningClause)
	}
	return nil
}

// returned is a table of RETURNING: a row of the target is returned once.
func (r *framer) returned(target *pg.RangeVar, from []*pg.Node, where *pg.Node, ret *pg.ReturningClause) *table {
	if target == nil || ret == nil || len(ret.Options) > 0 {
		return nil
	}
	if t := r.f.schema.find(target); t == nil || t.definition != "" {
		return nil // a view's trigger returns what it likes
	}
	fr := r.frame(append([]*pg.Node{{Node: &pg.Node_RangeVar{RangeVar: target}}}, from...), where)
	t, outputs, ok := r.outputs(fr, ret.Exprs)
	if !ok {
		return nil
	}
	only := &frame{rels: fr.rels[:1], pinned: slices.DeleteFunc(slices.Clone(fr.pinned), func(p place) bool { return p.rel != 0 })}
	r.derive(t, only, outputs, func(columns []place) bool { return only.known(columns)[0] })
	return t
}

func (r *framer) selected(q *pg.SelectStmt) *table {
	if q.Op != pg.SetOperation_SETOP_NONE || len(q.ValuesLists) > 0 {
		return nil
	}
	fr := r.frame(q.FromClause, q.WhereClause)
	t, outputs, ok := r.outputs(fr, q.TargetList)
	if !ok {
		return nil
	}
	if n, ok := inner(q.LimitCount).(*pg.A_Const); ok && n.GetIval() != nil && n.GetIval().GetIval() <= 1 && q.LimitOption != pg.LimitOption_LIMIT_OPTION_WITH_TIES {
		t.keys = [][]string{{}}
		return t
	}
	r.derive(t, fr, outputs, func(columns []place) bool { return r.rows(q, fr, keys{places: columns}) })
	r.deriveGroups(t, q, fr, outputs)
	return t
}

// outputs lists the columns of a result, and which columns of the frame they are.
func (r *framer) outputs(fr *frame, targets []*pg.Node) (t *table, from []*place, ok bool) {
	t = &table{}
	for _, n := range targets {
		target, ok := inner(n).(*pg.ResTarget)
		if !ok {
			return nil, nil, false
		}
		if rels, star := fr.star(target); star {
			if rels == nil {
				return nil, nil, false
			}
			for _, i := range rels {
				for _, c := range fr.rels[i].table.columns {
					c.notNull = c.notNull && !fr.rels[i].optional
					t.columns, from = append(t.columns, c), append(from, &place{i, c.name})
				}
			}
			continue
		}
		c := column{}
		c.name, _ = syntax.ColumnName(target)
		p, found := fr.resolve(inner(target.Val))
		if !found {
			t.columns, from = append(t.columns, c), append(from, nil)
			continue
		}
		of, _ := fr.rels[p.rel].table.column(p.name)
		c.typ, c.notNull = of.typ, of.notNull && !fr.rels[p.rel].optional
		t.columns, from = append(t.columns, c), append(from, &p)
	}
	return t, from, true
}

// star returns the relations that * or alias.* stands for; nil when their columns are
// not known.
func (fr *frame) star(t *pg.ResTarget) (rels []int, star bool) {
	c, ok := inner(t.Val).(*pg.ColumnRef)
	if !ok || len(c.Fields) == 0 {
		return nil, false
	}
	if _, ok := inner(c.Fields[len(c.Fields)-1]).(*pg.A_Star); !ok {
		return nil, false
	}
	for i, r := range fr.rels {
		if len(c.Fields) == 1 || len(c.Fields) == 2 && r.alias == c.Fields[0].GetString_().GetSval() {
			if r.table == nil || len(fr.merged) > 0 {
				return nil, true
			}
			rels = append(rels, i)
		}
	}
	return rels, true
}

// derive finds keys of a result: none at all, and those of its relations, when they
// name all of a row.
func (r *framer) derive(t *table, fr *frame, outputs []*place, name func([]place) bool) {
	if name(nil) {
		t.keys = append(t.keys, []string{})
		return
	}
	for i, x := range fr.rels {
		if x.table == nil || x.optional {
			continue
		}
		for _, key := range x.table.keys {
			var places []place
			var columns []string
			for _, c := range key {
				if at := slices.IndexFunc(outputs, func(p *place) bool { return p != nil && *p == place{i, c} }); at >= 0 {
					places, columns = append(places, *outputs[at]), append(columns, t.columns[at].name)
				}
			}
			if len(columns) == len(key) && name(places) {
				t.keys = append(t.keys, columns)
			}
		}
	}
}

// deriveGroups makes a key of what a query groups by.
func (r *framer) deriveGroups(t *table, q *pg.SelectStmt, fr *frame, outputs []*place) {
	if len(q.GroupClause) == 0 {
		return
	}
	key := []string{}
	for _, n := range q.GroupClause {
		p, ok := fr.resolve(r.grouped(q, fr, n))
		at := slices.IndexFunc(outputs, func(o *place) bool { return ok && o != nil && *o == p })
		if at < 0 || !t.columns[at].notNull {
			return
		}
		key = append(key, t.columns[at].name)
	}
	if !r.multiplied(q) {
		t.keys = append(t.keys, key)
	}
}
