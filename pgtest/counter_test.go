package pgtest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestACounterCountsStatementsAndRoundTrips(t *testing.T) {
	t.Parallel()
	counter := NewCounter()
	pool := New(t, WithMigrations(books())).Pool(counter.Attach)
	f := Executor(pool)

	if _, err := f.Exec(t.Context(), getBook); err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	batch.Queue(getBook)
	batch.Queue("SELECT 2")
	if err := f.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	rows := pgx.CopyFromRows([][]any{{1, "Emma"}})
	if _, err := f.CopyFrom(t.Context(), pgx.Identifier{"public", "books"}, []string{"id", "title"}, rows); err != nil {
		t.Fatal(err)
	}
	want := []string{"GetBook", "GetBook", "SELECT 2", "COPY public.books"}
	if got := counter.Statements(); !slices.Equal(got, want) {
		t.Errorf("statements %q, want %q", got, want)
	}
	if got := counter.RoundTrips(); got != 3 {
		t.Errorf("%d round trips, want 3", got)
	}
	counter.Reset()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), listBook)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := counter.Statements(), []string{"begin", "ListBooks", "commit"}; !slices.Equal(got, want) {
		t.Errorf("a transaction is %q, want %q", got, want)
	}
}

// hears is a tracer that was there before the counter.
type hears struct{ queries atomic.Int64 }

func (h *hears) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	h.queries.Add(1)
	return ctx
}

func (h *hears) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestACounterStandsBesideAnotherTracer(t *testing.T) {
	t.Parallel()
	counter, other := NewCounter(), &hears{}
	pool := New(t).Pool(func(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = other }, counter.Attach)
	if _, err := pool.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if counter.RoundTrips() != 1 || other.queries.Load() != 1 {
		t.Errorf("the counter heard %d, the other %d; want 1 each", counter.RoundTrips(), other.queries.Load())
	}
}

func TestAStatementIsKnownByItsName(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		getBook:                         "GetBook",
		"-- name: Get :one":             "Get",
		"-- name: Get\nSELECT 1":        "Get",
		"\n-- name: Get :one\nSELECT 1": "Get",
		"SELECT 1":                      "SELECT 1",
		"-- a remark\nSELECT 1":         "-- a remark\nSELECT 1",
	} {
		if got := statementName(sql); got != want {
			t.Errorf("%q is called %q, want %q", sql, got, want)
		}
	}
}
