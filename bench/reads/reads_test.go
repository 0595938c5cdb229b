package reads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/internal/seed"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// callers are those at a time.
const callers = 16

// shop is a bookstore, and the price that each book has at least.
type shop struct {
	db     *db.DB
	cache  *cache.Cache
	q      *queries.Queries
	prices []price
}

// price is that of one book. It only grows.
type price struct {
	mu    sync.Mutex // of writers
	least atomic.Int64
}

func open(b *testing.B) *shop {
	b.Helper()
	pg := pgtest.New(b, pgtest.WithMigrations(migrations.FS), pgtest.WithSeed("small", func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return seed.Load(ctx, tx, seed.Small, nil) })
	}))
	c, err := cache.New(cache.Config{})
	if err != nil {
		b.Fatal(err)
	}
	d, err := db.Open(b.Context(), db.Config{DSN: pg.DSN(), MaxConns: callers, MinConns: callers, Statements: queries.Statements, Invalidator: c})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close(context.Background()) })
	s := &shop{db: d, cache: c, q: queries.New(d)}
	ids, err := s.q.ListBookIDs(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s.prices = make([]price, len(ids)+1) // the books are numbered from 1
	for _, id := range ids {
		book, err := s.q.GetBook(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		s.prices[id].least.Store(book.PriceCents)
	}
	return s
}

// raise writes a book's price, one more than it was.
func (s *shop) raise(ctx context.Context, id int64) error {
	p := &s.prices[id]
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.least.Load() + 1
	if _, err := s.q.SetPrice(ctx, next, id); err != nil {
		return err
	}
	p.least.Store(next)
	return nil
}

// arms are ways to read a book.
func (s *shop) arms(b *testing.B) map[string]func(context.Context, int64) (queries.GetBookRow, error) {
	b.Helper()
	other, err := cache.New(cache.Config{})
	if err != nil {
		b.Fatal(err)
	}
	view, err := cache.NewView[int64](other, cache.ViewConfig[queries.GetBookRow]{Name: "book", Tables: []string{"never written"}, TTL: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	load := s.q.GetBook
	return map[string]func(context.Context, int64) (queries.GetBookRow, error){
		"database": s.q.GetBook,
		"ttl-1s":   func(ctx context.Context, id int64) (queries.GetBookRow, error) { return view.Get(ctx, "", id, load) },
		"sqlkeel":  queries.NewCached(s.q, s.cache).GetBook,
	}
}

// BenchmarkReadMostly reads books, the popular ones more often than the others, by many
// callers. So many of a hundred operations write a price instead. stale-% is how many of
// the reads returned a price from before a write that had returned when they began.
func BenchmarkReadMostly(b *testing.B) {
	for _, writes := range []int{0, 1, 10} {
		for _, arm := range []string{"database", "ttl-1s", "sqlkeel"} {
			b.Run(fmt.Sprintf("writes=%d%%/%s", writes, arm), func(b *testing.B) { benchmarkReads(b, writes, arm) })
		}
	}
}

func benchmarkReads(b *testing.B, writes int, arm string) {
	s := open(b)
	read := s.arms(b)[arm]
	var seeds, reads, stale atomic.Uint64
	b.SetParallelism(callers / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		random := rand.New(rand.NewPCG(1, seeds.Add(1)))
		zipf := rand.NewZipf(random, 1.1, 1, uint64(len(s.prices)-2))
		for pb.Next() {
			id := int64(zipf.Uint64()) + 1
			if random.IntN(100) < writes {
				if err := s.raise(b.Context(), id); err != nil {
					b.Error(err)
				}
				continue
			}
			least := s.prices[id].least.Load()
			book, err := read(b.Context(), id)
			if err != nil {
				b.Error(err)
			}
			reads.Add(1)
			if book.PriceCents < least {
				stale.Add(1)
			}
		}
	})
	b.StopTimer()
	if arm == "sqlkeel" && stale.Load() > 0 {
		b.Errorf("%d stale reads", stale.Load())
	}
	n := float64(max(reads.Load(), 1))
	b.ReportMetric(100*float64(stale.Load())/n, "stale-%")
	if arm == "sqlkeel" {
		b.ReportMetric(100*float64(s.cache.Stats().Hits)/n, "hit-%")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
