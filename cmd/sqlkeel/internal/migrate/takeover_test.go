package migrate

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// byGoose applies files as a program that uses goose does.
func byGoose(t *testing.T, db testDB, fsys fs.FS, options ...goose.ProviderOption) {
	t.Helper()
	byGooseInto(t, db, goose.DefaultTablename, fsys, options...)
}

// byGooseInto has a version table of another name.
func byGooseInto(t *testing.T, db testDB, table string, fsys fs.FS, options ...goose.ProviderOption) {
	t.Helper()
	store, err := goosedb.NewStore(goose.DialectPostgres, table)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("pgx", db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	provider, err := goose.NewProvider("", pool, fsys, append(options, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// taken are files that goose runs and of which some would be refused today.
func taken() fstest.MapFS {
	return files(
		"00001_nothing.sql", "-- +goose Up\n-- nothing to do here\n-- +goose Down\n",
		"00002_control.sql", "-- +goose Up\nBEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\n-- +goose Down\nDROP TABLE a;\n",
		"00004_block.sql", "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementEnd\n-- +goose Down\n",
		"00005_b.sql", "-- +goose Up\nCREATE TABLE b (id int);\n",
	)
}

func TestADatabaseThatGooseMigratedIsTakenOver(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := taken()
	byGoose(t, db, fsys)
	fsys["00006_c.sql"] = files("x", migration("CREATE TABLE c (id int)", "DROP TABLE c"))["x"]
	m := migrator(t, db, fsys)
	st, err := m.Status(within(t))
	if err != nil || st.Version != 5 || st.Pending != 1 || st.Missing != 0 {
		t.Errorf("Status = %+v, %v", st, err)
	}
	if run := mustUp(t, m); run.Version != 6 || len(run.Steps) != 1 {
		t.Errorf("Up = %+v", run)
	}
	for _, want := range []int64{5} {
		if run, err := m.Down(within(t)); err != nil || run.Version != want {
			t.Errorf("Down = %+v, %v", run, err)
		}
	}
	// What was applied is rolled back by its way down alone.
	exec(t, db, "DELETE FROM goose_db_version WHERE version_id > 2")
	if run, err := m.Down(within(t)); err != nil || run.Version != 1 || one[bool](t, db, "SELECT to_regclass('a') IS NOT NULL") {
		t.Errorf("Down = %+v, %v", run, err)
	}
	// Applied again it would be refused.
	_, err = m.UpTo(within(t), 2)
	var invalid *ValidationError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "migrations/00002_control.sql:2:1: error: BEGIN") {
		t.Errorf("UpTo = %v", err)
	}
}

func TestEmptyMigrationsAreAppliedAsByGooseAndByPgtest(t *testing.T) {
	t.Parallel()
	fsys := files("00001_a.sql", "-- +goose Up\n-- nothing\n-- +goose Down\n", "00002_b.sql", "-- +goose Up\n"+inBlock("-- nothing")+"\n-- +goose Down\n",
		"00003_c.sql", "-- +goose Up\n", "00004_d.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n\n-- +goose Down\n\n", "00005_e.sql", inUp(inBlock("  \n")), "00006_f.sql", inUp(";"))
	db := database(t)
	if run := mustUp(t, migrator(t, db, fsys)); run.Version != 6 || len(run.Steps) != 6 || len(run.Warnings) < 4 {
		t.Errorf("Up = %+v", run)
	}
	other := pgtest.New(t, pgtest.WithMigrations(fsys))
	if theirs := versions(t, testDB{conn: other.Conn()}); theirs != versions(t, db) {
		t.Errorf("recorded %s here, %s there", versions(t, db), theirs)
	}
	for want := int64(5); want >= 3; want-- {
		if run, err := migrator(t, db, fsys).Down(within(t)); err != nil || run.Version != want {
			t.Errorf("Down = %+v, %v", run, err)
		}
	}
}

func TestAHistoryWithVersionsOutOfOrderOrWithoutFileIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	db := database(t)
	byGoose(t, db, files("00001_a.sql", good, "00003_c.sql", good))
	late := files("00001_a.sql", good, "00002_b.sql", good, "00003_c.sql", good)
	byGoose(t, db, late, goose.WithAllowOutofOrder(true))
	delete(late, "00001_a.sql")
	late["00004_d.sql"] = late["00002_b.sql"]
	m := migrator(t, db, late)
	if run := mustUp(t, m); run.Version != 4 || len(run.Steps) != 1 {
		t.Errorf("Up = %+v", run)
	}
	// In the order of application, as goose does it.
	for _, want := range []string{"0 1 3 2", "0 1 3", "0 1"} {
		if _, err := m.Down(within(t)); err != nil || versions(t, db) != want {
			t.Errorf("versions %s, %v, want %s", versions(t, db), err, want)
		}
	}
	if _, err := m.Down(within(t)); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("Down = %v", err)
	}
}

func TestAGoMigrationThatWasAppliedDoesNotStopTheFilesBehindIt(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := files("00001_a.sql", good, "00002_b.go", "package migrations\n")
	made := goose.NewGoMigration(2, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE b (id int)")
		return err
	}}, nil)
	byGoose(t, db, fsys, goose.WithGoMigrations(made))
	fsys["00003_c.sql"] = fsys["00001_a.sql"]
	m := migrator(t, db, fsys)
	if run := mustUp(t, m); run.Version != 3 || len(run.Steps) != 1 {
		t.Errorf("Up = %+v", run)
	}
	fsys["00004_d.go"] = fsys["00002_b.go"]
	if _, err := m.Up(within(t)); err == nil || !strings.Contains(err.Error(), "migrations/00004_d.go:1:1: error: Go migrations are not supported") {
		t.Errorf("Up = %v", err)
	}
}

// A goose of long ago noted a rollback as one more line, and no time where none was.
func TestAVersionTableOfAnOldGooseIsUnderstood(t *testing.T) {
	t.Parallel()
	db := database(t)
	exec(t, db, `CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NULL DEFAULT now());
		CREATE TABLE authors (id bigint PRIMARY KEY);
		INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, true, NULL), (1, true, now()), (2, true, now()), (2, false, now()), (1, false, now()), (1, true, NULL)`)
	m := migrator(t, db, twoTables())
	st, err := m.Status(within(t))
	if err != nil || st.Version != 1 || st.Pending != 1 || len(st.Migrations) != 2 || st.Migrations[0].State != Applied || st.Migrations[0].AppliedAt != nil {
		t.Errorf("Status = %+v, %v", st, err)
	}
	if run := mustUp(t, m); run.Version != 2 || len(run.Steps) != 1 || !one[bool](t, db, "SELECT to_regclass('books') IS NOT NULL") {
		t.Errorf("Up = %+v", run)
	}
	if run, err := m.Down(within(t)); err != nil || run.Version != 1 {
		t.Errorf("Down = %+v, %v", run, err)
	}
}

func TestTheVersionTableMayHaveAnotherName(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"app_versions", "app.versions"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			db := database(t)
			exec(t, db, "CREATE SCHEMA app")
			fsys := twoTables()
			byGooseInto(t, db, table, fsys)
			fsys["00003_c.sql"] = files("x", migration("CREATE TABLE c (id int)", "DROP TABLE c"))["x"]
			m, err := New(Config{DSN: db.dsn, FS: fsys, Table: table})
			if err != nil {
				t.Fatal(err)
			}
			if run := mustUp(t, m); run.Version != 3 || len(run.Steps) != 1 {
				t.Errorf("Up = %+v", run)
			}
			if run, err := m.Redo(within(t)); err != nil || run.Version != 3 {
				t.Errorf("Redo = %+v, %v", run, err)
			}
			if one[bool](t, db, "SELECT to_regclass('goose_db_version') IS NOT NULL") {
				t.Error("another version table was made")
			}
		})
	}
	for _, table := range []string{"App", "a.b.c", "a b", "a;", `"a"`, ".a", "1a"} {
		if _, err := New(Config{DSN: "postgres://h/d", FS: files(), Table: table}); err == nil || !strings.Contains(err.Error(), "migrate: Config.Table is ") {
			t.Errorf("%s: %v", table, err)
		}
	}
}
