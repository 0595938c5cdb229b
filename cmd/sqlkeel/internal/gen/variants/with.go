package variants

import (
	"maps"

	pg "github.com/sqlc-dev/oliphant"
)

// withs tells which names in FROM mean a query of WITH, and which one: a name hides
// tables where its WITH stands, and there from the next query on.
type withs map[*pg.RangeVar]*pg.CommonTableExpr

func readWiths(tree any) withs {
	w := withs{}
	w.read(tree, nil)
	return w
}

func (w withs) read(v any, names map[string]*pg.CommonTableExpr) {
	if n, ok := v.(*pg.Node); ok {
		v = inner(n)
	}
	if r, ok := v.(*pg.RangeVar); ok {
		if c := names[r.Relname]; c != nil && r.Schemaname == "" {
			w[r] = c
		}
		return
	}
	with := (*pg.WithClause)(nil)
	if s, ok := v.(interface{ GetWithClause() *pg.WithClause }); ok {
		with = s.GetWithClause()
	}
	if with != nil {
		names = w.with(with, names)
	}
	children(v, func(c any) {
		if c != any(with) {
			w.read(c, names)
		}
	})
}

// with reads the queries of a WITH and returns the names that it adds to.
func (w withs) with(clause *pg.WithClause, names map[string]*pg.CommonTableExpr) map[string]*pg.CommonTableExpr {
	seen := maps.Clone(names)
	if seen == nil {
		seen = map[string]*pg.CommonTableExpr{}
	}
	if clause.Recursive {
		for _, n := range clause.Ctes {
			c := n.GetCommonTableExpr()
			seen[c.GetCtename()] = c
		}
	}
	for _, n := range clause.Ctes {
		c := n.GetCommonTableExpr()
		w.read(c.GetCtequery(), seen)
		seen[c.GetCtename()] = c
	}
	return seen
}
