package cache

import (
	"context"
	"fmt"
	"runtime/debug"
)

// flight is a load under way. Its answer may be read once done is closed.
type flight[A comparable, V any] struct {
	key    key[A]
	load   func(context.Context, A) (V, error)
	entry  *entry[V]
	answer *entry[V] // the entry, or one that is served in its place
	done   chan struct{}
}

// join returns the flight for the entry: one under way, or a new one. It
// returns an entry instead when one was kept meanwhile, and neither when ctx
// has ended and nothing is under way.
//
// A flight is joined only while what it loads is current. A caller that comes after a
// write does not get what a load that began before it may have read.
func (r *results[A, V]) join(ctx context.Context, k key[A], e *entry[V], load func(context.Context, A) (V, error)) (*flight[A, V], *entry[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.flights[k]; f != nil && f.entry.current() {
		return f, nil
	}
	// A flight that has landed since the miss has left its entry.
	if kept := r.live(k); kept != nil {
		return nil, kept
	}
	if ctx.Err() != nil {
		return nil, nil
	}
	f := &flight[A, V]{key: k, load: load, entry: e, answer: e, done: make(chan struct{})}
	r.flights[k] = f
	go r.fly(ctx, f)
	return f, nil
}

// fly runs the load in its turn and lands the flight, whatever the load does.
func (r *results[A, V]) fly(ctx context.Context, f *flight[A, V]) {
	keep := false
	defer func() { r.land(f, keep) }()
	ctx, cancel := r.cache.detach(ctx)
	defer cancel()
	ctx, done, err := r.cache.turn(ctx)
	if err != nil {
		f.entry.err = r.timedOut(err)
		return
	}
	defer done()
	keep = r.load(ctx, f)
}

// load calls the loader, fills in the entry, and reports whether to keep it.
func (r *results[A, V]) load(ctx context.Context, f *flight[A, V]) (keep bool) {
	var none V
	e := f.entry
	begun, returned := r.cache.now(), false
	e.expires = r.expiry(begun)
	defer func() {
		if !returned {
			e.value, e.err = none, r.panicked(recover())
		}
		r.counters.loads.Add(1)
		r.counters.loadTime.Add(int64(r.cache.now() - begun))
		if e.err != nil && !keep {
			r.counters.loadErrors.Add(1)
		}
	}()
	e.value, e.err = f.load(ctx, f.key.args)
	if keep = e.err == nil || r.keeps(e.err); e.err != nil {
		e.value = none
	}
	if !keep && context.Cause(ctx) == ErrLoadTimeout {
		e.err = r.timedOut(e.err)
	}
	returned = true
	return keep
}

// land keeps the entry if it is to be kept, and lets the waiters go. The entry
// comes first: else a caller could find neither it nor the flight.
func (r *results[A, V]) land(f *flight[A, V], keep bool) {
	if keep {
		r.keep(f.key, f.entry)
	} else if kept := r.stale(f.key); kept != nil {
		r.counters.stale.Add(1)
		f.answer = kept
	}
	r.mu.Lock()
	if r.flights[f.key] == f {
		delete(r.flights, f.key)
	}
	r.mu.Unlock()
	close(f.done)
}

// keeps reports whether the error is a result.
func (r *results[A, V]) keeps(err error) bool {
	return r.notFound != nil && r.notFound(err)
}

func (r *results[A, V]) timedOut(err error) error {
	return fmt.Errorf("cache: view %q: %w after %v: %w", r.name, ErrLoadTimeout, r.cache.cfg.LoadTimeout, err)
}

// panicked is called by the deferred function of a load that did not return.
func (r *results[A, V]) panicked(value any) error {
	return &panicError{view: r.name, value: value, goexit: value == nil, stack: debug.Stack()}
}
