package scratch

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// as returns the DSN for another role.
func as(t *testing.T, dsn, role, password string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, password)
	return u.String()
}

// tryOpen opens with hooks. Whatever stays is dropped after the test.
func (b bench) tryOpen(ctx context.Context, t *testing.T, opts Options, h hooks, pairs ...string) error {
	t.Helper()
	base, names := schemaFiles(t, pairs...)
	opts.Base = base
	t.Cleanup(func() { b.exec(t, "DROP DATABASE IF EXISTS "+h.name+" WITH (FORCE)") })
	_, err := open(ctx, b.dsn, names, opts, h)
	return err
}

func TestAFailedOpenLeavesNoDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := hooks{name: newName(), before: func(sql string) {
		if sql != "" { // the caller gives up just then
			cancel()
		}
	}}
	if err := b.tryOpen(ctx, t, Options{Strict: true}, h, "1.sql", "CREATE TABLE a (id nothing);"); err == nil {
		t.Fatal("Open succeeded")
	}
	if b.exists(t, h.name) {
		t.Fatal("the database is still there")
	}
}

// The context is cancelled while the server is at work on a statement.
func TestACancelledOpenLeavesNoDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h := hooks{name: newName()}
	watched := make(chan struct{})
	look := pgtest.New(t).Conn()
	go func() {
		defer close(watched)
		defer cancel()
		for busy := false; !busy && ctx.Err() == nil; {
			if look.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1 AND state = 'active' AND query LIKE '%pg_sleep%')", h.name).Scan(&busy) != nil {
				return
			}
		}
	}()
	err := b.tryOpen(ctx, t, Options{}, h, "1.sql", "SELECT pg_sleep(60)")
	<-watched
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Open = %v", err)
	}
	if b.exists(t, h.name) {
		t.Fatal("the database is still there")
	}
}

func TestTheWayDownIsNotApplied(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{}, "1.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n")
	if got := relations(t, d); got != "a" {
		t.Fatalf("relations = %q", got)
	}
}

func TestWhatAFileSetsForItsSessionDoesNotReachOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{},
		"1.sql", "SELECT set_config('search_path', '', false); CREATE SCHEMA s; SET search_path = s; CREATE TABLE a (id int);", "2.sql", "CREATE TABLE b (id int);")
	if got := relations(t, d); got != "b s.a" {
		t.Fatalf("relations = %q", got)
	}
}

func TestRolesAndDatabasesOfTheServerAreLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	role := newName()
	t.Cleanup(func() { b.exec(t, "DROP ROLE IF EXISTS "+role) })
	d := b.open(t, Options{Strict: true},
		"1.sql", "CREATE ROLE "+role+";\nDO $$ BEGIN CREATE ROLE "+role+"; END $$;\nCREATE TABLE a (id int);\nCREATE DATABASE "+role+";")
	if b.has(t, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role) {
		t.Fatal("the role was created")
	}
	want := []string{"warning 1.sql:1:1: " + ofServer + " (and at 1 more places)", "warning 1.sql:4:1: " + ofDatabase}
	if got := told(d); !slices.Equal(got, want) {
		t.Fatalf("problems = %q", got)
	}
}

func TestAFailureInATransactionCostsTheRestNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.open(t, Options{},
		"1.sql", "BEGIN;\nCREATE TABLE a (id int);\nGRANT SELECT ON a TO sqlkeel_nobody;\nCREATE TABLE b (id int);\nCOMMIT;")
	if got := relations(t, d); got != "a b" {
		t.Fatalf("relations = %q", got)
	}
}
