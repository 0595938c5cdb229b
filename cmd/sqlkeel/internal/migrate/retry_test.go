package migrate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// blocked prepares a pending migration of a table that another session has
// locked, and returns a function that ends this.
func blocked(t *testing.T, noTx bool) (m *Migrator, db testDB, release func()) {
	t.Helper()
	db = migrated(t)
	fsys := twoTables()
	up := migration("ALTER TABLE authors ADD COLUMN name text", "ALTER TABLE authors DROP COLUMN name")
	if noTx {
		up = "-- +goose NO TRANSACTION\n" + up
	}
	fsys["00003_name.sql"] = files("x", up)["x"]
	holder := connect(t, db)
	for _, sql := range []string{"BEGIN", "LOCK TABLE authors"} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	m = migrator(t, db, fsys)
	m.tune.lockTimeout = 20 * time.Millisecond
	return m, db, func() {
		if _, err := holder.Exec(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
	}
}

func TestALockTimeoutMakesTheMigrationRunAgain(t *testing.T) {
	t.Parallel()
	m, db, release := blocked(t, false)
	tries := 0
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "ALTER TABLE") {
			if tries++; tries == 3 {
				release()
			}
		}
	}
	run := mustUp(t, m)
	if len(run.Steps) != 1 || run.Steps[0].Attempts != 3 {
		t.Errorf("run = %+v", run)
	}
	if got := versions(t, db); got != "0 1 2 3" {
		t.Errorf("versions recorded: %s", got)
	}
}

func TestRetriesAreBoundedAndCounted(t *testing.T) {
	t.Parallel()
	m, _, release := blocked(t, false)
	defer release()
	tries := 0
	m.tune.onStatement = func(sql string) {
		if strings.HasPrefix(sql, "ALTER TABLE") {
			tries++
		}
	}
	_, err := m.Up(within(t))
	const want = "migrations/00003_name.sql:2:1: ERROR: canceling statement due to lock timeout (SQLSTATE 55P03) (version 3, up, after 5 attempts)"
	if pgerr.KindOf(err) != pgerr.LockTimeout || err.Error() != want || tries != 5 {
		t.Errorf("Up = %v after %d tries", err, tries)
	}
}

func TestAFileWithoutTransactionIsNotRunAgain(t *testing.T) {
	t.Parallel()
	m, _, release := blocked(t, true)
	defer release()
	_, err := m.Up(within(t))
	var failed *MigrationError
	if !errors.As(err, &failed) || failed.Attempts != 1 || failed.Kept != 0 {
		t.Errorf("Up = %v", err)
	}
}

func TestTheEndOfTheContextEndsTheRetries(t *testing.T) {
	t.Parallel()
	m, _, release := blocked(t, false)
	defer release()
	ctx, cancel := context.WithCancel(within(t))
	m.tune.retry.Base, m.tune.retry.Max = time.Hour, time.Hour
	m.tune.onStatement = func(sql string) {
		if sql == "rollback" {
			cancel()
		}
	}
	if _, err := m.Up(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Up = %v", err)
	}
}

func TestADeadlockMakesTheMigrationRunAgain(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	fsys := twoTables()
	const raise = "-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN\n  IF nextval('tries') < 3 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;\nEND $$;\n-- +goose StatementEnd\n-- +goose Down\nSELECT 1;\n"
	exec(t, db, "CREATE SEQUENCE tries")
	fsys["00003_x.sql"] = files("x", raise)["x"]
	if run := mustUp(t, migrator(t, db, fsys)); len(run.Steps) != 1 || run.Steps[0].Attempts != 3 {
		t.Errorf("run = %+v", run)
	}
}
