package generated_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// digests asks conn, by the SchemaQuery given.
func digests(t *testing.T, conn interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, query string, names []string) map[string]string {
	t.Helper()
	found := map[string]string{}
	var name, digest string
	rows, _ := conn.Query(t.Context(), query, names)
	if _, err := pgx.ForEachRow(rows, []any{&name, &digest}, func() error { found[name] = digest; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

// everything is the relations and functions of a database by the names that
// SchemaQuery takes, and some that it must leave out.
const everything = `
	SELECT CASE nspname WHEN 'public' THEN '' ELSE quote_ident(nspname) || '.' END || quote_ident(relname)
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND nspname IN ('public', 'app')
	UNION ALL
	SELECT CASE nspname WHEN 'public' THEN '' ELSE quote_ident(nspname) || '.' END || quote_ident(proname) || '(' || oidvectortypes(proargtypes) || ')'
	FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname IN ('public', 'app')
	UNION ALL VALUES ('pg_class'), ('pg_catalog.pg_class'), ('now()'), ('missing')`

// The golden files are the same for every version of PostgreSQL. A schema that was
// changed on purpose changes them: the failure prints what they have to be.
func TestDigestsDoNotDependOnTheVersion(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	for golden, pg := range map[string]*pgtest.DB{
		"testdata/bookstore.digests": pgtest.New(t, pgtest.WithMigrations(migrations.FS)),
		"testdata/schema.digests":    pgtest.New(t),
	} {
		conn := pg.Conn()
		if strings.Contains(golden, "schema") {
			if _, err := conn.Exec(t.Context(), string(schema)); err != nil {
				t.Fatal(err)
			}
		}
		rows, _ := conn.Query(t.Context(), everything)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		found := digests(t, conn, generated.SchemaQuery, names)
		for _, name := range slices.Sorted(maps.Keys(found)) {
			fmt.Fprintf(&got, "%s\t%s\n", found[name], name)
		}
		if want, err := os.ReadFile(golden); err != nil || got.String() != string(want) {
			t.Errorf("%s has to be (%v):\n%s", golden, err, got.String())
		}
	}
}

func TestNamesAreFoundWithQuotesAndWithout(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	_, err := conn.Exec(t.Context(), `CREATE SCHEMA "My App"; CREATE TABLE "My App"."T x" (a int); CREATE TYPE k AS ENUM ('a');
		CREATE FUNCTION "F"(k[], int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TEMP TABLE mine (a int)`)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{`"My App"."T x"`, `My App.T x`, `"F"(k[], integer)`, `F(k[], integer)`, `T x`, `F(k[])`, `mine`, `pg_temp.mine`}
	found := digests(t, conn, generated.SchemaQuery, names)
	if len(found) != 4 || found[names[0]] != found[names[1]] || found[names[2]] != found[names[3]] {
		t.Errorf("%v", found)
	}
	if _, err := conn.Exec(t.Context(), `SET search_path = "My App"`); err != nil {
		t.Fatal(err)
	}
	if again := digests(t, conn, generated.SchemaQuery, names); !maps.Equal(again, found) {
		t.Errorf("with another search_path: %v, not %v", again, found)
	}
}

func TestTheSchemaOfAnExtensionDoesNotMatter(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn()
	run := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE SCHEMA extensions; CREATE FUNCTION make() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE made AS (a int);
		ALTER EXTENSION plpgsql ADD FUNCTION make(); ALTER EXTENSION plpgsql ADD TYPE made; CREATE TABLE t (a int DEFAULT make(), b made, c made[])`)
	names := []string{"t", "make()"}
	was := digests(t, conn, generated.SchemaQuery, names)
	run(`ALTER EXTENSION plpgsql DROP FUNCTION make(); ALTER EXTENSION plpgsql DROP TYPE made; ALTER FUNCTION make() SET SCHEMA extensions;
		ALTER TYPE made SET SCHEMA extensions`)
	if mine := digests(t, conn, generated.SchemaQuery, names); mine["t"] == was["t"] {
		t.Error("the schema of what is no extension's does not matter either")
	}
	run(`ALTER EXTENSION plpgsql ADD FUNCTION extensions.make(); ALTER EXTENSION plpgsql ADD TYPE extensions.made`)
	if is := digests(t, conn, generated.SchemaQuery, names); len(is) != 1 || is["t"] != was["t"] {
		t.Errorf("%v became %v", was, is)
	}
}
