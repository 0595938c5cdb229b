package cache

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	target = "main"
	table  = "books"
)

func newCache(t *testing.T, cfg Config) *Cache {
	t.Helper()
	if cfg.Jitter == 0 {
		cfg.Jitter = -1 // none, unless it is what the test is about
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newView returns a view of the table on c.
func newView[A comparable, V any](t *testing.T, c *Cache) *View[A, V] {
	t.Helper()
	return newViewWith[A](t, c, ViewConfig[V]{})
}

// newViewWith is newView with some fields of a configuration.
func newViewWith[A comparable, V any](t *testing.T, c *Cache, cfg ViewConfig[V]) *View[A, V] {
	t.Helper()
	cfg.Name, cfg.Tables = "view", []string{table}
	v, err := NewView[A](c, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// source is a table with one row, and counts how often it is read.
type source struct {
	row   atomic.Int64
	reads atomic.Int64
}

func (s *source) load(context.Context, int64) (int64, error) {
	s.reads.Add(1)
	return s.row.Load(), nil
}

// slow returns a loader that reads the row, tells so on started, and returns
// when it is released.
func (s *source) slow(started chan<- struct{}, released <-chan struct{}) func(context.Context, int64) (int64, error) {
	return func(ctx context.Context, args int64) (int64, error) {
		row, err := s.load(ctx, args)
		started <- struct{}{}
		<-released
		return row, err
	}
}

// get is a Get of the key that must succeed.
func get[A comparable, V any](t *testing.T, v *View[A, V], args A, load func(context.Context, A) (V, error)) V {
	t.Helper()
	value, err := v.Get(t.Context(), target, args, load)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// answer is what a Get returned.
type answer struct {
	value int64
	err   error
}

// ask calls Get on a goroutine of its own.
func ask(ctx context.Context, v *View[int64, int64], args int64, load func(context.Context, int64) (int64, error)) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		value, err := v.Get(ctx, target, args, load)
		answers <- answer{value, err}
	}()
	return answers
}

// pass lets time go by; in a bubble that takes none.
func pass(d time.Duration) { <-time.After(d) }

// peek returns the value that Get would return without a load, and whether
// there is one. A kept "not found" is no value. It counts neither as a hit
// nor as a use that would keep the result from making room.
func (v *View[A, V]) peek(target string, args A) (value V, found bool) {
	if v.cache == nil {
		return value, false
	}
	t := v.cache.known(target)
	if t == nil {
		return value, false
	}
	k := key[A]{t.id, args}
	quietly, _ := v.kept.kept.GetEntryQuietly(v.kept.hash(k))
	kept, found := v.kept.of(k, quietly.Value)
	if !found || !kept.current() || kept.err != nil {
		return value, false
	}
	if kept.expires != 0 && v.cache.now() >= kept.expires {
		return value, false
	}
	value, _ = v.give(kept)
	return value, true
}
