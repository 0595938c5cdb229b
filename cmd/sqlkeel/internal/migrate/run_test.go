package migrate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestUpAppliesEveryFileOnceAndReportsEach(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())

	run := mustUp(t, m)
	if run.Version != 2 || len(run.Steps) != 2 || len(run.Warnings) != 0 {
		t.Fatalf("first run = %+v", run)
	}
	step := run.Steps[1]
	if step.Version != 2 || step.File != "migrations/00002_books.sql" || step.Direction != Up || step.Attempts != 1 || step.DurationMS <= 0 {
		t.Errorf("second step = %+v", step)
	}
	if run := mustUp(t, m); run.Version != 2 || len(run.Steps) != 0 {
		t.Errorf("second run = %+v, want nothing done", run)
	}
	if got := versions(t, db); got != "0 1 2" {
		t.Errorf("versions recorded: %s", got)
	}
	if !lockFree(t, db) {
		t.Error("the lock is still held")
	}
}

func TestUpTakesNoLockWhenNothingIsPending(t *testing.T) {
	t.Parallel()
	m := migrator(t, migrated(t), twoTables())
	var sent []string
	m.tune.onStatement = func(sql string) { sent = append(sent, sql) }
	mustUp(t, m)
	if all := strings.Join(sent, "\n"); strings.Contains(all, "try_advisory_lock") {
		t.Errorf("the lock was tried:\n%s", all)
	}
}

func TestUpDownUpLeavesTheSameSchema(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	empty := snapshot(t, db)
	mustUp(t, m)
	full := snapshot(t, db)
	for range 2 {
		if _, err := m.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := snapshot(t, db); got != empty {
		t.Errorf("after down:\n%s\nwant:\n%s", got, empty)
	}
	mustUp(t, m)
	if got := snapshot(t, db); got != full || full == empty {
		t.Errorf("after the second up:\n%s\nwant:\n%s", got, full)
	}
}

func TestUpToStopsAtTheVersionAndKnowsWhichThereAre(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	if _, err := m.UpTo(t.Context(), 9); err == nil || err.Error() != "no file in migrations has version 9; the last is 2" {
		t.Errorf("UpTo(9) = %v", err)
	}
	run, err := m.UpTo(t.Context(), 1)
	if err != nil || run.Version != 1 || len(run.Steps) != 1 {
		t.Fatalf("UpTo(1) = %+v, %v", run, err)
	}
	if got := versions(t, db); got != "0 1" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestDownRollsBackTheLastAndThenNothing(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	m := migrator(t, db, twoTables())
	for _, want := range []struct {
		version int64
		steps   int
	}{{1, 1}, {0, 1}, {0, 0}} {
		run, err := m.Down(t.Context())
		if err != nil || run.Version != want.version || len(run.Steps) != want.steps {
			t.Fatalf("Down = %+v, %v, want %+v", run, err, want)
		}
	}
}

func TestRedoRunsTheLastMigrationBothWays(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	m := migrator(t, db, twoTables())
	exec(t, db, "INSERT INTO authors VALUES (1); INSERT INTO books VALUES (1, 1)")
	run, err := m.Redo(t.Context())
	if err != nil || run.Version != 2 || len(run.Steps) != 2 || run.Steps[0].Direction != Down || run.Steps[1].Direction != Up {
		t.Fatalf("Redo = %+v, %v", run, err)
	}
	if n := one[int](t, db, "SELECT count(*) FROM books"); n != 0 {
		t.Errorf("books has %d rows, so it was not made anew", n)
	}
	if n := one[int](t, db, "SELECT count(*) FROM authors"); n != 1 {
		t.Errorf("authors has %d rows; its migration was not the last", n)
	}
}

func TestDownRefusesAFileWithoutDownAndAVersionWithoutFile(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := twoTables()
	fsys["00003_tags.sql"] = files("x", "-- +goose Up\nCREATE TABLE tags (id bigint);\n")["x"]
	mustUp(t, migrator(t, db, fsys))
	before := snapshot(t, db)

	_, err := migrator(t, db, fsys).Down(t.Context())
	var irreversible *IrreversibleError
	if !errors.As(err, &irreversible) || err.Error() != `migrations/00003_tags.sql:1:1: version 3 cannot be rolled back: the file has no "-- +goose Down"` {
		t.Errorf("Down = %v", err)
	}
	_, err = migrator(t, db, twoTables()).Redo(t.Context())
	if !errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), "version 3 is not in migrations") {
		t.Errorf("Redo = %v", err)
	}
	if got := snapshot(t, db); got != before {
		t.Errorf("the schema changed:\n%s", got)
	}
}

func TestUpRefusesAVersionBelowOneApplied(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := twoTables()
	first := files("00001_authors.sql", string(fsys["00001_authors.sql"].Data),
		"00003_tags.sql", migration("CREATE TABLE tags (id bigint)", "DROP TABLE tags"))
	mustUp(t, migrator(t, db, first))
	fsys["00003_tags.sql"] = first["00003_tags.sql"]

	_, err := migrator(t, db, fsys).Up(t.Context())
	var order *OutOfOrderError
	if !errors.As(err, &order) || order.Version != 2 || order.Applied != 3 {
		t.Fatalf("Up = %v", err)
	}
	if got := versions(t, db); got != "0 1 3" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestNothingIsAppliedWhenAnyFileIsWrong(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := twoTables()
	fsys["00002_other.sql"] = fsys["00002_books.sql"]
	fsys["00003_open.sql"] = files("x", "-- +goose Up\nSELECT 1\n")["x"]
	run, err := migrator(t, db, fsys).Up(t.Context())
	const want = `2 problem(s) in the migration files, nothing was applied:
migrations/00002_other.sql:1:1: error: version 2 is also the version of migrations/00002_books.sql
migrations/00003_open.sql:2:1: error: the statement is not ended by a semicolon at the end of a line`
	if err == nil || err.Error() != want {
		t.Errorf("Up = %v\nwant %s", err, want)
	}
	if len(run.Steps) != 0 || one[bool](t, db, "SELECT to_regclass('goose_db_version') IS NOT NULL") {
		t.Errorf("something was done: %+v", run)
	}
}

func TestAMigrationsSettingsDoNotReachTheNext(t *testing.T) {
	t.Parallel()
	db := database(t)
	fsys := files(
		"00001_a.sql", migration("SET work_mem = '77MB'", "SELECT 1"),
		"00002_b.sql", migration("CREATE TABLE seen AS SELECT current_setting('work_mem') AS work_mem, current_setting('lock_timeout') AS lock_timeout, "+
			"current_setting('statement_timeout') AS statement_timeout, current_setting('application_name') AS application_name", "DROP TABLE seen"),
	)
	mustUp(t, migrator(t, db, fsys))
	got := one[string](t, db, "SELECT concat_ws(' ', nullif(work_mem, '77MB') IS NOT NULL, lock_timeout, statement_timeout, application_name) FROM seen")
	if got != "t 3s 1h sqlkeel migrate" {
		t.Errorf("the second migration saw %s", got)
	}
}

func TestARunMarshalsWithoutNulls(t *testing.T) {
	t.Parallel()
	run := newRun()
	data, err := json.Marshal(run)
	if err != nil || string(data) != `{"version":0,"steps":[],"warnings":[]}` {
		t.Errorf("%s, %v", data, err)
	}
	run.Steps = append(run.Steps, Step{Version: 1, File: "migrations/00001_a.sql", Direction: Up, DurationMS: 1.5, Attempts: 1})
	data, err = json.Marshal(run.Steps)
	if err != nil || string(data) != `[{"version":1,"file":"migrations/00001_a.sql","direction":"up","duration_ms":1.5,"attempts":1}]` {
		t.Errorf("%s, %v", data, err)
	}
}

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		cfg  Config
		want string
	}{
		{Config{DSN: "postgres://h/d"}, "migrate: Config.FS is nil"},
		{Config{DSN: "postgres://h/d", FS: files(), LockTimeout: -1}, "migrate: Config.LockTimeout is -1ns; it must not be negative"},
		{Config{FS: files()}, "the database URL is empty: use postgres://user:password@host:port/database"},
	} {
		if _, err := New(tc.cfg); err == nil || err.Error() != tc.want {
			t.Errorf("New = %v, want %s", err, tc.want)
		}
	}
}

func TestAnUnreadableDirectoryIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Validate(fs.FS(emptyFS{}), "migrations"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Validate = %v", err)
	}
}

// emptyFS refuses everything.
type emptyFS struct{}

func (emptyFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }
