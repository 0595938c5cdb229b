package pgtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
)

// files makes a file system of names and texts.
func files(list ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(list); i += 2 {
		fsys[list[i]] = &fstest.MapFile{Data: []byte(list[i+1])}
	}
	return fsys
}

// fresh makes a template that no earlier run on the server has left: it would hide a
// fault in what applies the migrations.
func fresh() Option {
	return WithSeed("fresh "+randomHex(4), func(context.Context, *pgx.Conn) error { return nil })
}

// tables lists the tables of a new database with the migrations, and counts their
// rows. Its template is a fresh one.
func tables(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	return tablesOf(t, fsys, fresh())
}

func tablesOf(t *testing.T, fsys fstest.MapFS, seed Option) string {
	t.Helper()
	conn := New(t, WithMigrations(fsys), seed).Conn()
	var list string
	err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(n.nspname || '.' || c.relname || ' ' ||
		(xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text, ', ' ORDER BY 1), '')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relname <> 'goose_db_version'`).Scan(&list)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(list, "public.", "")
}

func TestFilesOfEveryToolAreApplied(t *testing.T) {
	t.Parallel()
	const dump = "SELECT pg_catalog.set_config('search_path', '', false);\n\\restrict x\nCREATE TABLE public.a (id int, t text);\n" +
		"COPY public.a (id, t) FROM stdin;\n1\tit's; here\n2\t\\N\n\\.\n\nCREATE TABLE public.b (id int);\nCOPY public.b FROM stdin;\n\\.\nALTER TABLE ONLY public.a ADD PRIMARY KEY (id);\n\\unrestrict x\n"
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		want string
	}{
		"goose":          {files("1_a.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n", "10_b.sql", "-- +goose Up\nDROP TABLE b;\n", "9_b.sql", "-- +goose Up\nCREATE TABLE b (id int);\n"), "a 0"},
		"golang-migrate": {files("1_a.up.sql", "CREATE TABLE a (id int);", "1_a.down.sql", "DROP TABLE a;", "10_c.up.sql", "INSERT INTO b VALUES (1);", "9_b.up.sql", "CREATE TABLE b (id int);", "9_b.down.sql", "DROP TABLE b;"), "a 0, b 1"},
		"sql-migrate":    {files("1-a.sql", "-- +migrate Up\nCREATE TABLE a (id int);\n-- +migrate StatementBegin\nDO $$ BEGIN CREATE TABLE b (id int); END $$;\n-- +migrate StatementEnd\n-- +migrate Down\nDROP TABLE a;\n"), "a 0, b 0"},
		"dbmate":         {files("20240101_a.sql", "-- migrate:up\nCREATE TABLE a (id int);\n\n-- migrate:down\nDROP TABLE a;\n", "20240102_b.sql", "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (id);\nINSERT INTO a VALUES (1);\n-- migrate:down\n"), "a 1"},
		"tern":           {files("001_a.sql", "CREATE TABLE a (id int);\n---- create above / drop below ----\nDROP TABLE a;\n"), "a 0"},
		"flyway":         {files("V1__a.sql", "CREATE TABLE a (id int);", "V10__c.sql", "CREATE TABLE c (LIKE b);", "V9__b.sql", "CREATE TABLE b (id int);", "U9__b.sql", "DROP TABLE b;", "R__d.sql", "CREATE TABLE d AS TABLE c;"), "a 0, b 0, c 0, d 0"},
		"plain":          {files("a.sql", "CREATE TABLE a (id int); INSERT INTO a VALUES (1);\n-- name: One :one\nSELECT $1;", "b.sql", "BEGIN;\nCREATE TABLE b (id int);\nCOMMIT;\nCREATE INDEX CONCURRENTLY i ON b (id);", ".hidden.sql", "no SQL"), "a 1, b 0"},
		"a dump":         {files("a.sql", dump, "b.sql", "CREATE TABLE c (id int);"), "a 2, b 0, c 0"},
		"dumped twice":   {files("a.sql", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '\nCOPY x FROM stdin;\n' $$; CREATE TABLE a AS SELECT f();"), "a 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tables(t, c.fsys); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// The same folders are applied by the generator. That of goose is applied by goose
// itself here.
func TestASessionLastsAsItDoesUnderTheTool(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../internal/schemafile/testdata/sessions/*")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(filepath.Join(folder, "want.txt"))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			conn := New(t, WithMigrations(os.DirFS(folder)), fresh()).Conn()
			if err := conn.QueryRow(t.Context(), "SELECT concat_ws(' ', path, checks, temporary) FROM public.session").Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != strings.TrimSpace(string(want)) {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestAFileThatFailsIsNamedWithItsToolAndPlace(t *testing.T) {
	t.Parallel()
	admin := connect(t, serverDSN(t))
	defer func() { _ = admin.Close(context.Background()) }()
	for want, fsys := range map[string]fstest.MapFS{
		`1_a.up.sql:2:35 (golang-migrate): ERROR: type "nosuch" does not exist`: files("1_a.up.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (c text, é text, d nosuch);"),
		"a.sql:2:1 (no tool): ERROR: duplicate key":                             files("a.sql", "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);"),
		"a.sql:1:1 (dbmate): psql's \\i is not followed":                        files("a.sql", "\\i b.sql\n-- migrate:up\n"),
		"a.sql:2:1 (no tool): the file ends within a transaction: add COMMIT":   files("a.sql", "BEGIN;\n"),
		"1_a.sql (goose): partial migration error":                              files("1_a.sql", "-- +goose Up\nSELECT nosuch;\n"),
		"WithMigrations: 10.sql: by name this file comes before 9.sql":          files("9.sql", "SELECT 1", "10.sql", "SELECT 1"),
		"WithMigrations: 1_a.up.sql: its version 1 is also that of 01_b.up.sql": files("1_a.up.sql", "SELECT 1", "01_b.up.sql", "SELECT 1"),
		"WithMigrations: there is no *.sql file at the root of the file system": files("a/b.sql", "SELECT 1", "c.down.sql", "SELECT 1"),
	} {
		tmpl := template{migrations: fsys}
		if _, err := tmpl.ensure(t.Context(), admin); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestATemplateIsOfTheEnvironmentThatItsFilesName(t *testing.T) {
	const text = "-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${PGTEST_NAME} (id int);\nCREATE TABLE ${PGTEST_OTHER:-other} (id int);\n"
	fsys, seed := files("1_a.sql", text), fresh()
	for _, c := range []struct{ name, other, want string }{{"alpha", "", "alpha 0, other 0"}, {"beta", "", "beta 0, other 0"}, {"alpha", "more", "alpha 0, more 0"}, {"alpha", "", "alpha 0, other 0"}} {
		t.Setenv("PGTEST_NAME", c.name)
		t.Setenv("PGTEST_OTHER", c.other)
		if got := tablesOf(t, fsys, seed); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	t.Setenv("PGTEST_UNRELATED", "a")
	before := digestOf(t, template{migrations: fsys}, "18")
	t.Setenv("PGTEST_UNRELATED", "b")
	if digestOf(t, template{migrations: fsys}, "18") != before {
		t.Error("a variable that no file names changes the digest")
	}
	plain := files("1_a.sql", strings.Replace(text, "ENVSUB ON", "ENVSUB OFF", 1))
	before = digestOf(t, template{migrations: plain}, "18")
	t.Setenv("PGTEST_NAME", "gamma")
	if digestOf(t, template{migrations: plain}, "18") != before {
		t.Error("a variable in a file without ENVSUB changes the digest")
	}
}

func TestATemplateIsOfTheSessionThatMadeIt(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, params := range []string{"", "search_path=pg_catalog", "search_path=public", "application_name=x"} {
		dsn := serverDSN(t)
		if params != "" {
			dsn += "&" + params
		}
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		tmpl := template{}
		sum, err := tmpl.digest(sessionOf(conn)...)
		if err != nil {
			t.Fatal(err)
		}
		if before, same := seen[string(sum[:])]; same != (params == "application_name=x") {
			t.Errorf("%q and %q: same %t", before, params, same)
		}
		seen[string(sum[:])] = params
		_ = conn.Close(t.Context())
	}
}
