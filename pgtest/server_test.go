package pgtest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

func TestAPrivateServerComesBackWithItsDataAtTheSameAddress(t *testing.T) {
	t.Parallel()
	s := NewServer(t, WithSetting("max_connections", "9"))
	if got := query[string](t, s.DSN(), "SHOW max_connections"); got != "9" {
		t.Errorf("max_connections is %s, want 9", got)
	}
	if s.DSN() == serverDSN(t) || !strings.Contains(s.DSN(), "@"+s.Addr()+"/") {
		t.Errorf("DSN %s, address %s", s.DSN(), s.Addr())
	}
	setup := connect(t, s.DSN())
	if _, err := setup.Exec(t.Context(), "CREATE TABLE kept (code text)"); err != nil {
		t.Fatal(err)
	}
	_ = setup.Close(t.Context())
	for _, c := range []struct {
		halt func()
		code string // what a session hears
	}{{s.Stop, "57P01"}, {s.StopImmediate, "57P02"}, {s.Kill, ""}} {
		conn := connect(t, s.DSN())
		if _, err := conn.Exec(t.Context(), "INSERT INTO kept VALUES ($1)", c.code); err != nil {
			t.Fatal(err)
		}
		c.halt()
		err := conn.Ping(t.Context())
		var pg *pgconn.PgError
		if heard := errors.As(err, &pg); err == nil || heard && pg.Code != c.code {
			t.Errorf("a session heard %v, want %q", err, c.code)
		}
		_ = conn.Close(context.Background())
		s.Start()
	}
	if got := query[string](t, s.DSN(), "SELECT string_agg(code, ',' ORDER BY code DESC) FROM kept"); got != "57P02,57P01," {
		t.Errorf("kept %q", got)
	}
}

func TestABadServerOptionEndsTheTest(t *testing.T) {
	t.Parallel()
	fake := newFakeT("TestWithABadOption")
	fake.run(func() { NewServer(fake, WithSetting("", "x")) })
	if err := fake.said("WithSetting: name is empty"); err != nil || !fake.Failed() {
		t.Errorf("failed %t, %v", fake.Failed(), err)
	}
}

func TestAServerThatCannotBeStartedEndsTheTestWithInstructions(t *testing.T) {
	t.Setenv("SQLKEEL_PG_PROVIDER", "local")
	t.Setenv("SQLKEEL_PG_BIN", t.TempDir())
	fake := newFakeT("TestWithoutServer")
	fake.run(func() { NewServer(fake) })
	if err := fake.said("no PostgreSQL server available", "SQLKEEL_PG_BIN", "install PostgreSQL"); err != nil || !fake.Failed() {
		t.Errorf("failed %t, %v", fake.Failed(), err)
	}
}

func TestTheProcessAsksOnceForAServerAndRemembersAFailure(t *testing.T) {
	l, err := pgserver.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	t.Setenv("SQLKEEL_PG_PROVIDER", "")
	t.Setenv("TEST_DATABASE_URL", "postgres://postgres@"+l.Addr().String()+"/postgres")
	var none sharedServer
	_, first := none.get()
	var unavailable *pgserver.UnavailableError
	if !errors.As(first, &unavailable) {
		t.Fatalf("got %v, want an UnavailableError", first)
	}
	if err := os.Unsetenv("TEST_DATABASE_URL"); err != nil {
		t.Fatal(err)
	}
	if _, second := none.get(); second != first {
		t.Errorf("the second time: %v", second)
	}
	if err := none.stop(); err != nil {
		t.Errorf("stop without a server: %v", err)
	}
}

func TestDATABASE_URLIsNotLookedAt(t *testing.T) {
	dsn := serverDSN(t)
	t.Setenv("SQLKEEL_PG_PROVIDER", "dsn")
	t.Setenv("TEST_DATABASE_URL", "")
	t.Setenv("DATABASE_URL", dsn)
	var s sharedServer
	if _, err := s.get(); err == nil || !strings.Contains(err.Error(), "dsn: TEST_DATABASE_URL not set") {
		t.Errorf("got %v", err)
	}
}
