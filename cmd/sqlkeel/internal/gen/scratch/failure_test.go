package scratch

import (
	"errors"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

func TestTheFirstFailureIsToldWithItsPlaceAndNothingStays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"a missing relation": {[]string{"1.sql", "CREATE TABLE a (id int);\nCREATE VIEW v AS\n  SELECT é.id FROM nowhere é;\nSELECT 1/0;"},
			`1.sql:3:20: relation "nowhere" does not exist (SQLSTATE 42P01)`},
		"a typing error": {[]string{"1.sql", "CREATE TABLE a (id int);\nCREATE TABEL b (id int);"},
			`1.sql:2:8: syntax error at or near "TABEL" (SQLSTATE 42601)`},
		"an error in a body": {[]string{"1.sql", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURNN 1;\nEND $$;"},
			`1.sql:3:3: syntax error at or near "RETURNN" (SQLSTATE 42601)`},
		"an error at run time": {[]string{"1.sql", "CREATE TABLE a (id int);\n  DO $$ BEGIN RAISE 'no' USING DETAIL = 'why', HINT = 'do'; END $$;"},
			`1.sql:2:3: no (why); do (SQLSTATE P0001)`},
		"the second file": {[]string{"1.sql", "CREATE TABLE a (id int);", "2.sql", "\n\nDROP TABLE b;"},
			`2.sql:3:1: table "b" does not exist (SQLSTATE 42P01)`},
		"an extension": {[]string{"1.sql", "CREATE EXTENSION IF NOT EXISTS sqlkeel_nothing;"},
			`1.sql:1:1: the server has no extension "sqlkeel_nothing": install it there, or name a server that has it: `},
		"a policy's role": {[]string{"1.sql", "CREATE TABLE a (id int);\nCREATE POLICY p ON a TO sqlkeel_nobody;"},
			`1.sql:2:1: the policy's role must exist on the server: create it there with NOLOGIN, or use a server of sqlkeel's own: role "sqlkeel_nobody" does not exist`},
		"another file by psql": {[]string{"1.sql", "CREATE TABLE a (id int);\n\\i other.sql\n"},
			`1.sql:2:1: psql's \i is not followed: name the file under schema:`},
		"an open transaction": {[]string{"1.sql", "BEGIN;\nCREATE TABLE a (id int);\n"},
			`1.sql:2:1: the file ends within a transaction: add COMMIT`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, names := schemaFiles(t, c.files...)
			database := newName()
			d, err := open(t.Context(), b.dsn, names, Options{Strict: true, Base: base}, hooks{name: database})
			var p *project.Problem
			if d != nil || !errors.As(err, &p) {
				t.Fatalf("Open = %v, %v; want a Problem", d, err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("Open = %s\nwant %s", err, c.want)
			}
			if b.exists(t, database) {
				t.Error("the database is still there")
			}
		})
	}
}

func TestInspectionGoesOnBehindFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{},
		"1.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id nothing);\nCREATE TABLE c (id int REFERENCES b);\nCREATE TABLE d (id int);",
		"2.sql", "BEGIN;\nCREATE TABLE e (id int);\nDROP TABLE nothing;\nCREATE TABLE f (id int);\nCOMMIT;\nCREATE EXTENSION plpgsql;\nCREATE SCHEMA public;",
		"3.sql", "BEGIN; CREATE TABLE g (id int);")
	if got, want := relations(t, d), "a d e f g"; got != want {
		t.Errorf("relations = %q, want %q", got, want)
	}
	expect(t, told(d), []string{
		`1.sql:2:20: type "nothing" does not exist (SQLSTATE 42704)`,
		`1.sql:3:1: relation "b" does not exist (SQLSTATE 42P01)`,
		`2.sql:3:1: table "nothing" does not exist (SQLSTATE 42P01)`,
		`warning 2.sql:6:1: extension "plpgsql" already exists (SQLSTATE 42710)`,
		`warning 2.sql:7:1: schema "public" already exists (SQLSTATE 42P06)`,
		`3.sql:1:8: the file ends within a transaction: add COMMIT`,
	})
}

func TestAMissingFileIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := Open(t.Context(), b.dsn, []string{"nowhere.sql"}, Options{Strict: true, Base: t.TempDir()})
	if want := "nowhere.sql:1:1: cannot read the schema file: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("Open = %v, want %s", err, want)
	}
}

func TestWhoMayNotCreateDatabasesIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	role := newName()
	b.exec(t, "CREATE ROLE "+role+" LOGIN PASSWORD 'x'")
	t.Cleanup(func() { b.exec(t, "DROP ROLE "+role) })
	_, err := Open(t.Context(), as(t, b.dsn, role, "x"), nil, Options{})
	want := `the role "` + role + `" may not create a scratch database on this server: run ALTER ROLE "` + role + `" CREATEDB there, or name another server: `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Open = %v\nwant %s", err, want)
	}
}

func TestABadDSNIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), "postgres://%zz", nil, Options{}); err == nil || !strings.Contains(err.Error(), "the DSN for the scratch database is not a valid URL") {
		t.Errorf("Open = %v", err)
	}
	if _, err := Open(t.Context(), "postgres://x@127.0.0.1:1/x?connect_timeout=2", nil, Options{}); err == nil || !strings.Contains(err.Error(), "connect to the server") {
		t.Errorf("Open = %v", err)
	}
}

func TestAColumnThatADoBlockAddedMayBeAddedAgainForSqlc(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{Strict: true},
		"1.sql", "CREATE TABLE a (id int);\nDO $$ BEGIN ALTER TABLE a ADD COLUMN slug text; END $$;",
		"2.sql", "ALTER TABLE a ADD COLUMN slug text;\nCREATE TABLE b (id int);")
	expect(t, told(d), []string{`warning 2.sql:1:1: column "slug" of relation "a" already exists (SQLSTATE 42701)`})
	if got := relations(t, d); got != "a b" {
		t.Errorf("relations = %s", got)
	}
	base, names := schemaFiles(t, "1.sql", "CREATE TABLE a (id int);\nALTER TABLE a ADD COLUMN x int, ADD COLUMN id int;")
	if d, err := Open(t.Context(), b.dsn, names, Options{Strict: true, Base: base}); err == nil {
		t.Error("a column beside the one that is there was lost and nobody says so")
		_ = d.Close(t.Context())
	}
}
