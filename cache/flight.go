package cache

import (
	"context"
	"fmt"
	"runtime/debug"
)

// flightKey is what makes two loads the same: the result, and the version of
// what it is read from. A caller who comes after an invalidation has another
// tag, and so does not join a load that began before.
type flightKey[A comparable] struct {
	key key[A]
	tag uint64
}

// flight is a load under way. Its entry may be read once done is closed.
type flight[A comparable, V any] struct {
	flightKey[A]
	load  func(context.Context, A) (V, error)
	entry *entry[V]
	done  chan struct{}
}

// miss returns the result of a load, its own or one that it joins.
func (v *View[A, V]) miss(ctx context.Context, w *watch, k key[A], load func(context.Context, A) (V, error)) (V, error) {
	e := v.newEntry(w, k) // before the load: what is invalidated from here on must not be kept
	f, kept := v.join(ctx, k, e, load)
	if kept != nil {
		v.counters.hits.add()
		return v.give(kept)
	}
	v.counters.misses.Add(1)
	if f != nil {
		select {
		case <-f.done:
			return v.give(f.entry)
		case <-ctx.Done():
		}
	}
	var none V
	return none, fmt.Errorf("cache: view %q: wait for a load: %w", v.name, ctx.Err())
}

// join returns the flight for the entry: one under way, or a new one. It
// returns an entry instead when one was kept meanwhile, and neither when ctx
// has ended and nothing is under way.
func (v *View[A, V]) join(ctx context.Context, k key[A], e *entry[V], load func(context.Context, A) (V, error)) (*flight[A, V], *entry[V]) {
	fk := flightKey[A]{k, e.tag}
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.flights[fk]; f != nil {
		return f, nil
	}
	// A flight that has landed since the miss has left its entry.
	if kept := v.live(k); kept != nil {
		return nil, kept
	}
	if ctx.Err() != nil {
		return nil, nil
	}
	f := &flight[A, V]{flightKey: fk, load: load, entry: e, done: make(chan struct{})}
	v.flights[fk] = f
	go v.fly(ctx, f)
	return f, nil
}

// fly runs the load in its turn and lands the flight, whatever the load does.
func (v *View[A, V]) fly(ctx context.Context, f *flight[A, V]) {
	keep := false
	defer func() { v.land(f, keep) }()
	ctx, cancel := v.cache.detach(ctx)
	defer cancel()
	ctx, done, err := v.cache.turn(ctx)
	if err != nil {
		f.entry.err = v.timedOut(err)
		return
	}
	defer done()
	keep = v.load(ctx, f)
}

// load calls the loader, fills in the entry, and reports whether to keep it.
func (v *View[A, V]) load(ctx context.Context, f *flight[A, V]) (keep bool) {
	var none V
	e := f.entry
	begun, returned := v.cache.now(), false
	e.expires = v.expiry(begun)
	defer func() {
		if !returned {
			e.value, e.err = none, v.panicked(recover())
		}
		v.counters.loads.Add(1)
		v.counters.loadTime.Add(int64(v.cache.now() - begun))
		if e.err != nil && !keep {
			v.counters.loadErrors.Add(1)
		}
	}()
	e.value, e.err = f.load(ctx, f.key.args)
	if keep = e.err == nil || v.keeps(e.err); e.err != nil {
		e.value = none
	}
	if !keep && context.Cause(ctx) == ErrLoadTimeout {
		e.err = v.timedOut(e.err)
	}
	returned = true
	return keep
}

// land keeps the entry if it is to be kept, and lets the waiters go. The entry
// comes first: else a caller could find neither it nor the flight.
func (v *View[A, V]) land(f *flight[A, V], keep bool) {
	if keep {
		v.keep(f.key, f.entry)
	}
	v.mu.Lock()
	if v.flights[f.flightKey] == f {
		delete(v.flights, f.flightKey)
	}
	v.mu.Unlock()
	close(f.done)
}

// keeps reports whether the error is a result.
func (v *View[A, V]) keeps(err error) bool {
	return v.notFound != nil && v.notFound(err)
}

func (v *View[A, V]) timedOut(err error) error {
	return fmt.Errorf("cache: view %q: %w after %v: %w", v.name, ErrLoadTimeout, v.cache.cfg.LoadTimeout, err)
}

// panicked is called by the deferred function of a load that did not return.
func (v *View[A, V]) panicked(value any) error {
	return &panicError{view: v.name, value: value, goexit: value == nil, stack: debug.Stack()}
}
