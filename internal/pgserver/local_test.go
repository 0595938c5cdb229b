//go:build unix

package pgserver

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func query[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// homeOf returns where the server's data are, if they are on this machine.
func homeOf(s *Server) string {
	if l, ok := s.inst.(*local); ok {
		return l.home
	}
	return "/nowhere"
}

func localOf(t *testing.T, s *Server) *local {
	t.Helper()
	l, ok := s.inst.(*local)
	if !ok {
		t.Fatalf("the server is a %T", s.inst)
	}
	return l
}

func TestALocalServerServesItsSuperuserOnLoopback(t *testing.T) {
	t.Parallel()
	s := start(t, fromBinaries())
	if !s.Owned() {
		t.Error("not owned")
	}
	if got := query[string](t, s.DSN(), "SELECT current_user || ' ' || current_setting('is_superuser')"); got != "postgres on" {
		t.Errorf("we are %s", got)
	}
	if got := query[string](t, s.DSN(), "SHOW server_version"); !strings.HasPrefix(got, s.Version()) {
		t.Errorf("Version %s, server says %s", s.Version(), got)
	}
	for setting, want := range map[string]string{
		"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
		"synchronous_commit": "on", "max_connections": "300", "jit": "off", "server_encoding": "UTF8",
	} {
		if got := query[string](t, s.DSN(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	cfg := fromBinaries()
	cfg.Durable = true
	cfg.Settings = map[string]string{"max_connections": "7", "max_prepared_transactions": "3", "search_path": "a, b"}
	s := start(t, cfg)
	for setting, want := range map[string]string{
		"max_connections": "7", "max_prepared_transactions": "3", "search_path": "a, b", "fsync": "on",
	} {
		if got := query[string](t, s.DSN(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestAServerComesBackAtItsAddressWithItsDataFromEveryHalt(t *testing.T) {
	t.Parallel()
	s := start(t, fromBinaries())
	execute(t, s.DSN(), "CREATE TABLE halts (mode text)")
	for i, mode := range []Mode{Fast, Immediate, Killed} {
		conn, err := pgx.Connect(t.Context(), s.DSN())
		if err != nil {
			t.Fatal(err)
		}
		execute(t, s.DSN(), "INSERT INTO halts VALUES ('"+mode.String()+"')")
		for range 2 { // the second finds it down
			if err := s.Halt(t.Context(), mode); err != nil {
				t.Fatalf("Halt(%s): %v", mode, err)
			}
		}
		if err := conn.Ping(t.Context()); err == nil {
			t.Errorf("a session survived Halt(%s)", mode)
		}
		_ = conn.Close(context.Background())
		if c, err := net.Dial("tcp", hostOf(t, s.DSN())); err == nil {
			_ = c.Close()
			t.Errorf("something listens after Halt(%s)", mode)
		}
		for range 2 { // the second finds it up
			if err := s.Start(t.Context()); err != nil {
				t.Fatalf("Start after Halt(%s): %v", mode, err)
			}
		}
		if got := query[int64](t, s.DSN(), "SELECT count(*) FROM halts"); got != int64(i+1) {
			t.Errorf("after Halt(%s) and Start there are %d rows, want %d", mode, got, i+1)
		}
	}
}

func TestABadSettingIsExplainedInTheServersWords(t *testing.T) {
	t.Parallel()
	cfg := fromBinaries()
	cfg.Settings = map[string]string{"no_such_setting": "1"}
	s, err := Start(t.Context(), cfg)
	if err == nil {
		_ = s.Stop(t.Context())
	}
	wantInError(t, err, "postgres did not start", "no_such_setting")
}

func TestTroubleWithAHaltedServer(t *testing.T) {
	t.Parallel()
	s := start(t, fromBinaries())
	l := localOf(t, s)

	t.Run("another server at our port is not taken for ours", func(t *testing.T) {
		impostor := *l
		impostor.home = "/elsewhere"
		wantInError(t, impostor.verify(t.Context()), "another server answers", l.home)
	})
	t.Run("Halt ends with its context and goes on", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Halt(ctx, Fast); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Halt: %v", err)
		}
		if err := s.Halt(t.Context(), Fast); err != nil {
			t.Errorf("Halt again: %v", err)
		}
	})
	t.Run("a taken port is an error, and not for ever", func(t *testing.T) {
		other, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(l.port)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); !errors.Is(err, errPortTaken) {
			t.Errorf("Start on a taken port: %v, want errPortTaken", err)
		}
		_ = other.Close()
		if err := s.Start(t.Context()); err != nil {
			t.Errorf("Start when the port is free again: %v", err)
		}
	})
	t.Run("Stop of a killed server removes all and is final", func(t *testing.T) {
		if err := s.Halt(t.Context(), Killed); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
		if err := s.Halt(t.Context(), Fast); !errors.Is(err, ErrStopped) {
			t.Errorf("Halt: %v, want ErrStopped", err)
		}
		if err := s.Start(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("Start: %v, want ErrStopped", err)
		}
	})
}
