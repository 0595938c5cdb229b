package db

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// closeWithLeak closes a DB while a transaction is open.
func closeWithLeak(t *testing.T) error {
	t.Helper()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Name: "shop"})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = d.Close(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Errorf("what is lent stays usable: %v", err)
	}
	return err
}

func TestCloseNamesWhatIsStillLent(t *testing.T) {
	t.Parallel()
	err := closeWithLeak(t)
	if !strings.Contains(err.Error(), "1 connection still in use") || !strings.Contains(err.Error(), "db.closeWithLeak (close_test.go:") {
		t.Errorf("error %v", err)
	}
}

func TestCloseWaitsForWhatIsLent(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- d.Close(t.Context()) }()
	eventually(t, "the beginning of Close", func() bool { return d.life.Err() != nil })
	if _, err := d.Exec(t.Context(), "SELECT 1"); !errors.Is(err, ErrClosed) {
		t.Errorf("a use during Close: %v", err)
	}
	select {
	case err := <-closed:
		t.Fatalf("Close did not wait: %v", err)
	default:
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := receive(t, "Close's return", closed); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLentAfterCloseReturned(t *testing.T) {
	t.Parallel()
	for range 5 {
		d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour})
		fill(t, d, 1)
		d.loops.Add(1) // a monitor that is busy: the pool stays open
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Close(ended); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for the monitor") {
			t.Errorf("Close: %v", err)
		}
		for range 10 {
			if _, err := d.Exec(t.Context(), "SELECT 1"); !errors.Is(err, ErrClosed) {
				t.Errorf("a use after Close: %v", err)
			}
		}
		d.loops.Done()
	}
}

func TestCloseMayBeCalledAgain(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	fill(t, d, 2)
	for range 3 {
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Close(ended); err != nil {
		t.Errorf("what is closed is closed: %v", err)
	}
	if s := d.stats(); s.Total != 0 || s.Closed[ClosedShutdown] != 2 {
		t.Errorf("%+v", s)
	}
	if d.Health().Target == "" {
		t.Error("there is no report after Close")
	}
}

func TestCloseSendsWaitingCallersAway(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, AcquireTimeout: patience})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- d.QueryRow(t.Context(), "SELECT 1").Scan(nil) }()
	eventually(t, "a waiting caller", func() bool { return d.stats().Waiting == 1 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	if err := receive(t, "the waiting caller", failed); !errors.Is(err, ErrClosed) {
		t.Errorf("the waiting caller: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestACloseErrorNamesThreeAtMost(t *testing.T) {
	t.Parallel()
	b := Lease{PID: 7, Held: time.Second, Statement: "GetBook", Stack: []string{"f (a.go:1)"}}
	err := &closeError{Target: "shop", Borrowed: []Lease{b, b, b, b, b}, Err: context.Canceled}
	if s := err.Error(); strings.Count(s, "pid 7 held for 1s by GetBook from f (a.go:1)") != 3 || !strings.HasSuffix(s, "; and 2 more") {
		t.Errorf("%s", s)
	}
}
