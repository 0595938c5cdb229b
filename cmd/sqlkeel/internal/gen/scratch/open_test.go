package scratch

import (
	"context"
	"errors"
	"fmt"
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

// promises are checks that hold for the package as it is; each names the mutants
// that it catches.
var promises = map[string]struct {
	check   func(t *testing.T, b bench, m mutant) error
	mutants []mutant
}{
	"a failed Open leaves no database":                       {failedLeavesNothing, []mutant{keepsFailed, obeysContext}},
	"a cancelled Open leaves no database":                    {cancelledLeavesNothing, []mutant{keepsFailed, obeysContext}},
	"the way down is not applied":                            {notDown, nil},
	"what a file sets for its session does not reach others": {ownSession, nil},
	"the server's roles and databases are left alone":        {leavesServerAlone, []mutant{runsAll}},
	"a failure costs its transaction nothing else":           {savesRest, []mutant{losesRest}},
}

func TestPromises(t *testing.T) {
	t.Parallel()
	for name, p := range promises {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if err := p.check(t, b, sound); err != nil {
				t.Error(err)
			}
			for _, m := range p.mutants {
				if p.check(t, b, m) == nil {
					t.Errorf("mutant %d passes", m)
				}
			}
		})
	}
}

// tryOpen opens with a mutant. Whatever stays is dropped after the check.
func tryOpen(ctx context.Context, t *testing.T, b bench, opts Options, h hooks, pairs ...string) (*Database, error) {
	t.Helper()
	base, names := schemaFiles(t, pairs...)
	opts.Base = base
	if h.name == "" {
		h.name = newName()
	}
	t.Cleanup(func() { b.exec(t, "DROP DATABASE IF EXISTS "+h.name+" WITH (FORCE)") })
	return open(ctx, b.dsn, names, opts, h)
}

func failedLeavesNothing(t *testing.T, b bench, m mutant) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := hooks{mutant: m, name: newName(), before: func(sql string) {
		if sql != "" { // the caller gives up just then
			cancel()
		}
	}}
	if _, err := tryOpen(ctx, t, b, Options{Strict: true}, h, "1.sql", "CREATE TABLE a (id nothing);"); err == nil {
		return errors.New("Open succeeded")
	}
	if b.exists(t, h.name) {
		return errors.New("the database is still there")
	}
	return nil
}

// cancelledLeavesNothing cancels while the server is at work on a statement.
func cancelledLeavesNothing(t *testing.T, b bench, m mutant) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h := hooks{mutant: m, name: newName()}
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
	_, err := tryOpen(ctx, t, b, Options{}, h, "1.sql", "SELECT pg_sleep(60)")
	<-watched
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("Open = %w", err)
	}
	if b.exists(t, h.name) {
		return errors.New("the database is still there")
	}
	return nil
}

func notDown(t *testing.T, b bench, m mutant) error {
	d, err := tryOpen(t.Context(), t, b, Options{}, hooks{mutant: m}, "1.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n")
	if err != nil {
		return err
	}
	if got := relations(t, d); got != "a" {
		return fmt.Errorf("relations = %q", got)
	}
	return nil
}

func ownSession(t *testing.T, b bench, m mutant) error {
	d, err := tryOpen(t.Context(), t, b, Options{}, hooks{mutant: m},
		"1.sql", "SELECT set_config('search_path', '', false); CREATE SCHEMA s; SET search_path = s; CREATE TABLE a (id int);", "2.sql", "CREATE TABLE b (id int);")
	if err != nil {
		return err
	}
	if got := relations(t, d); got != "b s.a" {
		return fmt.Errorf("relations = %q", got)
	}
	return nil
}

func leavesServerAlone(t *testing.T, b bench, m mutant) error {
	role := newName()
	t.Cleanup(func() { b.exec(t, "DROP ROLE IF EXISTS "+role) })
	d, err := tryOpen(t.Context(), t, b, Options{Strict: true}, hooks{mutant: m},
		"1.sql", "CREATE ROLE "+role+";\nDO $$ BEGIN CREATE ROLE "+role+"; END $$;\nCREATE TABLE a (id int);\nCREATE DATABASE "+role+";")
	if err != nil {
		return err
	}
	if b.has(t, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role) {
		return errors.New("the role was created")
	}
	want := []string{"warning 1.sql:1:1: " + ofServer + " (and at 1 more places)", "warning 1.sql:4:1: " + ofDatabase}
	if got := told(d); !slices.Equal(got, want) {
		return fmt.Errorf("problems = %q", got)
	}
	return nil
}

func savesRest(t *testing.T, b bench, m mutant) error {
	d, err := tryOpen(t.Context(), t, b, Options{}, hooks{mutant: m},
		"1.sql", "BEGIN;\nCREATE TABLE a (id int);\nGRANT SELECT ON a TO sqlkeel_nobody;\nCREATE TABLE b (id int);\nCOMMIT;")
	if err != nil {
		return err
	}
	if got := relations(t, d); got != "a b" {
		return fmt.Errorf("relations = %q", got)
	}
	return nil
}
