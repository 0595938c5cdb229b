package cache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// A history is random work on one cache by readers and writers at once. Every row has
// one writer. It raises the row by one, invalidates, and then publishes that it is
// done. What a reader gets must be no older than what was published when the reader
// began. Behind a fence it must be no older than the row itself was.
type history struct {
	cache *Cache
	view  *View[int64, int64]
	reads []*Query[int64, int64, int64] // of the row with a key, by several statements
	turn  atomic.Int64                  // of which is the next one's
	rows  [2]row
	how   string // how writers invalidate
	ops   int
	step  func() // called between any two accesses of the rows
}

type row struct{ stored, published atomic.Int64 }

// The ways to invalidate. The last one is wrong: it leaves a gap in which the
// old row is read and kept.
const (
	byKey, byTable, byClear, bySet = "Invalidate", "InvalidateTables", "Clear", "Set"
	byWrite                        = "BeforeWrite and AfterWrite"
	tooEarly                       = "InvalidateTables before the write"
)

func newHistory(t *testing.T, how string, step func()) *history {
	c := newCache(t, Config{})
	h := &history{cache: c, view: newView[int64, int64](t, c), how: how, ops: 8, step: step}
	keys, title := []stmt.RowKey{byID}, []stmt.Columns{{Relation: table, Names: []string{"id", "title"}}}
	for _, e := range []stmt.Effects{
		{ReadKeys: keys}, {ReadKeys: keys, ReadColumns: title}, {ReadColumns: title}, {ReadKeys: []stmt.RowKey{byIDs}, ReadColumns: title},
	} {
		q := query(c, &fake{name: target}, booksBy(e), func(cfg *QueryConfig[int64, int64, int64]) {
			cfg.Args = func(n int64) []any {
				if len(e.ReadKeys) > 0 && e.ReadKeys[0].Each {
					return []any{[]int64{n + 7, n}}
				}
				return []any{n}
			}
		})
		q.load = h.load
		h.reads = append(h.reads, q)
	}
	return h
}

// run returns the first stale read, if there was one.
func (h *history) run(ctx context.Context) error {
	var all sync.WaitGroup
	stale := make(chan error, 64)
	for key := range int64(len(h.rows)) {
		all.Go(func() { h.write(key) })
		for range 3 {
			all.Go(func() { h.read(ctx, key, stale) })
		}
	}
	all.Wait()
	for key := range int64(len(h.rows)) {
		h.readOnce(ctx, key, stale)
	}
	select {
	case err := <-stale:
		return err
	default:
		return nil
	}
}

func (h *history) write(key int64) {
	r := &h.rows[key]
	for n := int64(1); n <= int64(h.ops); n++ {
		h.step()
		if h.how == byWrite {
			h.writeFenced(key, n)
			continue
		}
		if h.how == tooEarly {
			h.cache.InvalidateTables(target, table)
			h.step()
		}
		r.stored.Store(n)
		h.step()
		switch h.how {
		case byKey:
			h.view.Invalidate(target, key)
		case byTable:
			h.cache.InvalidateTables(target, table)
		case byClear:
			h.cache.Clear()
		case bySet:
			h.view.Set(target, key, n)
		}
		r.published.Store(n)
	}
}

// writeFenced writes version n behind a fence. Every third attempt is rolled back first,
// and the outcome of every second one is not known at once.
func (h *history) writeFenced(key, n int64) {
	writes := []stmt.Run{updates("id", key), sets(key, "title"), updatesEach([]int64{key, key + 50, key})}
	runs := []stmt.Run{writes[(n+key)%3], sets(key, "price")}
	if n%3 == 0 {
		h.cache.BeforeWrite(target, runs)
		h.step()
		h.cache.AfterWrite(target, runs, stmt.Aborted)
		h.step()
	}
	h.cache.BeforeWrite(target, runs)
	if n%2 == 0 {
		h.step()
		h.cache.AfterWrite(target, runs, stmt.Unknown)
	}
	h.step()
	h.rows[key].stored.Store(n)
	h.step()
	h.cache.AfterWrite(target, runs, stmt.Committed)
	h.rows[key].published.Store(n)
}

func (h *history) read(ctx context.Context, key int64, stale chan<- error) {
	for range 2 * h.ops {
		h.step()
		h.readOnce(ctx, key, stale)
	}
}

func (h *history) readOnce(ctx context.Context, key int64, stale chan<- error) {
	least := h.rows[key].published.Load()
	var got int64
	var err error
	if h.how == byWrite {
		least = h.rows[key].stored.Load()
		got, err = h.reads[h.turn.Add(1)%int64(len(h.reads))].Get(ctx, key)
	} else {
		got, err = h.view.Get(ctx, target, key, h.load)
	}
	if err == nil && got < least {
		err = fmt.Errorf("a Get of row %d returned version %d after version %d was there", key, got, least)
	}
	if err != nil {
		select {
		case stale <- err:
		default:
		}
	}
}

func (h *history) load(_ context.Context, key int64) (int64, error) {
	h.step()
	n := h.rows[key].stored.Load()
	h.step()
	return n, nil
}

// scheduled runs a history in which every goroutine pauses, at random, between
// any two accesses of the rows. In a bubble the pauses take no time and decide
// which goroutine goes next: each history is another interleaving. With
// testdata/mutants/yields the cache pauses between its own accesses too.
func scheduled(t *testing.T, how string, seed uint64) (stale error) {
	synctest.Test(t, func(t *testing.T) {
		stale = newHistory(t, how, pauses(seed)).run(t.Context())
	})
	return stale
}

// pauses returns a step that takes some of a bubble's time, most often none.
func pauses(seed uint64) (step func()) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func() {
		mu.Lock()
		d := time.Duration(random.IntN(20) - 10)
		if random.IntN(6) == 0 {
			d = time.Duration(random.IntN(400)) // long enough for all others to overtake
		}
		mu.Unlock()
		if d > 0 {
			pass(d)
		}
	}
}

func TestNoReadIsStaleInAnySchedule(t *testing.T) {
	t.Parallel()
	for _, how := range []string{byKey, byTable, byClear, bySet, byWrite} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(60) {
				if err := scheduled(t, how, seed); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

func TestTheSchedulesFindAnInvalidationBeforeTheWrite(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		if err := scheduled(t, tooEarly, seed); err != nil {
			t.Logf("seed %d: %v", seed, err)
			return
		}
	}
	t.Error("no schedule found it")
}

func TestNoReadIsStaleUnderRealParallelism(t *testing.T) {
	t.Parallel()
	for _, how := range []string{byKey, byTable, byClear, bySet, byWrite} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			// A writer may be done before the first reader runs. Then nothing was put
			// to the test, and it is made again.
			for range 100 {
				h := newHistory(t, how, func() {})
				h.ops = 1000
				if err := h.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if s := h.cache.Stats(); s.Hits > 0 && s.Loads > 0 {
					return
				}
			}
			t.Error("nothing was put to the test in 100 histories")
		})
	}
}

func TestOneLoadRunsInAnySchedule(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache(t, Config{})
			step := pauses(seed)
			v := newView[int64, int64](t, c)
			var s source
			load := func(ctx context.Context, args int64) (int64, error) {
				defer step()
				step()
				return s.load(ctx, args)
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					step()
					get(t, v, 1, load)
				})
			}
			all.Wait()
			if n := s.reads.Load(); n != 1 {
				t.Errorf("seed %d: %d loads for one result, want 1", seed, n)
			}
			if s := v.stats(); s.Hits+s.Misses != 8 {
				t.Errorf("seed %d: %d hits and %d misses of 8 Gets", seed, s.Hits, s.Misses)
			}
		})
	}
}
