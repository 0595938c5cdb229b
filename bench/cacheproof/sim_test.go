package cacheproof

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// sim is databases that are maps. A write is committed at one point in time, or never, and
// its client may not find out.
type sim struct {
	cache      *cache.Cache
	databases  [targets]*database
	background sync.WaitGroup // of writes whose outcome was lost
	gets       atomic.Int64   // through the cache
	loads      atomic.Int64
}

// database is one of a sim's. Queries take it for what db makes.
type database struct {
	name  string
	reads reads

	mu    sync.Mutex
	image image // guarded by mu; of one block
}

// CachedBy is what a *db.DB says.
func (d *database) CachedBy(context.Context, stmt.Invalidator) (target, why string) {
	return d.name, ""
}

// reads are the cached reads of one database, by the names of their statements.
type reads map[string]*cache.Query[int64, int64, image]

// bounds are how much of the results is kept, and for how long.
type bounds struct {
	maxEntries int
	ttl, stale time.Duration
}

// newReads makes the queries. load reads from the database.
func newReads(c *cache.Cache, db any, b bounds, load func(ctx context.Context, r *reading, arg int64) (image, error)) reads {
	all := reads{}
	for _, r := range readings {
		all[r.Name] = cache.NewQuery(c, db, func(ctx context.Context, arg int64) (image, error) { return load(ctx, r, arg) },
			&cache.QueryConfig[int64, int64, image]{
				Statement: &r.Statement, TTL: b.ttl, Stale: b.stale, MaxEntries: b.maxEntries,
				Key: func(arg int64) int64 { return arg }, Args: r.values,
			})
	}
	return all
}

var errLoad = errors.New("the load failed")

// kinds are the sims that take turns: most have room and time, one has little room, and in
// one results expire at once and are served when a load fails.
var kinds = []bounds{{ttl: time.Hour}, {ttl: time.Hour}, {ttl: time.Hour, maxEntries: 2}, {ttl: 200 * time.Microsecond, stale: time.Hour}}

// newSim makes databases of which each has block 0.
func newSim(t *testing.T, b bounds) *sim {
	t.Helper()
	c, err := cache.New(cache.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := &sim{cache: c}
	for i, name := range [targets]string{"east", "west"} {
		d := &database{name: name}
		d.reads = newReads(c, d, b, func(_ context.Context, r *reading, arg int64) (image, error) {
			s.loads.Add(1)
			if b.stale > 0 && rand.IntN(4) == 0 {
				pause()
				return image{}, errLoad
			}
			return d.read(r.covers(arg)), nil
		})
		s.databases[i] = d
	}
	return s
}

// pause lets others go first, now and then.
func pause() {
	switch n := rand.Uint32N(32); {
	case n < 12:
	case n < 30:
		for range n - 11 {
			runtime.Gosched()
		}
	default:
		time.Sleep(rand.N(80 * time.Microsecond))
	}
}

// read sees the database as it is at one moment.
func (d *database) read(at places) image {
	pause()
	d.mu.Lock()
	seen := at.of(d.image)
	d.mu.Unlock()
	pause()
	return seen
}

func (d *database) commit(w *work) {
	pause()
	d.mu.Lock()
	d.image = w.covers().put(d.image, w.value)
	d.mu.Unlock()
	for range 4 { // it is visible, and the cache has yet to be notified
		pause()
	}
}

func (s *sim) cached(ctx context.Context, target int, r *reading, block, place int64) (image, error) {
	s.gets.Add(1)
	return s.databases[target].reads[r.Name].Get(ctx, r.arg(block, place))
}

func (s *sim) direct(_ context.Context, target int, r *reading, _, place int64) (image, error) {
	return s.databases[target].read(r.covers(place)), nil
}

// write does what db does for a write: it notifies the cache before and after, and once
// more when an outcome that was lost is found out.
func (s *sim) write(_ context.Context, target int, w *work, rng *rand.Rand, settle func(bool)) {
	d, runs := s.databases[target], w.runs()
	s.cache.BeforeWrite(d.name, runs)
	switch dice := rng.IntN(100); {
	case dice < 76:
		d.commit(w)
		w.returned(runs)
		s.cache.AfterWrite(d.name, runs, stmt.Committed)
		settle(true)
	case dice < 84:
		pause()
		s.cache.AfterWrite(d.name, runs, stmt.Aborted)
		settle(false)
	default:
		lands, landed, told := rng.IntN(2) == 0, make(chan struct{}), rng.IntN(8)
		if rng.IntN(2) == 0 && lands { // its answer is what was lost
			d.commit(w)
			close(landed)
		}
		s.cache.AfterWrite(d.name, runs, stmt.Unknown)
		s.background.Go(func() { s.fate(d, w, runs, lands, landed, told, settle) })
	}
}

// fate is what becomes of a write whose client was left without an answer.
func (s *sim) fate(d *database, w *work, runs []stmt.Run, lands bool, landed chan struct{}, told int, settle func(bool)) {
	for range 3 {
		pause()
	}
	select {
	case <-landed:
	default:
		if lands {
			d.commit(w)
		}
	}
	outcome := stmt.Aborted
	switch {
	case told == 0:
		if !lands {
			settle(false)
		}
		return // the fence stays up for good
	case told < 4:
		outcome = stmt.Ended
	case lands:
		outcome = stmt.Committed
	}
	s.cache.AfterWrite(d.name, runs, outcome)
	settle(lands)
}

// upset clears the cache, or turns it off for a moment.
func (s *sim) upset(rng *rand.Rand) {
	if rng.IntN(2) == 0 {
		s.cache.Clear()
		return
	}
	s.cache.Switch(false)
	pause()
	s.cache.Switch(true)
}

// A history of what clients saw of simulated databases has an order, whatever became of
// the writes. SQLKEEL_CACHE_HISTORIES says how many, SQLKEEL_CACHE_SEED which.
func TestHistoriesOverASimulatedDatabaseAreLinearizable(t *testing.T) {
	t.Parallel()
	count, seed, start := size(t, "HISTORIES", 1500), uint64(size(t, "SEED", 1)), time.Now()
	var gets, loads, ops int64
	var stale uint64 // results that were served in place of failed loads
	for n := range count {
		kind := kinds[n%len(kinds)]
		s := newSim(t, kind)
		h := &history{world: s, value: new(atomic.Int64), frail: kind.stale > 0}
		h.run(t.Context(), seed<<32+uint64(n))
		s.background.Wait()
		if err := h.check(); err != nil {
			t.Fatalf("seed %d, history %d of %d is not linearizable: %v", seed, n, count, err)
		}
		stale += s.cache.Stats().Stale
		gets, loads, ops = gets+s.gets.Load(), loads+s.loads.Load(), ops+int64(len(h.ops))
	}
	hits := 100 * (gets - loads) / max(gets, 1)
	t.Logf("seed %d: %d histories of simulated databases, 0 are not linearizable; %d operations, %d%% of %d cached reads were answered from memory, %d in place of a load that failed; %.1f s",
		seed, count, ops, hits, gets, stale, time.Since(start).Seconds())
	if hits < 10 || stale == 0 {
		t.Errorf("%d%% hits and %d expired results show little: want 10%% and some", hits, stale)
	}
}
