package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

func (l *loader) loadRules(ctx context.Context, tx pgx.Tx) error {
	var oid, relation OID
	var event, qual, action, source string
	var rule Rule
	return each(ctx, tx, `
		SELECT r.oid, r.ev_class, r.rulename, r.ev_type::text, r.is_instead, coalesce(r.ev_qual::text, ''), r.ev_action::text,
		       CASE WHEN r.ev_type <> '1' THEN pg_get_ruledef(r.oid) ELSE '' END
		FROM pg_rewrite r
		JOIN pg_class c ON c.oid = r.ev_class
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		WHERE r.ev_enabled <> 'D'
		ORDER BY r.ev_class, r.rulename`,
		[]any{&oid, &relation, &rule.Name, &event, &rule.Instead, &qual, &action, &source}, func() {
			r := l.Relations[relation]
			if r == nil {
				return
			}
			one := rule
			one.Conditional = qual != "" && qual != "<>"
			one.Event = map[byte]Event{'2': Update, '3': Insert, '4': Delete}[first(event)]
			one.Depends = l.depended(object{pgRewrite, oid}, relation, qual+" "+action)
			if one.Event != 0 {
				statements, ok := actionsOf(source)
				one.Changes = l.split(&one.Depends, statements, ok)
			}
			r.Rules = append(r.Rules, one)
		})
}

// actionsOf returns the condition and the statements of a CREATE RULE.
func actionsOf(source string) (statements []*pg.Node, ok bool) {
	tree, err := syntax.Parse(source)
	if err != nil || len(tree.GetStmts()) != 1 {
		return nil, false
	}
	rule := tree.GetStmts()[0].GetStmt().GetRuleStmt()
	return append(rule.GetActions(), rule.GetWhereClause()), rule != nil
}

// changesOf finds the relations and columns of changes in a body.
func (c *Catalog) changesOf(list []syntax.Change, path []string, anywhere bool) (changes []Change, missing string) {
	for _, s := range list {
		oids := c.lookup(s.Relation, path, anywhere)
		if len(oids) == 0 {
			missing = s.Relation.String()
		}
		for _, oid := range oids {
			changes = append(changes, Change{Relation: oid, Event: s.Event, Cascade: s.Cascade, Only: s.Only, Columns: c.numbers(oid, s.Columns)})
		}
	}
	return changes, missing
}

// numbers returns the numbers of named columns, nil when one is not known.
func (c *Catalog) numbers(oid OID, names []string) []int {
	r := c.Relations[oid]
	var out []int
	for _, name := range names {
		column := r.Column(name)
		if column == nil {
			return nil
		}
		out = append(out, column.Number)
	}
	return out
}

// loadViews reads which views pass changes on to the one relation under them.
func (l *loader) loadViews(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var events int
	var source string
	return each(ctx, tx, `
		SELECT c.oid, pg_relation_is_updatable(c.oid, false), pg_get_viewdef(c.oid)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		WHERE c.relkind = 'v'`,
		[]any{&oid, &events, &source}, func() {
			r := l.Relations[oid]
			if r == nil {
				return
			}
			// The bits are those of PostgreSQL's CmdType.
			for bit, event := range map[int]Event{2: Update, 3: Insert, 4: Delete} {
				if events&(1<<bit) != 0 {
					r.Automatic |= event
				}
			}
			if r.Automatic != 0 {
				l.viewBase(r, source)
			}
		})
}

// viewBase finds the relation that an updatable view shows and which of its
// columns are columns of that. When the text cannot be read the view passes its
// changes on to everything in it, which is what Base 0 means.
func (l *loader) viewBase(view *Relation, source string) {
	tree, err := syntax.Parse(source)
	if err != nil || len(tree.GetStmts()) != 1 {
		return
	}
	s := tree.GetStmts()[0].GetStmt().GetSelectStmt()
	if len(s.GetFromClause()) != 1 {
		return
	}
	from := s.GetFromClause()[0].GetRangeVar()
	base := l.Relations[l.relations[syntax.Name{Schema: from.GetSchemaname(), Name: from.GetRelname()}]]
	if from == nil || base == nil || len(from.GetAlias().GetColnames()) > 0 {
		return // with other names for its columns
	}
	view.Base, view.base = base.OID, map[int]int{}
	for i, t := range s.GetTargetList() {
		if column := base.Column(plainColumn(t.GetResTarget().GetVal())); column != nil && i < len(view.Columns) {
			view.base[view.Columns[i].Number] = column.Number
		}
	}
}

// plainColumn returns the name of the column that an expression is.
func plainColumn(n *pg.Node) string {
	fields := n.GetColumnRef().GetFields()
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1].GetString_().GetSval()
}
