package repo_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

// TestNoOperationChangesMoreThanItsStatementsForetold runs the repository's writes and
// looks at every table: what changed must be in the generated effects of the statements
// that were sent, triggers included.
func TestNoOperationChangesMoreThanItsStatementsForetold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	beyond := false
	for _, op := range []struct {
		name string
		run  func() error
	}{
		{"set a price", func() error { return b.SetPrice(ctx, 1, 4242) }},
		{"transfer", func() error { _, err := b.Transfer(ctx, 1, 2, 5); return err }},
		{"add an author", func() error { _, err := b.AddAuthor(ctx, repo.NewAuthor{Name: "Boz"}, twoBooks); return err }},
		{"register and review", func() error {
			u, err := b.RegisterUser(ctx, "a@example.org", "A")
			if err != nil {
				return err
			}
			_, err = b.PostReview(ctx, 1, u.ID, 5, "good")
			return err
		}},
		{"refresh", func() error { return b.q.RefreshCategorySales(ctx) }},
		{"tasks", func() error {
			_, err := b.ProcessTasks(ctx, repo.TaskRun{Job: "all", Size: 50},
				func(context.Context, *queries.Queries, repo.Task) error { return nil })
			return err
		}},
	} {
		before := b.tables(t)
		b.counter.Reset()
		if err := op.run(); err != nil {
			t.Fatalf("%s: %v", op.name, err)
		}
		foretold, own := foretold(t, b.counter.Statements())
		changed := 0
		for table, digest := range b.tables(t) {
			if digest == before[table] {
				continue
			}
			changed++
			if !slices.Contains(foretold, table) {
				t.Errorf("%s: changed %s; foretold were %q", op.name, table, foretold)
			}
			beyond = beyond || !slices.Contains(own, table)
		}
		if changed == 0 {
			t.Errorf("%s: nothing changed, so that nothing was shown", op.name)
		}
	}
	if !beyond {
		t.Error("no operation changed a table beyond those that its statements name")
	}
}

// foretold returns what the statements of those names may change, and what of that
// they name themselves.
func foretold(t *testing.T, names []string) (all, own []string) {
	t.Helper()
	for _, s := range queries.Statements.Statements() {
		if slices.Contains(names, s.Name) {
			all, own = append(append(all, s.Writes...), s.Reaches...), append(own, s.Writes...)
			if s.Anything {
				t.Errorf("%s may change anything", s.Name)
			}
		}
	}
	return all, own
}

// tables returns a digest of the rows of each table.
func (b bench) tables(t *testing.T) map[string]string {
	t.Helper()
	rows, _ := b.db.Query(t.Context(), `
		SELECT relname, oid::regclass::text FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')`)
	names, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, SQL string }])
	if err != nil {
		t.Fatal(err)
	}
	digests := map[string]string{}
	for _, n := range names {
		var digest string
		if err := b.db.QueryRow(t.Context(), "SELECT coalesce(md5(string_agg(r::text, '' ORDER BY r::text)), '') FROM "+n.SQL+" r").Scan(&digest); err != nil {
			t.Fatal(err)
		}
		digests[n.Name] = digest
	}
	return digests
}
