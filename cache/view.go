package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// View keeps the results of one statement: V by the arguments A, for each
// target database. All methods may be called concurrently.
//
// Each view has a store of its own, typed by A and V: in a store shared by all
// views a hit would have to put its key into an interface, which allocates. So
// the number of entries is bounded for each view.
type View[A comparable, V any] struct {
	name     string
	tables   []string
	cache    *Cache // nil: off
	ttl      time.Duration
	notFound func(error) bool
	clone    func(V) V

	store    *otter.Cache[key[A], *entry[V]]
	seed     maphash.Seed
	clocks   [stripes]atomic.Uint64
	counters counters

	mu      sync.Mutex                        // guards what follows
	watches atomic.Pointer[map[string]*watch] // by target; copied on write, read without mu
	first   atomic.Pointer[watch]             // of the first target, which most often is the only one; read without mu
	flights map[flightKey[A]]*flight[A, V]    // the loads under way
}

// NewView returns a view on c. With a nil c the view is off, but cfg is checked all
// the same.
//
// The type A must compare the way PostgreSQL does. Pointers, interfaces,
// channels, floats and [time.Time], also within fields, are refused: a caller
// with such arguments converts them to a key type of plain values, such as
// integers for Unix times, and back in the loader.
//
// Each bad field is reported as a [*ConfigError]; several are joined.
func NewView[A comparable, V any](c *Cache, cfg ViewConfig[V]) (*View[A, V], error) {
	if err := cfg.validate(reflect.TypeFor[A]()); err != nil {
		return nil, err
	}
	v := &View[A, V]{name: cfg.Name, cache: c, ttl: cfg.TTL, notFound: cfg.NotFound, clone: cfg.Clone}
	if c == nil {
		return v, nil
	}
	if v.ttl == 0 {
		v.ttl = c.cfg.TTL
	}
	if cfg.MaxEntries == 0 {
		cfg.MaxEntries = c.cfg.MaxEntries
	}
	v.tables = slices.Compact(slices.Sorted(slices.Values(cfg.Tables)))
	if err := v.open(cfg.MaxEntries); err != nil {
		return nil, err
	}
	return v, nil
}

// open gives the view its store and makes it known to its cache.
func (v *View[A, V]) open(maxEntries int) (err error) {
	v.seed = maphash.MakeSeed()
	v.watches.Store(&map[string]*watch{})
	v.flights = map[flightKey[A]]*flight[A, V]{}
	v.store, err = otter.New(&otter.Options[key[A], *entry[V]]{
		MaximumSize: maxEntries,
		OnAtomicDeletion: func(e otter.DeletionEvent[key[A], *entry[V]]) {
			if e.WasEvicted() {
				v.counters.evictions.Add(1)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("cache: view %q: make a store: %w", v.name, err)
	}
	return v.cache.register(v.name, v)
}

// Get returns the result for the arguments in the target database: the kept one
// if there is one to serve, else what load returns for them.
//
// One load at a time runs for a result. Callers that miss it meanwhile wait for the
// same load. If the result was invalidated after the load had begun, a new one begins.
// It does not matter whose load is called, so all callers must pass equivalent ones,
// best of all the same: what a load needs to know comes with ctx and args, so that the
// method of a statement fits as it is.
//
// The load runs on a goroutine of its own. Its context has the values of the ctx of the
// caller that caused it, but not its end. So a caller that gives up does not fail the
// others; it ends after [Config.LoadTimeout]. A load may call Get for other results,
// but not for its own: that would wait for itself until the timeout. Such inner loads
// do not count for [Config.MaxLoads].
//
// Errors: the load's own, as it is; one that matches [ErrLoadTimeout] or
// [ErrLoadPanic]; and, when ctx ends while Get waits or had ended before it
// would have to wait, one that matches ctx.Err(). None of them is cached, but see
// [ViewConfig].NotFound. With an error the value is the zero V. A hit does not look at
// ctx.
//
// A hit allocates nothing. But a function literal that captures variables, and a
// method value such as q.GetBook, are allocated by the caller where they are
// written: make the load once and use it for many calls.
//
// On a view that is off, Get calls load with ctx and args and returns what it
// returns.
func (v *View[A, V]) Get(ctx context.Context, target string, args A, load func(ctx context.Context, args A) (V, error)) (V, error) {
	if v.cache == nil {
		v.counters.bypasses.Add(1)
		return load(ctx, args)
	}
	w := v.watch(target)
	k := key[A]{w.target, args}
	if e := v.live(k); e != nil {
		v.counters.hits.add()
		return v.give(e)
	}
	return v.miss(ctx, w, k, load)
}

// Set invalidates the result and caches the value in its place. Where a result
// has several writers, use [View.Invalidate] instead: of two calls of Set the later
// one wins, and its value need not be the one that was committed later.
func (v *View[A, V]) Set(target string, args A, value V) {
	if v.cache == nil {
		return
	}
	w := v.watch(target)
	k := key[A]{w.target, args}
	v.moveClock(k)
	e := v.newEntry(w, k)
	e.expires = v.expiry(v.cache.now())
	e.value = value
	e.value, _ = v.give(e) // a copy, if there is a Clone
	v.keep(k, e)
}

// Invalidate invalidates and drops the result for the arguments. Once it has
// returned, no Get that begins later returns a result loaded before. Keys share
// clocks: about one other result in a thousand has to be loaded again as well.
func (v *View[A, V]) Invalidate(target string, args A) {
	w := v.known(target)
	if w == nil {
		return // off, or no load for this target has begun
	}
	k := key[A]{w.target, args}
	v.moveClock(k)
	v.store.Invalidate(k)
}

// Stats returns the view's figures.
func (v *View[A, V]) Stats() Stats {
	s := v.counters.stats()
	if v.cache != nil {
		s.Entries = v.store.EstimatedSize()
	}
	return s
}

// empty drops every result. That is for the room alone: see [Cache.Clear].
func (v *View[A, V]) empty() { v.store.InvalidateAll() }

// known returns what results for the target depend on, or nil when none has
// been asked for.
func (v *View[A, V]) known(target string) *watch {
	if v.cache == nil {
		return nil
	}
	if w := v.first.Load(); w != nil && w.name == target { // faster than the map
		return w
	}
	return (*v.watches.Load())[target]
}

// watch is known, but comes to know the target.
func (v *View[A, V]) watch(target string) *watch {
	if w := v.known(target); w != nil {
		return w
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	known := *v.watches.Load()
	if w := known[target]; w != nil {
		return w
	}
	w := &watch{name: target, target: uint64(len(known)), all: &v.cache.all}
	w.tables = v.cache.tableClocks(target, v.tables)
	more := maps.Clone(known)
	more[target] = w
	v.first.CompareAndSwap(nil, w)
	v.watches.Store(&more)
	return w
}

// clock returns the clock that the key shares with some others.
func (v *View[A, V]) clock(k key[A]) *atomic.Uint64 {
	return &v.clocks[maphash.Comparable(v.seed, k)%stripes]
}

// moveClock invalidates what is kept or being loaded for the key.
func (v *View[A, V]) moveClock(k key[A]) {
	v.clock(k).Add(1)
}
