package db

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

const (
	oneNumber   = "SELECT $1::int"
	someNumbers = "SELECT n FROM generate_series(1, $1::int) n"
)

// uses are what a caller does with an Executor.
var uses = map[string]func(ctx context.Context, e Executor) error{
	"QueryRow": func(ctx context.Context, e Executor) error {
		var n int
		return e.QueryRow(ctx, oneNumber, 1).Scan(&n)
	},
	"Query": func(ctx context.Context, e Executor) error {
		rows, err := e.Query(ctx, someNumbers, 3)
		if err != nil {
			return err
		}
		defer rows.Close()
		var n int
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				return err
			}
		}
		return rows.Err()
	},
	"Exec": func(ctx context.Context, e Executor) error {
		_, err := e.Exec(ctx, oneNumber, 1)
		return err
	},
}

// Not parallel: other goroutines' allocations would count.
func TestAStatementAllocatesAtMostFourTimesMoreThanThroughPgxpool(t *testing.T) {
	pg := pgtest.New(t)
	known := stmt.Join(readOnly(oneNumber), stmt.Declare(someNumbers, stmt.Effects{ReadOnly: true}))
	for name, d := range map[string]*DB{
		"unknown": start(t, Config{DSN: pg.DSN(), HealthInterval: time.Hour}),
		"known":   start(t, Config{DSN: pg.DSN(), HealthInterval: time.Hour, Statements: known}),
	} {
		ctx, cancel := context.WithCancel(t.Context()) // as a request has one
		defer cancel()
		for use, run := range uses {
			cost := func(e Executor) float64 {
				return testing.AllocsPerRun(200, func() {
					if err := run(ctx, e); err != nil {
						t.Error(err)
					}
				})
			}
			bare, ours := cost(pg.Pool()), cost(d)
			t.Logf("%s, %s: %v through pgxpool, %v through a DB", use, name, bare, ours)
			if ours > bare+4 {
				t.Errorf("%s, %s: %v allocations, through pgxpool %v", use, name, ours, bare)
			}
		}
	}
}

func TestAStatementMakesTheRoundTripsOfPgxpool(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d, sent := startCountingWrites(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: readOnly(oneNumber, someNumbers)})
	fill(t, d, 1)
	for use, run := range uses {
		for i, want := range []int64{2, 1, 1} { // the first time it is prepared
			before := sent.Load()
			if err := run(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if got := sent.Load() - before; got > want {
				t.Errorf("%s, use %d: %d round trips, want %d", use, i, got, want)
			}
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(oneNumber, 1)
	batch.Queue(someNumbers, 3)
	before := sent.Load()
	if err := d.SendBatch(t.Context(), batch).Close(); err != nil || sent.Load()-before != 1 {
		t.Errorf("a batch: %d round trips, %v", sent.Load()-before, err)
	}
}

func TestALookForAnIdleConnectionDoesNotWait(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	fill(t, d, 1)
	l, err := d.acquire(t.Context(), use{})
	if err != nil {
		t.Fatal(err)
	}
	d.open.Add(1) // as if one were idle, which was closed meanwhile
	looked := make(chan bool)
	go func() { looked <- d.takeIdle(t.Context(), new(lease), time.Now()) }()
	if receive(t, "the end of the look", looked) {
		t.Error("a connection that is lent was found")
	}
	d.open.Add(-1)
	l.done(nil)
}

func TestToBeCachedCostsNoAllocation(t *testing.T) {
	d, j, _ := fenced(t, Config{HealthInterval: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := testing.AllocsPerRun(100, func() { _, _ = d.CachedBy(ctx, j) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
