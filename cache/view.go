package cache

import (
	"context"
	"hash/maphash"
	"reflect"
	"slices"
)

// View keeps the results of one loader: V by the arguments A, for each
// target database. All methods may be called concurrently. For a statement that sqlkeel
// knows a [Query] does more.
//
// The number of entries is bounded for each view.
type View[A comparable, V any] struct {
	*results[A, V]
	tables []string
	seed   maphash.Seed
	keys   [stripes]slot // of the arguments, for Invalidate and Set
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
	v := &View[A, V]{results: &results[A, V]{
		name: cfg.Name, cache: c, ttl: cfg.TTL, notFound: cfg.NotFound, clone: cfg.Clone,
	}}
	if c == nil {
		return v, nil
	}
	if v.ttl == 0 {
		v.ttl = c.cfg.TTL
	}
	v.tables = slices.Compact(slices.Sorted(slices.Values(cfg.Tables)))
	v.seed = maphash.MakeSeed()
	if err := v.open(cfg.MaxEntries); err != nil {
		return nil, err
	}
	if err := c.register(v.name, v); err != nil {
		return nil, err
	}
	return v, nil
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
	if v.cache == nil || v.cache.off.Load() {
		v.counters.bypassed[byOff].Add(1)
		return load(ctx, args)
	}
	t := v.cache.target(target)
	if t.mistaken.Load() > 0 {
		v.counters.bypassed[byUnfenced].Add(1)
		return load(ctx, args)
	}
	k := key[A]{t.id, args}
	if e := v.live(k); e != nil {
		v.counters.hits.add()
		return v.give(e)
	}
	return v.miss(ctx, k, v.needs(t, k), load)
}

// needs is what a result that is loaded now depends on.
func (v *View[A, V]) needs(t *targetClocks, k key[A]) needs {
	n := needs{target: t, slots: make(slots, 0, 2+len(v.tables))}
	n.on(t.all.whole, &t.all.whole.rest.slot, v.key(k))
	for _, name := range v.tables {
		whole := t.table(name).whole
		n.on(whole, &whole.rest.slot)
	}
	return n
}

// key returns the slot that the key shares with some others.
func (v *View[A, V]) key(k key[A]) *slot {
	return &v.keys[maphash.Comparable(v.seed, k)%stripes]
}

// Set invalidates the result and caches the value in its place. Where a result
// has several writers, use [View.Invalidate] instead: of two calls of Set the later
// one wins, and its value need not be the one that was committed later.
func (v *View[A, V]) Set(target string, args A, value V) {
	if v.cache == nil {
		return
	}
	t := v.cache.target(target)
	k := key[A]{t.id, args}
	v.key(k).move()
	if t.mistaken.Load() > 0 {
		return // the value may be of another database
	}
	e, _ := newEntry[V](v.needs(t, k))
	e.expires = v.expiry(v.cache.now())
	e.value = value
	e.value, _ = v.give(e) // a copy, if there is a Clone
	v.keep(k, e)
}

// Invalidate invalidates and drops the result for the arguments. Once it has
// returned, no Get that begins later returns a result loaded before. Keys share
// clocks: about one other result in a thousand has to be loaded again as well.
func (v *View[A, V]) Invalidate(target string, args A) {
	if v.cache == nil {
		return
	}
	t := v.cache.known(target)
	if t == nil {
		return // no load for this target has begun
	}
	k := key[A]{t.id, args}
	v.key(k).move()
	v.kept.Invalidate(k)
}
