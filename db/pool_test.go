package db

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestOverflowShrinksBackToTheBase(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 6, MinConns: 2, MaxConnIdleTime: 100 * time.Millisecond})
	fill(t, d, 6)
	eventually(t, "two connections", func() bool { return d.stats().Total == 2 })
	if s := d.stats(); s.Closed[ClosedIdle] < 4 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheBaseIsKeptOpen(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MinConns: 3})
	eventually(t, "three connections", func() bool { return d.stats().Idle == 3 })
}

func TestTheBaseIsRestoredAfterDeaths(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	// The pool checks its size every 30 s, unless it is notified of a dead connection.
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 5, MinConns: 4, HealthInterval: time.Hour})
	eventually(t, "the base", func() bool { return d.stats().Idle == 4 })
	number(t, pg.Conn(), `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the base again", func() bool { return d.stats().Idle == 4 && d.stats().Closed[ClosedDead] == 4 })
}

func TestAnOldConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 2, MaxConnLifetime: 50 * time.Millisecond})
	eventually(t, "a replacement", func() bool {
		if err := d.QueryRow(t.Context(), "SELECT 1").Scan(nil); err != nil {
			t.Fatal(err)
		}
		s := d.stats()
		return s.Closed[ClosedLifetime] > 1 && s.NewConns > 2
	})
}

// TestStress lets many callers share few connections, half of them impatient,
// some of them panicking.
func TestStress(t *testing.T) {
	t.Parallel()
	const size, callers, uses = 4, 200, 5
	pg := pgtest.New(t)
	admin := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), MaxConns: size, AcquireTimeout: patience})
	ctx, stop := context.WithCancel(t.Context())
	most := make(chan int, 1)
	go func() { // beside the load, which it does not slow down
		n := 0
		for ctx.Err() == nil {
			n = max(n, number(t, admin, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
				AND backend_type = 'client backend'`))
		}
		most <- n
	}()
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for use := range uses {
				stressOnce(t, d, caller+use)
			}
		})
	}
	wg.Wait()
	stop()
	// The monitor's connection, and some that are closed and not yet gone.
	if n := receive(t, "the count of backends", most); n > size+1+size {
		t.Errorf("the server had %d backends for a pool of %d", n, size)
	}
	eventually(t, "every connection's return", func() bool { return d.pool.Stat().AcquiredConns() == 0 })
	if s := d.stats(); s.InUse != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

func stressOnce(t *testing.T, d *DB, kind int) {
	defer func() { _ = recover() }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	switch kind % 5 {
	case 0: // leaves while waiting or in the middle
		time.AfterFunc(time.Duration(kind%7)*time.Millisecond, cancel)
		_, _ = d.Exec(ctx, "SELECT pg_sleep(0.01)")
	case 1: // reads a part
		if rows, err := d.Query(ctx, "SELECT * FROM generate_series(1, 1000)"); err == nil {
			rows.Next()
			rows.Close()
		}
	case 2: // panics with a transaction
		tx, err := d.BeginTx(ctx, pgx.TxOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		panic("boom")
	default:
		n := 0
		if err := d.QueryRow(ctx, "SELECT $1::int", kind).Scan(&n); err != nil || n != kind {
			t.Errorf("%d, %v", n, err)
		}
	}
}
