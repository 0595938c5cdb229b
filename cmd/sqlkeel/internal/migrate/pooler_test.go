//go:build unix

package migrate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/bouncer"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// runs are all that needs a session.
var runs = map[string]func(context.Context, *Migrator) error{
	"Up":     func(ctx context.Context, m *Migrator) error { _, err := m.Up(ctx); return err },
	"Down":   func(ctx context.Context, m *Migrator) error { _, err := m.Down(ctx); return err },
	"Redo":   func(ctx context.Context, m *Migrator) error { _, err := m.Redo(ctx); return err },
	"Status": func(ctx context.Context, m *Migrator) error { _, err := m.Status(ctx); return err },
}

func refusesPooler(t *testing.T, name string, err error) {
	t.Helper()
	var pooler *pgerr.PoolerError
	if !errors.As(err, &pooler) || !strings.Contains(err.Error(), "direct connection") {
		t.Errorf("%s: %v", name, err)
	}
}

func TestNothingIsMigratedThroughAPooler(t *testing.T) {
	t.Parallel()
	db := migratedTo(t, 1)
	m := migrator(t, db, twoTables())
	m.conn.DialFunc = bouncer.Dial
	for name, run := range runs {
		refusesPooler(t, name, run(t.Context(), m))
	}
	if v := versions(t, db); v != "0 1" || !lockFree(t, db) {
		t.Errorf("the versions are %s", v)
	}
}

func TestEveryModeOfPgBouncerIsRefusedForMigrations(t *testing.T) {
	t.Parallel()
	db := migratedTo(t, 1)
	for _, mode := range []string{bouncer.Transaction, bouncer.Session, bouncer.Statement} {
		through := testDB{dsn: bouncer.Start(t, db.dsn, mode, "default_pool_size = 1"), conn: db.conn}
		for name, run := range runs {
			refusesPooler(t, mode+": "+name, run(t.Context(), migrator(t, through, twoTables())))
		}
		if mode == bouncer.Statement {
			continue // it shows no settings
		}
		var timeout string
		if err := connect(t, through).QueryRow(t.Context(), "SHOW statement_timeout").Scan(&timeout); err != nil || timeout != "0" {
			t.Errorf("%s: statement_timeout is left at %s, %v", mode, timeout, err)
		}
	}
	if v := versions(t, db); v != "0 1" || !lockFree(t, db) {
		t.Errorf("the versions are %s", v)
	}
}

func TestAStartupParameterThatAPoolerRefusesIsNamed(t *testing.T) {
	t.Parallel()
	db := database(t)
	through := testDB{dsn: bouncer.Start(t, db.dsn, bouncer.Session) + "&lock_timeout=1"}
	_, err := migrator(t, through, twoTables()).Up(t.Context())
	var refused *ConnectError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "lock_timeout") || !strings.Contains(err.Error(), "ignore_startup_parameters") {
		t.Errorf("error %v", err)
	}
}
