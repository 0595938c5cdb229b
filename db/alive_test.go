package db

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// writesAfterTermination ends the sessions of three idle connections and then
// runs three statements that are never run twice. It returns how many failed.
func writesAfterTermination(t *testing.T) (failed int) {
	t.Helper()
	pg := pgtest.New(t)
	conn := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), HealthInterval: time.Hour})
	fill(t, d, 3)
	const others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
	if n := number(t, conn, "SELECT count(pg_terminate_backend(pid)) "+others); n != 4 {
		t.Fatalf("%d sessions ended, want three of the pool and the monitor's", n)
	}
	eventually(t, "the end of the sessions", func() bool { return number(t, conn, "SELECT count(*) "+others) == 0 })
	for range 3 {
		if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
			failed++
		}
	}
	eventually(t, "the count of three deaths", func() bool { return d.stats().Closed[ClosedDead] == 3 })
	if s := d.stats(); s.Replays != 0 {
		t.Errorf("%+v", s)
	}
	return failed
}

func TestAnIdleConnectionThatTheServerEndedIsNotLent(t *testing.T) {
	t.Parallel()
	if n := writesAfterTermination(t); n != 0 {
		t.Errorf("%d of 3 statements failed", n)
	}
}

// pingsInBlackHole lets size idle connections fall silent and counts the pings
// that got no answer until the first success.
func pingsInBlackHole(t *testing.T, size int) int64 {
	t.Helper()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{
		DSN: proxy.DSN(pg.DSN()), MaxConns: size, AcquireTimeout: patience, PingTimeout: 300 * time.Millisecond,
		HealthInterval: time.Hour,
	})
	fill(t, d, size)
	age(t, d)
	proxy.HangExisting()
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("size %d: %v", size, err)
	}
	s := d.stats()
	if s.Resets != 1 || s.Closed[ClosedDead] != 1 {
		t.Errorf("size %d: %+v", size, s)
	}
	proxy.Resume()
	return s.PingTimeouts
}

func TestABlackHoleCostsOnePingForAnyPoolSize(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 8, 64} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			if n := pingsInBlackHole(t, size); n != 1 {
				t.Errorf("%d pings got no answer before the first success", n)
			}
		})
	}
}

func TestAConnectionThatAnswersThePingIsLent(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	fill(t, d, 1)
	age(t, d)
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if s := d.stats(); s.NewConns != 1 || s.PingTimeouts != 0 {
		t.Errorf("%+v", s)
	}
}

func TestACallerWhoLeavesDuringAPingDoesNotCostTheConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{
		DSN: proxy.DSN(pg.DSN()), MaxConns: 1, AcquireTimeout: patience, PingTimeout: patience, HealthInterval: time.Hour,
	})
	fill(t, d, 1)
	age(t, d)
	proxy.HangExisting()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := d.Exec(ctx, "SELECT 1")
		failed <- err
	}()
	eventually(t, "the ping", func() bool { return d.pool.Stat().AcquiredConns() == 1 })
	cancel()
	if err := receive(t, "the caller's error", failed); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	proxy.Resume()
	eventually(t, "the connection's return", func() bool { return d.stats().Idle == 1 })
	if s := d.stats(); s.NewConns != 1 || len(s.Closed) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatHasNoSocketIsUnclear(t *testing.T) {
	t.Parallel()
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()
	if got := newPeeker(pipe).look(); got != unclear {
		t.Errorf("a pipe is %v", got)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	closed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	secure := tls.Client(closed, &tls.Config{})
	if got := newPeeker(secure).look(); got != silent {
		t.Errorf("the socket under TLS is %v", got)
	}
	_ = closed.Close()
	if got := newPeeker(secure).look(); got != unclear {
		t.Errorf("a socket closed on this side is %v", got)
	}
}
