package cache_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// params is like the arguments that sqlc makes for a statement with several.
type params struct {
	ID    int64
	Owner [16]byte
	Name  string
}

// BenchmarkHit measures what a hit costs. The bare otter, with its own expiry
// where the view has a TTL, is the yardstick: what a view adds is the target,
// the clocks of one table and the count of the hit.
func BenchmarkHit(b *testing.B) {
	b.Run("int64", func(b *testing.B) {
		benchmarkHit(b, func(i int) int64 { return int64(i) })
	})
	b.Run("struct", func(b *testing.B) {
		benchmarkHit(b, func(i int) params { return params{ID: int64(i), Name: fmt.Sprintf("name %d", i)} })
	})
}

func benchmarkHit[A comparable](b *testing.B, arg func(int) A) {
	args := make([]A, 1024)
	for i := range args {
		args[i] = arg(i)
	}
	for _, kind := range []struct {
		suffix string
		ttl    time.Duration
	}{{"", 0}, {"-ttl", time.Hour}} {
		bare := math.Inf(1) // ns of one bare hit, the best of all runs
		b.Run("otter"+kind.suffix, func(b *testing.B) {
			benchmarkOtter(b, args, kind.ttl)
			bare = min(bare, perOp(b))
		})
		b.Run("view"+kind.suffix, func(b *testing.B) {
			benchmarkView(b, args, kind.ttl)
			b.ReportMetric(perOp(b)-bare, "ns-over-otter")
		})
		if kind.ttl > 0 { // as a query always has
			b.Run("query"+kind.suffix, func(b *testing.B) {
				benchmarkQuery(b, args, kind.ttl)
				b.ReportMetric(perOp(b)-bare, "ns-over-otter")
			})
		}
	}
}

// always is a database whose results may be cached.
type always struct{}

func (always) CachedBy(context.Context, stmt.Invalidator) (target, why string) { return "main", "" }

func benchmarkQuery[A comparable](b *testing.B, args []A, ttl time.Duration) {
	c, err := cache.New(cache.Config{})
	if err != nil {
		b.Fatal(err)
	}
	statement := &stmt.Statement{Name: "GetBook", SQL: "book", Effects: stmt.Effects{
		ReadOnly: true, Reads: []string{"books"}, ReadKeys: []stmt.RowKey{{Relation: "books", Column: "id", Param: 1}},
	}}
	load := func(context.Context, A) (int64, error) { return 1, nil }
	q := cache.NewQuery(c, always{}, load, &cache.QueryConfig[A, A, int64]{
		Statement: statement, TTL: ttl, Key: func(a A) A { return a }, Args: func(a A) []any { return []any{int64(1)} },
	})
	for _, a := range args {
		if _, err := q.Get(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := q.Get(b.Context(), args[i%len(args)]); err != nil {
			b.Fatal(err)
		}
	}
	if s := c.Stats(); s.Loads != uint64(len(args)) {
		b.Fatalf("%d loads, want %d", s.Loads, len(args))
	}
}

func perOp(b *testing.B) float64 { return float64(b.Elapsed().Nanoseconds()) / float64(b.N) }

func benchmarkOtter[A comparable](b *testing.B, args []A, ttl time.Duration) {
	opts := otter.Options[A, *int64]{MaximumSize: 10_000}
	if ttl > 0 {
		opts.ExpiryCalculator = otter.ExpiryWriting[A, *int64](ttl)
	}
	store := otter.Must(&opts)
	b.Cleanup(func() { store.StopAllGoroutines() })
	for _, a := range args {
		store.Set(a, new(int64))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, found := store.GetIfPresent(args[i%len(args)]); !found {
			b.Fatal("miss")
		}
	}
}

func benchmarkView[A comparable](b *testing.B, args []A, ttl time.Duration) {
	c, err := cache.New(cache.Config{TTL: ttl})
	if err != nil {
		b.Fatal(err)
	}
	v, err := cache.NewView[A](c, cache.ViewConfig[int64]{Name: "hit", Tables: []string{"books"}})
	if err != nil {
		b.Fatal(err)
	}
	load := func(context.Context, A) (int64, error) { return 1, nil }
	for _, a := range args {
		if _, err := v.Get(b.Context(), "main", a, load); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := v.Get(b.Context(), "main", args[i%len(args)], load); err != nil {
			b.Fatal(err)
		}
	}
	if s := c.Stats(); s.Loads != uint64(len(args)) {
		b.Fatalf("%d loads, want %d", s.Loads, len(args))
	}
}

// BenchmarkFence measures what a write of one relation pays for the cache: once for a
// table that nothing cached reads, and else for one that is: for a row, for ten by a list,
// and for a column of a row on which no result depends.
func BenchmarkFence(b *testing.B) {
	c, err := cache.New(cache.Config{})
	if err != nil {
		b.Fatal(err)
	}
	statement := &stmt.Statement{Name: "GetBook", SQL: "book", Effects: stmt.Effects{
		ReadOnly: true, Reads: []string{"books"}, ReadKeys: []stmt.RowKey{{Relation: "books", Column: "id", Param: 1}},
		ReadColumns: []stmt.Columns{{Relation: "books", Names: []string{"id", "title"}}},
	}}
	q := cache.NewQuery(c, always{}, func(context.Context, int64) (int64, error) { return 1, nil }, &cache.QueryConfig[int64, int64, int64]{
		Statement: statement, TTL: time.Hour, Key: func(n int64) int64 { return n }, Args: func(n int64) []any { return []any{n} },
	})
	if _, err := q.Get(b.Context(), 1); err != nil {
		b.Fatal(err)
	}
	for name, run := range map[string]stmt.Run{
		"not-read": {Effects: &stmt.Effects{Writes: []string{"sales"}}},
		"row": {Args: []any{int64(2)}, Effects: &stmt.Effects{
			Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "books", Column: "id", Param: 1}},
		}},
		"list": exec.NewRun(&stmt.Effects{
			Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "books", Column: "id", Param: 1, Each: true}},
		}, []any{[]int64{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}),
		"column": {Args: []any{int64(2)}, Effects: &stmt.Effects{
			Writes: []string{"books"}, WriteKeys: []stmt.RowKey{{Relation: "books", Column: "id", Param: 1}},
			SetColumns: []stmt.Columns{{Relation: "books", Names: []string{"price"}}},
		}},
	} {
		b.Run(name, func(b *testing.B) {
			runs := []stmt.Run{run}
			b.ReportAllocs()
			for b.Loop() {
				c.BeforeWrite("main", runs)
				c.AfterWrite("main", runs, stmt.Committed)
			}
		})
	}
}
