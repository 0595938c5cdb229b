package catalog

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// schema makes a database with the schema in it, and loads its catalog.
func schema(t *testing.T, sql string) (*pgx.Conn, *Catalog) {
	t.Helper()
	conn := pgtest.New(t).Conn()
	exec(t, conn, sql)
	return conn, load(t, conn)
}

func load(t *testing.T, conn *pgx.Conn) *Catalog {
	t.Helper()
	c, err := Load(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// share runs a check for every case, on a few databases that are emptied between
// the cases: making a database for each would take longer than all else.
func share[T interface {
	title() string
	first() int
}](t *testing.T, cases []T, check func(*testing.T, *pgx.Conn, T)) {
	t.Helper()
	const databases = 3
	for i := range databases {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			conn := pgtest.New(t).Conn()
			for j := i; j < len(cases); j += databases {
				t.Run(strings.ReplaceAll(cases[j].title(), " ", "_"), func(t *testing.T) {
					since(t, conn, cases[j].first())
					check(t, conn, cases[j])
				})
				exec(t, conn, empty)
			}
		})
	}
}

// since skips a test that an older PostgreSQL cannot run.
func since(t *testing.T, conn *pgx.Conn, version int) {
	t.Helper()
	var number int
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int / 10000").Scan(&number); err != nil {
		t.Fatal(err)
	}
	if number < version {
		t.Skipf("this is new in PostgreSQL %d, and here is %d", version, number)
	}
}

const empty = `DO $$ DECLARE name text; BEGIN
	FOR name IN SELECT nspname FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public' LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', name);
	END LOOP;
	CREATE SCHEMA public;
END $$`

// closure closes over what a statement does by itself.
func closure(t *testing.T, c *Catalog, sql string) Closure {
	t.Helper()
	b, unknown := c.Text(sql, nil)
	if err := c.Err(); err != nil || unknown != "" {
		t.Fatalf("%s: %s %v", sql, unknown, err)
	}
	k := c.Close(b.Changes, slices.Collect(maps.Keys(b.Relations)), slices.Collect(maps.Keys(b.Functions)))
	first(&k.ReadsAnything, b.Anything)
	first(&k.Session, b.Session)
	return k
}

// contents returns what every table, view and materialised view shows.
func contents(t *testing.T, conn *pgx.Conn, c *Catalog) map[string]string {
	t.Helper()
	out := map[string]string{}
	for oid, r := range c.Relations {
		if r.System || strings.IndexByte("rpvm", r.Kind) < 0 {
			continue
		}
		var rows string
		sql := fmt.Sprintf("SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '') FROM (SELECT * FROM %s) r", c.Name(oid))
		if err := conn.QueryRow(t.Context(), sql).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		out[c.Name(oid)] = rows
	}
	return out
}

// changed runs a statement and returns the relations that show other rows
// afterwards.
func changed(t *testing.T, conn *pgx.Conn, c *Catalog, sql string) []string {
	t.Helper()
	before := contents(t, conn, c)
	exec(t, conn, sql)
	var out []string
	after := contents(t, conn, c)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] != after[name] {
			out = append(out, name)
		}
	}
	return out
}

// missed returns the relations among those that changed which the closure does not
// tell: a table must be among its changes, and a view must rest on one that is.
func missed(c *Catalog, k Closure, changed []string) []string {
	var out []string
	for _, name := range changed {
		if !tells(c, k, name) {
			out = append(out, name)
		}
	}
	return out
}

func tells(c *Catalog, k Closure, name string) bool {
	if k.Anything != "" {
		return true
	}
	for oid, r := range c.Relations {
		if r.printed != name {
			continue
		}
		if r.Kind != 'v' {
			_, told := k.Changes[oid]
			return told
		}
		for read := range c.Close(nil, []OID{oid}, nil).Reads {
			if _, told := k.Changes[read]; told {
				return true
			}
		}
	}
	return false
}

// told writes the changes of a closure: their names, with an exclamation mark for
// those that are reached again.
func told(c *Catalog, k Closure) string {
	var out []string
	for oid, r := range k.Changes {
		name := c.Name(oid)
		if r.Again {
			name += "!"
		}
		out = append(out, name)
	}
	slices.Sort(out)
	if k.Anything != "" {
		out = append(out, "anything")
	}
	return strings.Join(out, " ")
}

// names of the relations that a closure reads.
func readNames(c *Catalog, k Closure) string {
	var out []string
	for oid := range k.Reads {
		out = append(out, c.Name(oid))
	}
	slices.Sort(out)
	if k.ReadsAnything+k.Unseen != "" {
		out = append(out, "anything")
	}
	return strings.Join(out, " ")
}
