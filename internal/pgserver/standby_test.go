//go:build unix

package pgserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// standby returns a standby of s that is stopped at the end of the test.
func standby(t *testing.T, s *Server, settings map[string]string) *Server {
	t.Helper()
	follower, err := s.Standby(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := follower.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if _, err := os.Stat(homeOf(follower)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Stop its data are still in %s: %v", homeOf(follower), err)
		}
	})
	return follower
}

// follows waits until a standby has as many rows.
func follows(t *testing.T, s *Server, rows int64) {
	t.Helper()
	eventually(t, "the rows of the primary are here", func() bool {
		return query[int64](t, s.DSN(), "SELECT count(*) FROM items") == rows
	})
}

func TestAStandbyFollowsAndIsPromotedWhenItsPrimaryDies(t *testing.T) {
	t.Parallel()
	primary := start(t, fromBinaries())
	execute(t, primary.DSN(), "CREATE TABLE items (id int); INSERT INTO items VALUES (1)")
	follower := standby(t, primary, nil)
	if hostOf(t, follower.DSN()) == hostOf(t, primary.DSN()) || follower.Version() != primary.Version() || follower.Provider() != primary.Provider() {
		t.Errorf("%s %s of %s follows %s", follower.Provider(), follower.Version(), follower.DSN(), primary.DSN())
	}
	execute(t, primary.DSN(), "INSERT INTO items VALUES (2)")
	follows(t, follower, 2)
	err := tryToWrite(t, follower)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "25006" {
		t.Errorf("a write to a standby: %v, want 25006", err)
	}
	for _, mode := range []Mode{Fast, Killed} { // it comes back as what it was
		if err := errors.Join(follower.Halt(t.Context(), mode), follower.Start(t.Context())); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
	}
	execute(t, primary.DSN(), "INSERT INTO items VALUES (3)")
	follows(t, follower, 3)

	if err := primary.Halt(t.Context(), Killed); err != nil {
		t.Fatal(err)
	}
	if err := follower.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, follower.DSN(), "INSERT INTO items VALUES (4)")
	if err := errors.Join(follower.Halt(t.Context(), Fast), follower.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	execute(t, follower.DSN(), "INSERT INTO items VALUES (5)")
	if got := query[string](t, follower.DSN(), "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"); got != "00000002" {
		t.Errorf("on timeline %s, want 2", got)
	}
	if got := query[int64](t, follower.DSN(), "SELECT count(*) FROM items"); got != 5 {
		t.Errorf("%d rows, want 5", got)
	}
	if err := follower.Promote(t.Context()); !errors.As(err, &pg) || pg.Code != "55000" {
		t.Errorf("a second promotion: %v, want 55000", err)
	}
}

// tryToWrite gives the error of a write.
func tryToWrite(t *testing.T, s *Server) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), "INSERT INTO items VALUES (0)")
	return err
}

func TestAStandbyIsKnownByItsClusterName(t *testing.T) {
	t.Parallel()
	cfg := fromBinaries()
	cfg.Settings = map[string]string{"synchronous_standby_names": "one, two", "max_connections": "20"}
	primary := start(t, cfg)
	follower := standby(t, primary, map[string]string{"cluster_name": "two", "work_mem": "8MB"})
	execute(t, primary.DSN(), "CREATE TABLE items (id int)") // returns, as the standby has it
	if got := query[string](t, primary.DSN(), "SELECT application_name || ' ' || sync_state FROM pg_stat_replication"); got != "two sync" {
		t.Errorf("the standby is %s", got)
	}
	for setting, want := range map[string]string{"work_mem": "8MB", "max_connections": "20", "synchronous_standby_names": ""} {
		if got := query[string](t, follower.DSN(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if err := follower.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, follower.DSN(), "INSERT INTO items VALUES (1)") // waits for no standby
}

func TestAServerThatIsDownIsUpOnceItHasAStandby(t *testing.T) {
	t.Parallel()
	primary := start(t, fromBinaries())
	execute(t, primary.DSN(), "CREATE TABLE items (id int); INSERT INTO items VALUES (1)")
	if err := primary.Halt(t.Context(), Killed); err != nil {
		t.Fatal(err)
	}
	follower := standby(t, primary, nil)
	execute(t, primary.DSN(), "INSERT INTO items VALUES (2)")
	follows(t, follower, 2)
}

func TestAStandbyThatCannotBeMadeLeavesItsPrimaryUp(t *testing.T) {
	t.Parallel()
	primary := start(t, fromBinaries())
	_, err := primary.Standby(t.Context(), map[string]string{"no_such_setting": "1"})
	wantInError(t, err, "make a standby", "postgres did not start", "no_such_setting")
	execute(t, primary.DSN(), "SELECT 1")

	err = localOf(t, primary).copyData(t.Context(), filepath.Join(t.TempDir(), "none"))
	wantInError(t, err, "cp: exit status 1", "none")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := primary.Standby(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if err := errors.Join(primary.Halt(t.Context(), Fast), primary.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	execute(t, primary.DSN(), "SELECT 1")
}

// contained is an instance that cannot be copied.
type contained struct{ Instance }

func TestOnlyAServerFromBinariesHasStandbys(t *testing.T) {
	t.Parallel()
	if _, err := (&Server{inst: contained{}}).Standby(t.Context(), nil); !errors.Is(err, ErrNoStandby) {
		t.Errorf("in a container: %v, want ErrNoStandby", err)
	}
	if _, err := (&Server{}).Standby(t.Context(), nil); !errors.Is(err, ErrNotOwned) {
		t.Errorf("not ours: %v, want ErrNotOwned", err)
	}
	if err := (&Server{}).Promote(t.Context()); !errors.Is(err, ErrNotOwned) {
		t.Errorf("not ours: %v, want ErrNotOwned", err)
	}
	if _, err := (&Server{inst: contained{}, stopped: true}).Standby(t.Context(), nil); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped: %v, want ErrStopped", err)
	}
}
