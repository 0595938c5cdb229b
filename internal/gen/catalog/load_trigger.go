package catalog

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The bits of pg_trigger.tgtype.
const (
	tgRow = 1 << iota
	tgBefore
	tgInsert
	tgDelete
	tgUpdate
	tgTruncate
	tgInstead
)

// loadTriggers reads enabled triggers. Those that partitions got from their
// partitioned table are marked as internal before 15, as are those of constraints,
// whose functions are PostgreSQL's own.
func (l *loader) loadTriggers(ctx context.Context, tx pgx.Tx) error {
	var oid, function OID
	var name, when, oldTable, newTable string
	var kind int
	var columns []int
	var argument []byte
	return each(ctx, tx, `
		SELECT t.tgrelid, t.tgname, t.tgfoid, t.tgtype, t.tgattr::int2[], coalesce(t.tgqual::text, ''),
		       coalesce(t.tgoldtable, ''), coalesce(t.tgnewtable, ''), t.tgargs
		FROM pg_trigger t
		JOIN pg_proc p ON p.oid = t.tgfoid
		JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE t.tgenabled <> 'D' AND (NOT t.tgisinternal OR n.nspname <> 'pg_catalog')
		ORDER BY t.tgrelid, t.tgname`,
		[]any{&oid, &name, &function, &kind, &columns, &when, &oldTable, &newTable, &argument}, func() {
			r := l.Relations[oid]
			if r == nil {
				return
			}
			t := Trigger{
				Name: name, Function: function, Events: triggerEvents(kind), Columns: append([]int(nil), columns...), When: l.Tree(when),
				Before: kind&tgBefore != 0, Row: kind&tgRow != 0, Instead: kind&tgInstead != 0,
			}
			t.Argument, _, _ = strings.Cut(string(argument), "\x00")
			for _, table := range []string{oldTable, newTable} {
				if table != "" {
					t.Tables = append(t.Tables, table)
					l.transition[function] = append(l.transition[function], table)
				}
			}
			r.Triggers = append(r.Triggers, t)
		})
}

func triggerEvents(kind int) Event {
	var e Event
	for bit, event := range map[int]Event{tgInsert: Insert, tgUpdate: Update, tgDelete: Delete, tgTruncate: Truncate} {
		if kind&bit != 0 {
			e |= event
		}
	}
	return e
}

func (l *loader) loadPolicies(ctx context.Context, tx pgx.Tx) error {
	var oid, relation OID
	var trees string
	return each(ctx, tx, `
		SELECT oid, polrelid, coalesce(polqual::text, '') || ' ' || coalesce(polwithcheck::text, '')
		FROM pg_policy ORDER BY polrelid, polname`,
		[]any{&oid, &relation, &trees}, func() {
			if r := l.Relations[relation]; r != nil {
				r.Policies = appendDependency(r.Policies, l.depended(object{pgPolicy, oid}, relation, trees))
			}
		})
}

// loadExpressions reads what a write to a relation computes.
func (l *loader) loadExpressions(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var number int
	var tree string
	err := each(ctx, tx, `
		SELECT adrelid, adnum::int, adbin::text FROM pg_attrdef
		UNION ALL SELECT conrelid, 0, conbin::text FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0
		UNION ALL SELECT indrelid, 0, coalesce(indexprs::text, '') || ' ' || coalesce(indpred::text, '') FROM pg_index
		WHERE indrelid >= 16384 AND (indexprs IS NOT NULL OR indpred IS NOT NULL)`,
		[]any{&oid, &number, &tree}, func() {
			r := l.Relations[oid]
			if r == nil {
				return
			}
			d, columns := l.tree(tree)
			r.Defaults = appendDependency(r.Defaults, d)
			for i := range r.Columns {
				if c := &r.Columns[i]; c.Number == number && c.Generated {
					c.From = columns
				}
			}
		})
	for _, r := range l.Relations {
		for _, c := range r.Columns {
			l.within(c.Type, func(t OID) {
				r.Defaults = appendDependency(appendDependency(r.Defaults, l.domains[t].checks), l.domains[t].preset)
			})
		}
	}
	return err
}
