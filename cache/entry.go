package cache

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// entry is a result: a value, or the error that says that there is none. It
// does not change once it is in the store.
type entry[V any] struct {
	value   V
	err     error
	tag     uint64         // the sum of its clocks before its load began
	expires time.Duration  // on the cache's time; 0 is never
	watch   *watch         // the clocks of its target and tables
	clock   *atomic.Uint64 // the clock of its key
}

func (e *entry[V]) sum() uint64 { return e.watch.sum(e.clock) }

// newEntry returns an entry for the key, tagged with the sum as it is now.
func (v *View[A, V]) newEntry(w *watch, k key[A]) *entry[V] {
	e := &entry[V]{watch: w, clock: v.clock(k)}
	e.tag = e.sum()
	return e
}

// live returns the result to serve for the key, or nil.
func (v *View[A, V]) live(k key[A]) *entry[V] {
	e, found := v.store.GetIfPresent(k)
	if !found || !v.current(e) {
		return nil
	}
	return e
}

// current reports whether the entry was neither invalidated nor has expired.
func (v *View[A, V]) current(e *entry[V]) bool {
	if e.sum() != e.tag {
		return false
	}
	return e.expires == 0 || v.cache.now() < e.expires
}

// keep puts the entry into the store unless it has been invalidated. As the
// store runs one write of a key at a time, an entry can only replace one whose
// tag is no higher.
func (v *View[A, V]) keep(k key[A], e *entry[V]) {
	v.store.Compute(k, func(*entry[V], bool) (*entry[V], otter.ComputeOp) {
		if e.sum() != e.tag {
			v.counters.lateFills.Add(1)
			return nil, otter.CancelOp
		}
		return e, otter.WriteOp
	})
}

// expiry is when a result expires whose load began at the given time.
func (v *View[A, V]) expiry(begun time.Duration) time.Duration {
	if v.ttl == 0 {
		return 0
	}
	shorter := time.Duration(rand.Float64() * v.cache.cfg.Jitter * float64(v.ttl))
	return begun + max(v.ttl-shorter, 1)
}

// give returns what a caller gets of the entry.
func (v *View[A, V]) give(e *entry[V]) (V, error) {
	if v.clone == nil || e.err != nil {
		return e.value, e.err
	}
	return v.clone(e.value), nil
}
