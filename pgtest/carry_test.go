package pgtest

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
)

// onItself wraps statements about the database in what a migration needs to name its own.
func onItself(statements ...string) string {
	var b strings.Builder
	b.WriteString("-- +goose StatementBegin\nDO $do$ BEGIN\n")
	for _, s := range statements {
		b.WriteString("EXECUTE format($f$" + s + "$f$, current_database());\n")
	}
	b.WriteString("END $do$;\n-- +goose StatementEnd\n")
	return b.String()
}

// roleOf makes a role for the test.
func roleOf(t *testing.T) string {
	t.Helper()
	name := "pgtest_role_" + randomHex(6)
	admin := connect(t, serverDSN(t))
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+name+" LOGIN"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	return name
}

func TestWhatAMigrationSetsOnTheDatabaseIsInTheClone(t *testing.T) {
	t.Parallel()
	role := roleOf(t)
	fsys := fstest.MapFS{"00001_a.sql": &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE SCHEMA app;\nCREATE SCHEMA \"Odd, \"\"one\";\nCREATE TABLE app.bin (id int);\n" + onItself(
		`ALTER DATABASE %I SET search_path = app, "Odd, ""one", public`,
		`ALTER DATABASE %I SET timezone = 'Asia/Tokyo'`,
		`ALTER DATABASE %I SET "app.Tenant" = 'it''s, "quoted"'`,
		`ALTER DATABASE %I SET statement_timeout = '123s'`,
		`ALTER DATABASE %I SET temp_tablespaces = ''`,
		`ALTER DATABASE %I SET session_preload_libraries = 'plpgsql', "$libdir/plpgsql"`,
		`ALTER ROLE `+role+` IN DATABASE %I SET search_path = ''`,
		`ALTER ROLE `+role+` IN DATABASE %I SET work_mem = '5MB'`,
		`REVOKE ALL ON DATABASE %I FROM PUBLIC`,
		`GRANT CONNECT ON DATABASE %I TO `+role+` WITH GRANT OPTION`,
		`GRANT TEMPORARY ON DATABASE %I TO `+role,
		`ALTER DATABASE %I CONNECTION LIMIT 17`,
		`COMMENT ON DATABASE %I IS 'it''s ours'`))}}
	for range 2 { // a template that was built, and one that was found
		conn := New(t, WithMigrations(fsys)).Pool()
		for sql, want := range map[string]string{
			"SELECT current_setting('search_path')":               `app, "Odd, ""one", public`,
			"SELECT current_setting('timezone')":                  "Asia/Tokyo",
			"SELECT current_setting('app.Tenant')":                `it's, "quoted"`,
			"SELECT current_setting('statement_timeout')":         "123s",
			"SELECT current_setting('temp_tablespaces')":          `""`,
			"SELECT current_setting('session_preload_libraries')": `plpgsql, "$libdir/plpgsql"`,
			"SELECT count(*)::text FROM bin":                      "0",
			"SELECT string_agg(c, '; ' ORDER BY c) FROM pg_db_role_setting s, unnest(setconfig) c WHERE setrole = '" + role + "'::regrole AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())": `search_path=""; work_mem=5MB`,
			"SELECT has_database_privilege('public', current_database(), 'TEMP')::text":                            "false",
			"SELECT has_database_privilege('" + role + "', current_database(), 'CONNECT WITH GRANT OPTION')::text": "true",
			"SELECT has_database_privilege('" + role + "', current_database(), 'TEMP')::text":                      "true",
			"SELECT has_database_privilege('" + role + "', current_database(), 'CREATE')::text":                    "false",
			"SELECT datconnlimit::text FROM pg_database WHERE datname = current_database()":                        "17",
			"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()":     "it's ours",
		} {
			var got string
			if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", sql, got, err, want)
			}
		}
	}
}

func TestAClonesOwnerIsTheTemplates(t *testing.T) {
	t.Parallel()
	role := roleOf(t)
	fsys := fstest.MapFS{"00001_a.sql": &fstest.MapFile{Data: []byte("-- +goose Up\n" + onItself("ALTER DATABASE %I OWNER TO "+role, "REVOKE CREATE ON DATABASE %I FROM "+role))}}
	var owner string
	var creates bool
	err := New(t, WithMigrations(fsys)).Conn().QueryRow(t.Context(),
		"SELECT datdba::regrole::text, has_database_privilege($1, oid, 'CREATE') FROM pg_database WHERE datname = current_database()", role).Scan(&owner, &creates)
	if err != nil || owner != role || creates {
		t.Errorf("owner %q, creates %t, %v", owner, creates, err)
	}
}

func TestACloneThatCannotBeCompletedIsDropped(t *testing.T) {
	t.Parallel()
	role, source, name := roleOf(t), "pgtest_source_"+randomHex(4), "pgtest_half_"+randomHex(4)
	admin := connect(t, serverDSN(t))
	defer func() { _ = admin.Close(context.Background()) }()
	defer func() {
		_, _ = admin.Exec(context.Background(), "RESET ROLE; DROP DATABASE "+source, pgx.QueryExecModeSimpleProtocol)
	}()
	for _, sql := range []string{
		"CREATE DATABASE " + source, "ALTER DATABASE " + source + " SET session_preload_libraries = 'x'", // which a superuser may set
		"ALTER ROLE " + role + " CREATEDB", "SET ROLE " + role, "CREATE DATABASE " + name,
	} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := carry(t.Context(), admin, source, name); err == nil || !strings.Contains(err.Error(), "carry over what is set on the database") {
		t.Errorf("%v", err)
	}
	if exists, err := databaseExists(t.Context(), admin, name); err != nil || exists {
		t.Errorf("it is there still: %t, %v", exists, err)
	}
}

func TestAMigrationThatNamesItsDatabaseMeansItsOwn(t *testing.T) {
	t.Parallel()
	const text = "ALTER DATABASE shop SET search_path = app, public;\nGRANT TEMPORARY ON DATABASE shop TO PUBLIC;\nCREATE SCHEMA app;\nCREATE TABLE app.bin (id int);\n"
	for name, fsys := range map[string]fstest.MapFS{"goose": files("1_a.sql", "-- +goose Up\n"+text), "plain": files("a.sql", text)} {
		var n int
		if err := New(t, WithMigrations(fsys), fresh()).Pool().QueryRow(t.Context(), "SELECT count(*) FROM bin").Scan(&n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
