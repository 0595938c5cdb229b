package cache

import (
	"fmt"
	"hash/maphash"

	"github.com/maypok86/otter/v2"
)

// store keeps entries by their keys, up to a number.
//
// It is an otter by hashes of the keys, whose type is the same for all keys and values.
// One that is typed by them would cost the compiler seconds for each statement, as it is
// compiled anew for each key type. Of two keys with one hash the later is kept.
type store[A comparable, V any] struct {
	seed maphash.Seed
	kept *otter.Cache[uint64, any] // *stored[A, V]
}

// stored is an entry with its key, which a hash alone does not tell.
type stored[A comparable, V any] struct {
	key   key[A]
	entry *entry[V]
}

// newStore returns an empty store. It calls evicted for each entry that made room.
func newStore[A comparable, V any](maxEntries int, evicted func()) (*store[A, V], error) {
	kept, err := newOtter(maxEntries, evicted)
	if err != nil {
		return nil, err
	}
	return &store[A, V]{maphash.MakeSeed(), kept}, nil
}

func newOtter(maxEntries int, evicted func()) (*otter.Cache[uint64, any], error) {
	kept, err := otter.New(&otter.Options[uint64, any]{
		MaximumSize: maxEntries,
		OnAtomicDeletion: func(e otter.DeletionEvent[uint64, any]) {
			if e.WasEvicted() {
				evicted()
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("make a store: %w", err)
	}
	return kept, nil
}

func (s *store[A, V]) hash(k key[A]) uint64 { return maphash.Comparable(s.seed, k) }

// of returns the entry of the key, if what has its hash is that.
func (s *store[A, V]) of(k key[A], found any) (*entry[V], bool) {
	if e, _ := found.(*stored[A, V]); e != nil && e.key == k {
		return e.entry, true
	}
	return nil, false
}

// GetIfPresent returns the entry of the key.
func (s *store[A, V]) GetIfPresent(k key[A]) (*entry[V], bool) {
	found, _ := s.kept.GetIfPresent(s.hash(k))
	return s.of(k, found)
}

// Compute replaces the entry of the key by what change returns, if that is one. One
// change of a key runs at a time.
func (s *store[A, V]) Compute(k key[A], change func(old *entry[V], found bool) (*entry[V], bool)) {
	s.kept.Compute(s.hash(k), func(old any, _ bool) (any, otter.ComputeOp) {
		e, replaced := change(s.of(k, old))
		if !replaced {
			return nil, otter.CancelOp
		}
		return &stored[A, V]{k, e}, otter.WriteOp
	})
}

// Invalidate drops the entry of the key.
func (s *store[A, V]) Invalidate(k key[A]) { s.kept.Invalidate(s.hash(k)) }

// InvalidateAll drops all entries.
func (s *store[A, V]) InvalidateAll() { s.kept.InvalidateAll() }

// EstimatedSize is about how many entries there are.
func (s *store[A, V]) EstimatedSize() int { return s.kept.EstimatedSize() }
