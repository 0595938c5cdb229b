package cache

import (
	"math/rand/v2"
	"reflect"
	"time"
)

// entry is a result: a value, or the error that says that there is none. It
// does not change once it is in the store.
type entry[V any] struct {
	value   V
	err     error
	needs                 // what it depends on
	tag     uint64        // the sum of their versions before its load began
	expires time.Duration // on the cache's time; 0 is never
}

// needs is what a result that is about to be loaded depends on.
type needs struct {
	target *targetClocks
	scopes []*scopeClocks
	slots  slots
}

// on adds slots of a scope.
func (n *needs) on(s *scopeClocks, of ...*slot) {
	n.scopes, n.slots = append(n.scopes, s), append(n.slots, of...)
}

// newEntry returns an entry tagged with the versions as they are now. It reports whether
// a fence is up: then the result must neither be shared nor kept.
func newEntry[V any](n needs) (e *entry[V], fenced bool) {
	e = &entry[V]{needs: n}
	e.tag, fenced = e.slots.read()
	return e, fenced
}

// current reports whether nothing that the entry depends on was written since, or is
// being written.
func (e *entry[V]) current() bool {
	sum, fenced := e.slots.read()
	return sum == e.tag && !fenced
}

// live returns the result to serve for the key, or nil.
func (r *results[A, V]) live(k key[A]) *entry[V] {
	e, found := r.kept.GetIfPresent(k)
	if !found || !e.current() || e.expires != 0 && r.cache.now() >= e.expires {
		return nil
	}
	return e
}

// keep puts the entry into the store unless it is old already. As the store runs one
// write of a key at a time, no entry replaces one that was loaded after it.
func (r *results[A, V]) keep(k key[A], e *entry[V]) {
	r.kept.Compute(k, func(old *entry[V], found bool) (_ *entry[V], replaced bool) {
		sum, _ := e.slots.read() // under a fence it is kept, and served if the write is rolled back
		if sum != e.tag {
			r.counters.lateFills.Add(1)
			return nil, false
		}
		if found && !old.current() {
			r.counters.invalidated.Add(1)
			if (old.err == nil) == (e.err == nil) && reflect.DeepEqual(old.value, e.value) {
				r.counters.needless.Add(1)
				for _, s := range e.scopes {
					s.table.needless.Add(1)
				}
			}
		}
		return e, true
	})
}

// stale returns the result to serve in place of one whose load failed, or nil: one that
// has expired, and that no write made old.
func (r *results[A, V]) stale(k key[A]) *entry[V] {
	if r.staleFor == 0 {
		return nil
	}
	e, found := r.kept.GetIfPresent(k)
	if !found || !e.current() || r.cache.now() >= e.expires+r.staleFor {
		return nil
	}
	return e
}

// expiry is when a result expires whose load began at the given time.
func (r *results[A, V]) expiry(begun time.Duration) time.Duration {
	if r.ttl == 0 {
		return 0
	}
	shorter := time.Duration(rand.Float64() * r.cache.cfg.Jitter * float64(r.ttl))
	return begun + max(r.ttl-shorter, 1)
}

// give returns what a caller gets of the entry.
func (r *results[A, V]) give(e *entry[V]) (V, error) {
	if r.clone == nil || e.err != nil {
		return e.value, e.err
	}
	return r.clone(e.value), nil
}
