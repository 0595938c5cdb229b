package gen_test

import (
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// The schema of the archive order, without the marks of a tool.
const (
	baseSchema = `CREATE TABLE bin (id bigint PRIMARY KEY, label text NOT NULL);
CREATE TABLE audit (bin_id bigint NOT NULL);
CREATE OR REPLACE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER bin_noted AFTER UPDATE ON bin FOR EACH ROW EXECUTE FUNCTION noted();
`
	auditSchema = `CREATE OR REPLACE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NEW; END $$;
`
)

// withSchema makes the project of the archive order with another schema.
func withSchema(t *testing.T, files map[string]string) (dir string, o gen.Options) {
	t.Helper()
	dir = t.TempDir()
	a := readArchive(t, "testdata/order.txtar")
	maps.DeleteFunc(a.files, func(name, _ string) bool { return strings.HasPrefix(name, "schema/") })
	maps.Copy(a.files, files)
	a.extract(t, dir)
	return dir, options(t, dir)
}

// reached returns what the statement Relabel changes beyond its table.
func reached(t *testing.T, o gen.Options) (effects string, found *gen.Inspection) {
	t.Helper()
	found, err := gen.Inspect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found.Statements[0].Effects, " "), found
}

// migrated applies the folder to an empty database with goose itself.
func migrated(t *testing.T, folder string) *sql.DB {
	t.Helper()
	db := stdlib.OpenDBFromPool(pgtest.New(t).Pool())
	t.Cleanup(func() { _ = db.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestAStatementDoesWhatItDoesAfterGooseMigrated(t *testing.T) {
	t.Parallel()
	dir, o := withSchema(t, readArchive(t, "testdata/order.txtar").files)
	db := migrated(t, filepath.Join(dir, "schema"))
	var rows int
	for _, text := range []string{"INSERT INTO bin VALUES (1, 'a')", "UPDATE bin SET label = 'b' WHERE id = 1"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM audit").Scan(&rows); err != nil || rows != 1 {
		t.Fatalf("audit has %d rows, %v", rows, err)
	}
	if got, _ := reached(t, o); got != "audit" {
		t.Errorf("effects %q, want audit", got)
	}
}

func TestEffectsAreThoseOfTheOrderInWhichFilesAreMigrated(t *testing.T) {
	t.Parallel()
	const up = "-- +goose Up\n-- +goose StatementBegin\n"
	for name, files := range map[string]map[string]string{
		"goose":          {"schema/1_base.sql": up + baseSchema, "schema/10_audit.sql": up + auditSchema},
		"goose by times": {"schema/9_base.sql": up + baseSchema, "schema/20240101000000_audit.sql": up + auditSchema},
		"golang-migrate": {"schema/9_base.up.sql": baseSchema, "schema/10_audit.up.sql": auditSchema, "schema/9_base.down.sql": "DROP TABLE bin, audit;"},
		"sql-migrate":    {"schema/9-base.sql": "-- +migrate Up\n" + baseSchema, "schema/10-audit.sql": "-- +migrate Up\n" + auditSchema},
		"tern":           {"schema/1_base.sql": baseSchema + "---- create above / drop below ----\nDROP TABLE bin, audit;", "schema/10_audit.sql": auditSchema},
		"dbmate":         {"schema/10_base.sql": "-- migrate:up\n" + baseSchema, "schema/9_audit.sql": "-- migrate:up\n" + auditSchema},
		"flyway":         {"schema/V9__base.sql": baseSchema, "schema/V10__audit.sql": auditSchema},
		"plain":          {"schema/09_base.sql": baseSchema, "schema/10_audit.sql": auditSchema},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, o := withSchema(t, files)
			got, found := reached(t, o)
			if got != "audit" || len(found.Failed) > 0 {
				t.Errorf("effects %q, want audit; problems %v", got, found.Failed)
			}
		})
	}
}

func TestAnOrderThatCannotBeKnownIsOneError(t *testing.T) {
	t.Parallel()
	dir, o := withSchema(t, map[string]string{"schema/9_base.sql": baseSchema, "schema/10_audit.sql": auditSchema, "schema/8_before.sql": "", "schema/11_after.sql": ""})
	const want = "schema/11_after.sql:1:1: by name this file comes before schema/8_before.sql and by number after it, and nothing in it says by which tool it is applied: " +
		"write the numbers with leading zeros, or list the files under schema: in their order"
	for name, run := range map[string]func() error{
		"generate": func() error { _, err := gen.Generate(t.Context(), o); return err },
		"check":    func() error { _, err := gen.Check(t.Context(), o); return err },
	} {
		if got := problems(t, dir, run()); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	_, found := reached(t, o)
	if got := problems(t, dir, found.Failed); got != want {
		t.Errorf("inspect: got\n%s\nwant\n%s", got, want)
	}
	listed := "schema: [schema/8_before.sql, schema/9_base.sql, schema/10_audit.sql, schema/11_after.sql]"
	replace(t, filepath.Join(dir, "sqlc.yaml"), "schema: schema", listed)
	if got, found := reached(t, o); got != "audit" || len(found.Failed) > 0 {
		t.Errorf("listed in their order: effects %q, problems %v", got, found.Failed)
	}
}

// A search path that one migration sets is that of the next, as goose has it.
func TestSettingsOfAFileLastAsLongAsTheyDoUnderTheirTool(t *testing.T) {
	t.Parallel()
	const up, set = "-- +goose Up\n", "CREATE SCHEMA app;\nSET search_path = app, public;\n"
	dir, _ := withSchema(t, map[string]string{"schema/1_a.sql": up + set, "schema/2_b.sql": up + "CREATE TABLE later (id int);\n"})
	db := migrated(t, filepath.Join(dir, "schema"))
	var folder string
	if err := db.QueryRowContext(t.Context(), "SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'later'").Scan(&folder); err != nil || folder != "app" {
		t.Fatalf("goose puts the table in %q, %v", folder, err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		fails bool // as the table of the second file is looked for in app
	}{
		"goose":          {map[string]string{"schema/1_a.sql": up + set, "schema/2_b.sql": up + "CREATE TABLE t ();\nALTER TABLE app.t ADD x int;"}, false},
		"golang-migrate": {map[string]string{"schema/1_a.up.sql": set, "schema/2_b.up.sql": "CREATE TABLE t ();\nALTER TABLE app.t ADD x int;"}, false},
		"plain":          {map[string]string{"schema/1_a.sql": set, "schema/2_b.sql": "CREATE TABLE t ();\nALTER TABLE app.t ADD x int;"}, true},
		"tern":           {map[string]string{"schema/tern.conf": "", "schema/1_a.sql": set, "schema/2_b.sql": "CREATE TABLE t ();\nALTER TABLE app.t ADD x int;"}, true},
	} {
		_, o := withSchema(t, c.files)
		found, err := gen.Inspect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		fails := slices.ContainsFunc(found.Failed, func(p *project.Problem) bool { return strings.Contains(p.Message, `relation "app.t" does not exist`) })
		if fails != c.fails {
			t.Errorf("%s: the setting lasts: %t; %v", name, !fails, found.Failed)
		}
	}
}
