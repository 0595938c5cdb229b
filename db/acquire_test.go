package db

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestAnAcquireThatTakesTooLongTellsThePoolsState(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Name: "shop", MaxConns: 1, AcquireTimeout: patience})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	d.cfg.AcquireTimeout = 50 * time.Millisecond // from now on: the first connection may take its time
	_, err = d.Exec(t.Context(), "SELECT 1")
	var timeout *AcquireTimeoutError
	if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if timeout.Target != "shop" || timeout.Max != 1 || timeout.InUse != 1 || timeout.Waiting != 0 || timeout.Timeout != 50*time.Millisecond {
		t.Errorf("state %+v", timeout)
	}
	if timeout.Oldest == nil || !strings.Contains(timeout.Oldest.Stack[0], "TestAnAcquireThatTakesTooLong") {
		t.Errorf("oldest %+v", timeout.Oldest)
	}
	for _, want := range []string{`"shop"`, "50ms", "1 of 1 in use", "acquire_test.go"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if n := d.stats().AcquireTimeouts; n != 1 {
		t.Errorf("%d timeouts counted", n)
	}
}

func TestACallersOwnEndIsNotAnAcquireTimeout(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- d.QueryRow(ctx, "SELECT 1").Scan() }()
	eventually(t, "a waiting caller", func() bool { return d.stats().Waiting == 1 })
	cancel()
	err = receive(t, "the caller's error", failed)
	var timeout *AcquireTimeoutError
	if !errors.Is(err, context.Canceled) || errors.As(err, &timeout) {
		t.Errorf("error %v", err)
	}
	if s := d.stats(); s.AcquireTimeouts != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

func TestADeadlineThatEndsInTheQueueIsAnAcquireTimeout(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, HealthInterval: time.Hour, HealthTimeout: patience})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := d.Exec(ctx, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		<-ctx.Done()
		if _, err := d.Exec(ctx, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err) // and does not count: it never waited
		}
		cancel()
	}
	d.monitor.probe(t.Context()) // beside run, which sleeps for an hour
	if r := d.Health(); r.State != Degraded || r.Pool.AcquireTimeouts != 3 || len(r.Errors) != 3 {
		t.Errorf("%+v", r)
	}
}

func TestCallersWaitForAServerThatIsAway(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), AcquireTimeout: patience, MaxConns: 2})
	proxy.Refuse()
	done := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := d.Exec(t.Context(), "SELECT 1")
			done <- err
		}()
	}
	eventually(t, "eight waiting callers", func() bool { return d.stats().Waiting == 8 })
	proxy.Resume()
	for range 8 {
		if err := receive(t, "a success", done); err != nil {
			t.Error(err)
		}
	}
}

// dialsWhileAway counts the dials of eight callers on two slots while nothing
// listens, for a second, and says how many may pass.
func dialsWhileAway(t *testing.T) (dials, most int64) {
	t.Helper()
	var away atomic.Bool
	var nobody refusing
	d, err := open(t.Context(), Config{
		DSN: pgtest.New(t).DSN(), AcquireTimeout: time.Second, MaxConns: 2, HealthInterval: time.Hour,
	}, hooks{dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if away.Load() {
			return nobody.dial(ctx, network, address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.WithoutCancel(t.Context())) }()
	away.Store(true)
	var wg sync.WaitGroup
	begin := time.Now()
	for range 8 {
		wg.Go(func() {
			_, err := d.Exec(t.Context(), "SELECT 1")
			var timeout *AcquireTimeoutError
			if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	// A slot dials at 0, 50, 150, 350 and 750 ms, then every 500 ms; each caller
	// may get in a dial before the first failure is known.
	return nobody.dials.Load(), 8 + 2*(4+int64(time.Since(begin)/dialPause.Max))
}

func TestFewDialsAreMadeWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	if n, most := dialsWhileAway(t); n == 0 || n > most {
		t.Errorf("%d dials of two slots, want %d at most", n, most)
	}
}

func TestADialThatFailsAfterItsCallerLeftShutsTheGate(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	dialled, fail := make(chan struct{}, 1), make(chan struct{})
	d, err := open(t.Context(), Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !away.Load() {
				return new(net.Dialer).DialContext(ctx, network, address)
			}
			select { // there may be more dials than the test waits for
			case dialled <- struct{}{}:
			default:
			}
			select {
			case <-fail:
			case <-ctx.Done():
			}
			return nil, syscall.ECONNREFUSED
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.WithoutCancel(t.Context())) }()
	away.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := d.Exec(ctx, "SELECT 1")
		left <- err
	}()
	receive(t, "a dial", dialled)
	cancel()
	if err := receive(t, "the caller's error", left); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	close(fail)
	eventually(t, "the failure", func() bool { return errors.Is(d.dials.last(), syscall.ECONNREFUSED) })
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Exec(short, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a caller that waits gets no cause: %v", err)
	}
}

func TestARefusalWhileRunningIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	server := &answering{code: "28P01"}
	var changed atomic.Bool
	d, err := open(t.Context(), Config{DSN: pg.DSN(), HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if changed.Load() {
				return server.dial(ctx, network, address)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(t.Context()) }()
	changed.Store(true)
	_, err = d.Exec(t.Context(), "SELECT 1")
	if pgerr.KindOf(err) != pgerr.Refused || server.dials.Load() != 1 {
		t.Errorf("after %d dials: %v", server.dials.Load(), err)
	}
	if errs := d.Health().Errors; len(errs) != 1 || errs[0].SQLSTATE != "28P01" || errs[0].Kind != "refused" {
		t.Errorf("the report has %+v", errs)
	}
}

func TestAFullServerIsWaitedForUntilAnOwnConnectionIsFree(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	server := &answering{code: "53300"}
	d, err := open(t.Context(), Config{DSN: pgtest.New(t).DSN(), AcquireTimeout: patience, MaxConns: 2, HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if full.Load() {
				return server.dial(ctx, network, address)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(t.Context()) }()
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	done := make(chan error, 1)
	go func() { done <- d.QueryRow(t.Context(), "SELECT 1").Scan(nil) }()
	eventually(t, "a dial that met the full server", func() bool { return server.dials.Load() > 0 })
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "the waiting caller", done); err != nil {
		t.Error(err)
	}
}

func addrOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
