package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3/lock"
)

// liveness bounds what must happen some time, on a busy machine too.
const liveness = 30 * time.Second

// within returns a context that ends well before the package's test timeout.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), liveness)
	t.Cleanup(cancel)
	return ctx
}

// gate is a migration that waits for the test, and counts how often it ran.
const gate = "INSERT INTO ran SELECT 1 FROM pg_advisory_xact_lock(42)"

// twoUps runs two ups of one pending migration at a time when both have decided
// to do so, and returns how often the migration ran.
func twoUps(t *testing.T) int {
	t.Helper()
	ctx := within(t)
	db := database(t)
	fsys := files("00001_ran.sql", migration("CREATE TABLE ran (n int)", "DROP TABLE ran"))
	mustUp(t, migrator(t, db, fsys))
	fsys["00002_gate.sql"] = files("x", migration(gate, "SELECT 1"))["x"]

	holder := connect(t, db)
	if _, err := holder.Exec(ctx, "SELECT pg_advisory_lock(42)"); err != nil {
		t.Fatal(err)
	}
	// Each run reports once: when it runs the migration, or when it tries the
	// lock for the second time, the first try having failed.
	reports := make(chan string, 2)
	errs := make(chan error, 2)
	for range 2 {
		m := migrator(t, db, fsys)
		var once sync.Once
		tries := 0
		m.tune.onStatement = func(sql string) {
			if strings.Contains(sql, "pg_try_advisory_lock") {
				tries++
			}
			if strings.HasPrefix(sql, "INSERT INTO ran") || tries > 1 {
				once.Do(func() { reports <- sql })
			}
		}
		go func() {
			_, err := m.Up(ctx)
			errs <- err
		}()
	}
	for range 2 {
		select {
		case <-reports:
		case err := <-errs:
			t.Fatalf("a run ended early: %v", err)
		case <-ctx.Done():
			t.Fatal("the runs did not get to work")
		}
	}
	if _, err := holder.Exec(ctx, "SELECT pg_advisory_unlock(42)"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("Up = %v", err)
		}
	}
	return one[int](t, db, "SELECT count(*) FROM ran")
}

func TestTwoConcurrentUpsApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	if n := twoUps(t); n != 1 {
		t.Errorf("the migration ran %d times", n)
	}
}

func TestManyConcurrentUpsOfANewDatabase(t *testing.T) {
	t.Parallel()
	db := database(t)
	ctx := within(t)
	const runs = 4
	results := make(chan *Run, runs)
	for range runs {
		m := migrator(t, db, twoTables())
		go func() {
			run, err := m.Up(ctx)
			if err != nil {
				t.Errorf("Up = %v", err)
			}
			results <- run
		}()
	}
	steps := 0
	for range runs {
		run := <-results
		steps += len(run.Steps)
		if run.Version != 2 {
			t.Errorf("a run ended at version %d", run.Version)
		}
	}
	if got := versions(t, db); steps != 2 || got != "0 1 2" {
		t.Errorf("%d steps were reported and %s recorded", steps, got)
	}
}

func TestALockHeldByAnotherIsATimeoutThatNamesTheHolder(t *testing.T) {
	t.Parallel()
	db := database(t)
	holder := connect(t, db)
	if _, err := holder.Exec(t.Context(), "SET application_name = 'a deployment'"); err != nil {
		t.Fatal(err)
	}
	// goose's own locker takes the very same lock.
	if _, err := holder.Exec(t.Context(), "SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{DSN: db.dsn, FS: twoTables(), LockTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	m.tune.poll = 10 * time.Millisecond
	m.tune.onStatement = func(sql string) {
		if strings.Contains(sql, "pg_try_advisory_lock") {
			tries++
		}
	}
	run, err := m.Up(within(t))
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != int(holder.PgConn().PID()) || locked.Waited < 50*time.Millisecond || tries < 2 {
		t.Fatalf("Up = %v after %d tries", err, tries)
	}
	want := fmt.Sprintf(`another run (server process %d, application "a deployment") held the migration lock for all of `, locked.PID)
	if !strings.HasPrefix(err.Error(), want) || len(run.Steps) != 0 {
		t.Errorf("Up = %+v, %v", run, err)
	}
	if _, err := holder.Exec(t.Context(), "SELECT pg_advisory_unlock_all()"); err != nil {
		t.Fatal(err)
	}
	mustUp(t, m)
}

func TestTheEndOfTheContextEndsTheWaitForTheLock(t *testing.T) {
	t.Parallel()
	db := database(t)
	if _, err := connect(t, db).Exec(t.Context(), "SELECT pg_advisory_lock($1)", lock.DefaultLockID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	m := migrator(t, db, twoTables())
	tries := 0
	m.tune.onStatement = func(sql string) {
		if strings.Contains(sql, "pg_try_advisory_lock") {
			if tries++; tries == 2 {
				cancel()
			}
		}
	}
	if _, err := m.Up(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Up = %v", err)
	}
}

// interrupted cancels an up in its second migration, while a statement of that
// many seconds runs.
func interrupted(t *testing.T, db testDB, seconds string) (*Run, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t))
	fsys := twoTables()
	fsys["00002_books.sql"] = files("x", "-- +goose Up\nCREATE TABLE books (id bigint);\nSELECT pg_sleep("+seconds+");\nCREATE TABLE tags (id bigint);\n-- +goose Down\nDROP TABLE tags;\nDROP TABLE books;\n")["x"]
	m := migrator(t, db, fsys)
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "SELECT pg_sleep") {
			cancel()
		}
	}
	return m.Up(ctx)
}

func TestACancelledUpLeavesNothingHalfAppliedAndNoLock(t *testing.T) {
	t.Parallel()
	db := database(t)
	run, err := interrupted(t, db, "300")
	// All has been given back by the time Up returns: no waiting here.
	if !lockFree(t, db) {
		t.Error("the lock is still held")
	}
	if !errors.Is(err, context.Canceled) || err.Error() != "migrations/00002_books.sql:3:1: context canceled (version 2, up)" {
		t.Errorf("Up = %v", err)
	}
	if run.Version != 1 || len(run.Steps) != 1 {
		t.Errorf("run = %+v", run)
	}
	if got := snapshot(t, db); strings.Contains(got, "books") || versions(t, db) != "0 1" {
		t.Errorf("half a migration is there:\n%s", got)
	}
}

func TestNoStatementIsSentAfterTheCallerLeft(t *testing.T) {
	t.Parallel()
	db := database(t)
	if _, err := interrupted(t, db, "0.01"); !errors.Is(err, context.Canceled) {
		t.Errorf("Up = %v", err)
	}
	if got := versions(t, db); got != "0 1" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestAnAppliedFileWithoutTransactionIsRecordedAlthoughTheCallerLeft(t *testing.T) {
	t.Parallel()
	db := database(t)
	ctx, cancel := context.WithCancel(within(t))
	m := migrator(t, db, files("00001_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE a (id bigint);\n-- +goose Down\nDROP TABLE a;\n"))
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "INSERT INTO goose_db_version") && strings.Contains(sql, "$1") {
			if one[bool](t, db, "SELECT to_regclass('a') IS NOT NULL") {
				cancel()
			}
		}
	}
	if _, err := m.Up(ctx); err != nil {
		t.Errorf("Up = %v", err)
	}
	if got := versions(t, db); ctx.Err() == nil || got != "0 1" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestADeadSessionEndsTheRun(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "CREATE TABLE books") {
			exec(t, db, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'sqlkeel migrate' AND datname = current_database()")
		}
	}
	run, err := m.Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || failed.Version != 2 || failed.Unknown || run.Version != 1 {
		t.Errorf("Up = %+v, %v", run, err)
	}
	if got := versions(t, db); got != "0 1" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestAConnectionLostDuringCommitIsSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	db := database(t)
	m := migrator(t, db, twoTables())
	commits := 0
	m.tune.onStatement = func(sql string) {
		if sql != "commit" {
			return
		}
		if commits++; commits == 3 { // after those of the version table and of version 1
			exec(t, db, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'sqlkeel migrate' AND datname = current_database()")
		}
	}
	_, err := m.Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || !failed.Unknown || !strings.Contains(err.Error(), `lost during COMMIT: see "migrate status"`) {
		t.Errorf("Up = %v", err)
	}
}
