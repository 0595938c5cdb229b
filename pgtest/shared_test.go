package pgtest

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestAConnectionThatMakesDatabasesServesTheNextTest(t *testing.T) {
	t.Parallel()
	s, dsn := &sharedServer{started: true}, serverDSN(t)
	take := func() *pgx.Conn {
		t.Helper()
		conn, err := s.connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	first := take()
	s.release(t.Context(), first, nil)
	second := take()
	if second != first {
		t.Error("another connection was made")
	}
	s.release(t.Context(), second, errors.New("it may hold a lock"))
	if third := take(); third == first || !first.IsClosed() {
		t.Error("a connection serves on after a failure")
	} else {
		s.release(t.Context(), third, nil)
		query[bool](t, dsn, "SELECT pg_terminate_backend($1, 10000)", third.PgConn().PID())
	}
	fourth := take()
	if err := fourth.Ping(t.Context()); err != nil {
		t.Errorf("a connection that the server ended was given out: %v", err)
	}
	s.release(t.Context(), fourth, nil)
	if err := s.stop(); err != nil || !fourth.IsClosed() {
		t.Errorf("after stop: closed %t, %v", fourth.IsClosed(), err)
	}
}
