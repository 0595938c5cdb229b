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
				Name: name, Function: function, Events: triggerEvents(kind), Columns: append([]int(nil), columns...), When: l.usesOf(when),
				Before: kind&tgBefore != 0, Row: kind&tgRow != 0, Instead: kind&tgInstead != 0,
			}
			t.Argument, _, _ = strings.Cut(string(argument), "\x00")
			for _, table := range []string{oldTable, newTable} {
				if table != "" {
					t.Tables = append(t.Tables, table)
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
	var relation OID
	var qual, check string
	return each(ctx, tx, `
		SELECT polrelid, coalesce(polqual::text, ''), coalesce(polwithcheck::text, '') FROM pg_policy ORDER BY polrelid, polname`,
		[]any{&relation, &qual, &check}, func() {
			if r := l.Relations[relation]; r != nil {
				r.Policies = appendUses(r.Policies, l.behind(relation, qual, check))
			}
		})
}

// loadExpressions reads what a write to a relation computes: defaults, generated
// columns, checks, and the expressions of indexes, with the functions of users by which
// these compare.
func (l *loader) loadExpressions(ctx context.Context, tx pgx.Tx) error {
	var oid OID
	var number int
	var tree, predicate string
	var functions []OID
	err := each(ctx, tx, `
		SELECT adrelid, adnum::int, adbin::text, '', '{}'::oid[] FROM pg_attrdef
		UNION ALL SELECT conrelid, 0, conbin::text, '', '{}' FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0
		UNION ALL SELECT conrelid, 0, '', '', ARRAY(SELECT o.oprcode::oid FROM pg_operator o WHERE o.oid = ANY (conexclop) AND o.oid >= 16384)
		          FROM pg_constraint WHERE contype = 'x'
		UNION ALL SELECT indrelid, 0, coalesce(indexprs::text, ''), coalesce(indpred::text, ''),
		                 ARRAY(SELECT p.amproc::oid FROM pg_opclass c JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
		                       WHERE c.oid = ANY (indclass) AND c.oid >= 16384 AND p.amproc::oid >= 16384)
		FROM pg_index WHERE indrelid >= 16384`,
		[]any{&oid, &number, &tree, &predicate, &functions}, func() {
			r := l.Relations[oid]
			if r == nil {
				return
			}
			u := l.usesOf(tree, predicate)
			for _, f := range functions {
				u.Add(l.Called(f))
			}
			r.Defaults = appendUses(r.Defaults, u)
			for i := range r.Columns {
				if c := &r.Columns[i]; c.Number == number && c.Generated {
					c.From = u.Columns
				}
			}
		})
	for _, r := range l.Relations {
		for _, c := range r.Columns {
			r.Defaults = appendUses(r.Defaults, l.Checks(c.Type))
			l.within(c.Type, func(t OID) { r.Defaults = appendUses(r.Defaults, l.usesOf(l.domains[t].preset...)) })
		}
	}
	return err
}

// behind returns what an object's expressions use, but for the object's own relation.
func (l *loader) behind(own OID, trees ...string) *Uses {
	u := l.usesOf(trees...)
	delete(u.Relations, own)
	return u
}
