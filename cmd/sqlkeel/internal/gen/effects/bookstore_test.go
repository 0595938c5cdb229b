package effects

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// bookstore returns the statements of this module's own queries.
func bookstore(t *testing.T) []*project.Statement {
	t.Helper()
	p, err := project.Load("../../../../../sqlc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []*project.Statement
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			if st.Refused == nil {
				out = append(out, st)
			}
		}
	}
	if len(out) < 30 {
		t.Fatalf("%d statements", len(out))
	}
	return out
}

func TestReadsAndWritesAreTheLocksThatPREPARETakes(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t, pgtest.WithMigrations(migrations.FS)).Conn()
	a := on(t, conn, "")
	compared := 0
	for _, st := range bookstore(t) {
		out, err := a.Analyze(t.Context(), st)
		if err != nil {
			t.Errorf("%s: %v", st.Name, err)
			continue
		}
		reads, writes, locks, ok := locksOfPREPARE(t, conn, st.SQL)
		if !ok {
			t.Logf("%s cannot be prepared with PREPARE", st.Name)
			continue
		}
		compared++
		if !slices.Equal(out.Reads, reads) || !slices.Equal(out.Writes, writes) || !slices.Equal(out.Locks, locks) {
			t.Errorf("%s: reads %v, writes %v, locks %v\nPREPARE reads %v, writes %v, locks %v", st.Name, out.Reads, out.Writes, out.Locks, reads, writes, locks)
		}
	}
	if compared < 30 {
		t.Errorf("only %d statements were compared", compared)
	}
}

// locksOfPREPARE takes the locks by another way: SQL's PREPARE, and names as
// regclass prints them.
func locksOfPREPARE(t *testing.T, conn *pgx.Conn, sql string) (reads, writes, locks []string, ok bool) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "PREPARE effects_test AS "+sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, nil, nil, false
	}
	defer func() { _, _ = conn.Exec(t.Context(), "DEALLOCATE effects_test") }()
	rows, err := tx.Query(t.Context(), `SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var name, mode string
	if _, err = pgx.ForEachRow(rows, []any{&name, &mode}, func() error {
		switch mode {
		case "AccessShareLock":
			reads = append(reads, name)
		case "RowShareLock":
			locks = append(locks, name)
		default:
			writes = append(writes, name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(reads)
	return reads, writes, locks, true
}

func TestTheBookstoreIsUnderstood(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"GetBook":              "reads=authors,book_ratings,books,catalog,reviews rkeys=books.id$1,reviews.book_id$1 ro unique",
		"GetAccount":           "reads=accounts rkeys=accounts.id$1 ro unique",
		"SetPrice":             "writes=books reaches=system_log wkeys=books.id$2 unkept: it writes books, system_log",
		"RefreshCategorySales": "reads=books,sales writes=category_sales unkept: it is a REFRESH",
		"ClaimTasks":           "locks=tasks unkept: it locks rows of tasks",
		"CategorySales":        "reads=category_sales ro",
		"SyncBookIDs":          "reads=books volatile unkept: setval uses a sequence",
	}
	a := on(t, pgtest.New(t, pgtest.WithMigrations(migrations.FS)).Conn(), "")
	for _, st := range bookstore(t) {
		out, err := a.Analyze(t.Context(), st)
		if err != nil {
			t.Errorf("%s: %v", st.Name, err)
			continue
		}
		if len(out.Remarks) > 0 || out.Anything || out.ReadsAnything {
			t.Errorf("%s: %v", st.Name, out.Remarks)
		}
		if w, ok := want[st.Name]; ok && w != summary(out.Effects) {
			t.Errorf("%s\n got %s\nwant %s", st.Name, summary(out.Effects), w)
		}
		delete(want, st.Name)
	}
	if len(want) > 0 {
		t.Errorf("not met: %v", want)
	}
}

func TestAnalysisIsBoundedForViewsOverViews(t *testing.T) {
	t.Parallel()
	schema := "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE VIEW v0 AS SELECT id, n FROM t;"
	for i := range 7 {
		schema += fmt.Sprintf("CREATE VIEW v%d AS SELECT a.id, b.n FROM v%d a JOIN v%d b ON a.id = b.id;", i+1, i, i)
	}
	out := analyze(t, with(t, schema, ""), ":many", `SELECT * FROM v7 WHERE id = $1`)
	if got, want := summary(out.Effects), "reads=t,v0,v1,v2,v3,v4,v5,v6,v7 rkeys=t.id$1 ro unique"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// BenchmarkAnalyze works out one statement over views over views.
func BenchmarkAnalyze(b *testing.B) {
	conn := pgtest.New(b, pgtest.WithMigrations(migrations.FS)).Conn()
	cat, err := catalog.Load(b.Context(), conn)
	if err != nil {
		b.Fatal(err)
	}
	a, err := New(b.Context(), conn, cat, "")
	if err != nil {
		b.Fatal(err)
	}
	st := statement(":one", `SELECT c.id, c.title, c.author_name FROM catalog c WHERE c.id = $1`)
	for b.Loop() {
		if _, err := a.Analyze(b.Context(), st); err != nil {
			b.Fatal(err)
		}
	}
}
