package scratch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// schemaFiles writes files of names and contents, and returns their folder and
// their names.
func schemaFiles(t *testing.T, pairs ...string) (base string, names []string) {
	t.Helper()
	base = t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		if err := os.WriteFile(filepath.Join(base, pairs[i]), []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, pairs[i])
	}
	return base, names
}

// bench is a server to have scratch databases on, and a look at it.
type bench struct {
	dsn  string
	pool *pgxpool.Pool
}

func newBench(t *testing.T) bench {
	t.Helper()
	db := pgtest.New(t)
	return bench{dsn: db.DSN(), pool: db.Pool()}
}

// open makes a database, which is dropped at the end of the test at the latest.
func (b bench) open(t *testing.T, opts Options, pairs ...string) *Database {
	t.Helper()
	base, names := schemaFiles(t, pairs...)
	opts.Base = base
	d, err := Open(t.Context(), b.dsn, names, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// relations lists tables, views and columns outside of the catalogs, as a line.
func relations(t *testing.T, d *Database) string {
	t.Helper()
	return one[string](t, d, `SELECT coalesce(string_agg(r, ' ' ORDER BY r), '') FROM (
		SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS r
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'v', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') x`)
}

// one returns the single value that sql selects in a new session.
func one[T any](t *testing.T, d *Database, sql string) T {
	t.Helper()
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// exists tells whether a database is on the server.
func (b bench) exists(t *testing.T, name string) bool {
	t.Helper()
	return b.has(t, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
}

func (b bench) has(t *testing.T, sql string, args ...any) bool {
	t.Helper()
	var yes bool
	if err := b.pool.QueryRow(context.Background(), sql, args...).Scan(&yes); err != nil {
		t.Fatal(err)
	}
	return yes
}

func (b bench) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := b.pool.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// told lists a database's problems, warnings marked.
func told(d *Database) []string {
	var list []string
	for _, p := range d.Problems {
		text := p.Error()
		if p.Warning {
			text = "warning " + text
		}
		list = append(list, text)
	}
	return list
}

func expect(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
