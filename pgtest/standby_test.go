package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// execOn runs statements on a server, each in a transaction of its own.
func execOn(t *testing.T, s *Server, statements ...string) {
	t.Helper()
	conn := connect(t, s.DSN())
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// awaitRows waits until the table items of a server has as many rows.
func awaitRows(t *testing.T, s *Server, want int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	conn := connect(t, s.DSN())
	defer func() { _ = conn.Close(context.Background()) }()
	got := int64(-1)
	err := until(ctx, func() (bool, error) {
		err := conn.QueryRow(ctx, "SELECT count(*) FROM items").Scan(&got)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "42P01" {
			return false, nil // the table is not there yet
		}
		return got == want, err
	})
	if err != nil {
		t.Fatalf("it stays at %d rows, want %d: %v", got, want, err)
	}
}

func TestAStandbyTakesOverFromADeadPrimary(t *testing.T) {
	t.Parallel()
	primary := NewServer(t)
	standby := primary.NewStandby()
	execOn(t, primary, "CREATE TABLE items (id int)", "INSERT INTO items VALUES (1)")
	awaitRows(t, standby, 1)
	primary.Kill()
	standby.Promote()
	execOn(t, standby, "INSERT INTO items VALUES (2)")
	awaitRows(t, standby, 2)
	if got := query[string](t, standby.DSN(), "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)"); got != "00000002" {
		t.Errorf("on timeline %s, want 2", got)
	}
}

func TestACommitWaitsForASynchronousStandbyThatIsCutOff(t *testing.T) {
	t.Parallel()
	primary := NewServer(t, WithSetting("synchronous_standby_names", "mirror"))
	proxy := NewProxy(t, primary.Addr())
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	standby := primary.NewStandby(WithSetting("cluster_name", "mirror"),
		WithSetting("primary_conninfo", fmt.Sprintf("host=%s port=%s user=postgres", host, port)))
	execOn(t, primary, "CREATE TABLE items (id int)", "INSERT INTO items VALUES (1)")
	awaitRows(t, standby, 1)

	proxy.Hang()
	conn := connect(t, primary.DSN())
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	ended := make(chan error, 1)
	go func() { _, err := conn.Exec(t.Context(), "INSERT INTO items VALUES (2)"); ended <- err }()
	waits := func() (bool, error) {
		return query[bool](t, primary.DSN(), fmt.Sprintf(
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d AND wait_event = 'SyncRep')", conn.PgConn().PID())), nil
	}
	if err := until(t.Context(), waits); err != nil {
		t.Fatal(err)
	}
	awaitRows(t, standby, 1)
	proxy.Resume()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	awaitRows(t, standby, 2)
}

func TestAStandbyThatCannotBeMadeEndsTheTest(t *testing.T) {
	t.Parallel()
	primary := NewServer(t)
	for want, call := range map[string]func(*Server){
		"WithSetting: name is empty":  func(s *Server) { s.NewStandby(WithSetting("", "x")) },
		"no_such_setting":             func(s *Server) { s.NewStandby(WithSetting("no_such_setting", "1")) },
		"recovery is not in progress": func(s *Server) { s.Promote() },
	} {
		fake := newFakeT("TestWithoutStandby")
		fake.run(func() { call(&Server{t: fake, server: primary.server, addr: primary.addr}) })
		if err := fake.said(want); err != nil || !fake.Failed() {
			t.Errorf("failed %t, %v", fake.Failed(), err)
		}
	}
}
