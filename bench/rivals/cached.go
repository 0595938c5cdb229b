package rivals

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// cachedReads read the popular books more often than the others, while so many of a
// hundred operations write a price.
func cachedReads() []workload {
	var all []workload
	for _, percent := range []int{0, 1, 10} {
		all = append(all, workload{
			name: fmt.Sprintf("hot read, %d %% writes", percent), group: "cached",
			about: "one row by its primary key, from memory where the arm can; the keys are drawn from a Zipf distribution",
			rows:  fewBooks, callers: 16, chunk: 64, cache: true, writes: percent > 0,
			bind: func(s *Store, d *data) operation { return newMix(s, d, percent).operation() },
		})
	}
	return all
}

// mix is reads beside writes. It knows the least price that a read may return.
type mix struct {
	store       *Store
	data        *data
	percent     int
	prices      []leastPrice // by id
	reads, olds atomic.Uint64
}

// leastPrice is that of one book. It only grows.
type leastPrice struct {
	mu    sync.Mutex // of writers
	least atomic.Int64
}

func newMix(s *Store, d *data, percent int) *mix {
	m := &mix{store: s, data: d, percent: percent, prices: make([]leastPrice, len(d.books)+1)}
	for _, b := range d.books {
		m.prices[b.ID].least.Store(b.Price)
	}
	return m
}

func (m *mix) operation() operation {
	read, write := m.store.CachedBookByID, m.store.SetPrice
	if read.Run == nil {
		return operation{why: read.Why}
	}
	if m.percent > 0 && write.Run == nil {
		return operation{why: write.Why}
	}
	return operation{calls: m.calls, check: m.check, old: func() float64 {
		return 100 * float64(m.olds.Load()) / float64(max(m.reads.Load(), 1))
	}}
}

// access is one read or write.
type access struct {
	id    int64
	write bool
}

func (m *mix) calls(first uint64, count int) func(context.Context) error {
	random := rand.New(rand.NewPCG(first, 0))
	zipf := rand.NewZipf(random, 1.1, 1, uint64(len(m.data.books)-1))
	all := make([]access, count)
	for i := range all {
		all[i] = access{id: int64(zipf.Uint64()) + 1, write: random.IntN(100) < m.percent}
	}
	return func(ctx context.Context) error {
		for _, a := range all {
			if err := m.do(ctx, a); err != nil {
				return err
			}
		}
		return nil
	}
}

func (m *mix) do(ctx context.Context, a access) error {
	if a.write {
		return m.raise(ctx, a.id)
	}
	if m.percent == 0 {
		return m.store.CachedBookByID.Run(ctx, a.id)
	}
	least := m.prices[a.id].least.Load()
	book, err := m.store.CachedBookByID.Result(ctx, a.id)
	m.reads.Add(1)
	if book.Price < least {
		m.olds.Add(1)
	}
	return err
}

// raise writes a book's price, one more than it was.
func (m *mix) raise(ctx context.Context, id int64) error {
	p := &m.prices[id]
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.least.Load() + 1
	if err := m.store.SetPrice.Run(ctx, Price{ID: id, Price: next}); err != nil {
		return err
	}
	p.least.Store(next)
	return nil
}

// check reads a book, and looks for the last price of the most popular one.
func (m *mix) check(ctx context.Context, conn *pgx.Conn, n uint64) error {
	id := int64(len(m.data.books)) - int64(n%10)
	got, err := m.store.CachedBookByID.Result(ctx, id)
	if err != nil {
		return err
	}
	want := m.data.book(id)
	if got.Price < want.Price || got.Price > m.prices[id].least.Load() {
		return fmt.Errorf("wrong result: a price of %d, which was never there", got.Price)
	}
	want.Price = got.Price
	if err := returns(func(int64) Book { return want })(ctx, conn, id, got); err != nil {
		return err
	}
	var price int64
	if err := conn.QueryRow(ctx, `SELECT price FROM books WHERE id = 1`).Scan(&price); err != nil {
		return err
	}
	if price != m.prices[1].least.Load() {
		return errors.New("a price that was written is not there")
	}
	return nil
}
