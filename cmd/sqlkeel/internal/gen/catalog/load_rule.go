package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

func (l *loader) loadRules(ctx context.Context, tx pgx.Tx) error {
	var relation OID
	var event, qual, action string
	var rule Rule
	return each(ctx, tx, `
		SELECT r.ev_class, r.rulename, r.ev_type::text, r.is_instead, coalesce(r.ev_qual::text, ''), r.ev_action::text
		FROM pg_rewrite r
		JOIN pg_class c ON c.oid = r.ev_class
		JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		WHERE r.ev_enabled <> 'D'
		ORDER BY r.ev_class, r.rulename`,
		[]any{&relation, &rule.Name, &event, &rule.Instead, &qual, &action}, func() {
			r := l.Relations[relation]
			if r == nil {
				return
			}
			one := rule
			one.Conditional = qual != "" && qual != "<>"
			one.Event = map[byte]Event{'2': Update, '3': Insert, '4': Delete}[firstByte(event)]
			one.Depends = l.behind(relation, qual, action)
			if one.Event == 0 {
				r.query = action
			}
			r.Rules = append(r.Rules, one)
		})
}

// loadViews reads which views pass changes on to the one relation under them.
func (l *loader) loadViews(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var events int
	return each(ctx, tx, `
		SELECT c.oid, pg_relation_is_updatable(c.oid, false)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
		WHERE c.relkind = 'v'`,
		[]any{&oid, &events}, func() {
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
				l.viewBase(r)
			}
		})
}

// viewBase finds the relation that an updatable view shows and which of its columns are
// columns of that. Where it is not found the view passes its changes on to everything
// in it, which is what Base 0 means.
func (l *loader) viewBase(view *Relation) {
	q := l.ViewQuery(view.OID)
	from := q.Child("jointree").List("fromlist")
	if len(from) != 1 || !from[0].Is("RANGETBLREF") {
		return
	}
	entry := from[0].Number("rtindex")
	base := l.Relations[tree.RelationAt(q, entry)]
	if base == nil {
		return
	}
	view.Base, view.base = base.OID, map[int]int{}
	for _, t := range q.List("targetList") {
		if e := t.Child("expr"); e.Is("VAR") && e.Number("varno") == entry && e.Number("varlevelsup") == 0 && e.Number("varattno") > 0 {
			view.base[t.Number("resno")] = e.Number("varattno")
		}
	}
}
