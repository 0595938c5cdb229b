package scratch

import (
	"context"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

const withRoles = `CREATE ROLE clerk;
CREATE TABLE a (id int);
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
BEGIN;
CREATE POLICY p ON a TO clerk, auditor USING (true);
GRANT SELECT ON a TO clerk, auditor;
COMMIT;
`

func TestOnAnOwnedServerRolesAreCreated(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	for range 2 { // the second schema finds the roles of the first
		base, names := schemaFiles(t, "1.sql", withRoles)
		d, err := Open(t.Context(), server.DSN(), names, Options{Strict: true, Owned: true, Role: "app", Base: base})
		if err != nil {
			t.Fatal(err)
		}
		if got := one[string](t, d, "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_' AND NOT rolcanlogin"); got != "app auditor clerk" {
			t.Errorf("roles = %s", got)
		}
		if got := one[int](t, d, "SELECT count(*) FROM pg_policies"); got != 1 {
			t.Errorf("%d policies", got)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheApplicationsRoleMustExistOnASharedServer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	base, names := schemaFiles(t, "1.sql", "CREATE TABLE a (id int);\n", "2.sql", "\n CREATE ROLE sqlkeel_nobody LOGIN;\n")
	_, err := Open(t.Context(), b.dsn, names, Options{Strict: true, Role: "sqlkeel_nobody", Base: base})
	if want := `2.sql:2:2: the application's role sqlkeel_nobody does not exist on this server: run CREATE ROLE "sqlkeel_nobody" NOLOGIN there`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Open = %v\nwant %s", err, want)
	}
	d := b.open(t, Options{Role: "sqlkeel_nobody"}, "1.sql", "CREATE TABLE a (id int);")
	if got := told(d); len(got) != 1 || !strings.HasPrefix(got[0], "1.sql:1:1: the application's role") {
		t.Errorf("problems = %q", got)
	}
	if d := b.open(t, Options{Strict: true, Role: "pg_monitor"}, "1.sql", "CREATE TABLE a (id int);"); len(d.Problems) != 0 {
		t.Errorf("problems = %q", told(d))
	}
}

func TestADatabasesSettingsAreThoseOfTheScratchDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{Strict: true}, "1.sql", "CREATE SCHEMA s;\nALTER DATABASE postgres SET search_path = s, public;\nCREATE TABLE a (id int);")
	if got := one[string](t, d, "SHOW search_path"); got != "s, public" {
		t.Errorf("search_path = %s", got)
	}
	if b.has(t, "SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = 'postgres' AND setconfig::text LIKE '%s, public%')") {
		t.Error("another database was changed")
	}
}

func TestCloseDropsTheDatabaseOnceAndEndsItsConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{}, "1.sql", "CREATE TABLE a (id int);")
	conn, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if err := d.Close(cancelled); err != nil {
			t.Fatal(err)
		}
	}
	if b.exists(t, d.Name) {
		t.Error("the database is still there")
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection to it still works")
	}
	if _, err := d.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), d.Name) {
		t.Errorf("Connect after Close = %v", err)
	}
}
