package cache

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// results are those of one view or query: V by the arguments A, for each target database.
// They have a store of their own, so that the number of entries is bounded for each.
type results[A comparable, V any] struct {
	name     string
	cache    *Cache
	ttl      time.Duration
	staleFor time.Duration // after the ttl
	notFound func(error) bool
	clone    func(V) V

	kept     *store[A, V]
	counters counters

	mu      sync.Mutex
	flights map[key[A]]*flight[A, V] // the latest load of each key that is under way
}

// open makes the store.
func (r *results[A, V]) open(maxEntries int) (err error) {
	if maxEntries == 0 {
		maxEntries = r.cache.cfg.MaxEntries
	}
	r.flights = map[key[A]]*flight[A, V]{}
	r.kept, err = newStore[A, V](maxEntries, func() { r.counters.evictions.Add(1) })
	if err != nil {
		return fmt.Errorf("cache: view %q: %w", r.name, err)
	}
	return nil
}

// miss returns the result of a load, its own or one that it joins. Under a fence the
// load is its own and is not kept: one that began earlier may not have seen what is
// visible by now.
func (r *results[A, V]) miss(ctx context.Context, k key[A], n needs, load func(context.Context, A) (V, error)) (V, error) {
	e, fenced := newEntry[V](n) // before the load: what is written from here on makes it old
	if fenced {
		r.counters.bypassed[byFence].Add(1)
		r.cache.watchFence(n)
		return load(ctx, k.args)
	}
	f, kept := r.join(ctx, k, e, load)
	if kept != nil {
		r.counters.hits.add()
		return r.give(kept)
	}
	r.counters.misses.Add(1)
	if f != nil {
		select {
		case <-f.done:
			return r.give(f.answer)
		case <-ctx.Done():
		}
	}
	var none V
	return none, fmt.Errorf("cache: view %q: wait for a load: %w", r.name, ctx.Err())
}

func (r *results[A, V]) called() string { return r.name }

// stats returns the figures of the results.
func (r *results[A, V]) stats() Stats {
	s := r.counters.stats()
	if r.kept != nil {
		s.Entries = r.kept.EstimatedSize()
	}
	return s
}

// empty drops every result. That is for the room alone: see [Cache.Clear].
func (r *results[A, V]) empty() { r.kept.InvalidateAll() }
