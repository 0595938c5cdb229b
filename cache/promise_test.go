package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// promise is a check that holds on a cache.
type promise struct {
	name  string
	check func(*testing.T) error
}

var promises = []promise{
	{"Invalidate undoes a load that is under way", lateFill(func(c *Cache, v *View[int64, int64]) { v.Invalidate(target, 1) })},
	{"InvalidateTables undoes a load that is under way", lateFill(func(c *Cache, v *View[int64, int64]) { c.InvalidateTables(target, table) })},
	{"Clear undoes a load that is under way", lateFill(func(c *Cache, v *View[int64, int64]) { c.Clear() })},
	{"Set is not overwritten by a load that is under way", lateFill(func(c *Cache, v *View[int64, int64]) { v.Set(target, 1, 2) })},
	{"a Get after an invalidation does not join an older load", checkNoOldFlight},
	{"one load at a time runs for a result", checkOneLoad},
	{"target databases are kept apart", checkTargets},
	{"errors are not kept", checkErrors},
	{"a result is not served beyond its TTL", checkLife},
	{"jitter shortens lives and never lengthens them", checkJitter},
	{"a caller who gives up does not fail the others", checkDetached},
	{"no more than MaxLoads loads run at a time", checkMaxLoads},
	{"with a clone callers cannot change what is kept", checkClone},
}

func TestEachPromiseHolds(t *testing.T) {
	t.Parallel()
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if err := p.check(t); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// lateFill reads the row, changes and invalidates it, and only then lets the
// load end.
func lateFill(invalidate func(*Cache, *View[int64, int64])) func(*testing.T) error {
	return func(t *testing.T) error {
		var s source
		s.row.Store(1)
		c := newCache(t, Config{})
		v := newView[int64, int64](t, c)
		started, released := make(chan struct{}), make(chan struct{})
		early := ask(t.Context(), v, 1, s.slow(started, released))
		<-started
		s.row.Store(2)
		invalidate(c, v)
		close(released)
		if a := <-early; a != (answer{1, nil}) {
			return fmt.Errorf("the early Get returned %v, want what it had loaded", a)
		}
		if late := get(t, v, 1, s.load); late != 2 {
			return fmt.Errorf("a later Get returned %d, want 2", late)
		}
		if n := v.stats().LateFills; n != 1 {
			return fmt.Errorf("%d late fills were counted, want 1", n)
		}
		return nil
	}
}

func checkNoOldFlight(t *testing.T) error {
	var s source
	s.row.Store(1)
	c := newCache(t, Config{})
	v := newView[int64, int64](t, c)
	started, released := make(chan struct{}), make(chan struct{})
	early := ask(t.Context(), v, 1, s.slow(started, released))
	<-started
	s.row.Store(2)
	c.InvalidateTables(target, table)
	late := ask(t.Context(), v, 1, s.load)
	synctest.Wait()
	close(released)
	<-early
	if a := <-late; a.value != 2 {
		return fmt.Errorf("a Get that began after the invalidation returned %d, want 2", a.value)
	}
	return nil
}

func checkOneLoad(t *testing.T) error {
	var s source
	s.row.Store(7)
	v := newView[int64, int64](t, newCache(t, Config{}))
	released := make(chan struct{})
	load := func(ctx context.Context, args int64) (int64, error) {
		<-released
		return s.load(ctx, args)
	}
	var all []<-chan answer
	for range 20 {
		all = append(all, ask(t.Context(), v, 1, load))
	}
	synctest.Wait()
	close(released)
	for _, a := range all {
		if a := <-a; a != (answer{7, nil}) {
			return fmt.Errorf("a Get returned %v", a)
		}
	}
	if n := s.reads.Load(); n != 1 {
		return fmt.Errorf("%d loads ran for 20 Gets, want 1", n)
	}
	if s := v.stats(); s.Misses != 20 || s.Loads != 1 {
		return fmt.Errorf("counted %d misses and %d loads", s.Misses, s.Loads)
	}
	return nil
}

func checkTargets(t *testing.T) error {
	c := newCache(t, Config{})
	v := newView[int64, string](t, c)
	read := func(target string) (string, error) {
		return v.Get(t.Context(), target, 1, func(context.Context, int64) (string, error) { return "row of " + target, nil })
	}
	for range 2 {
		for _, target := range []string{"", "east", "west"} {
			if row, err := read(target); err != nil || row != "row of "+target {
				return fmt.Errorf("target %q got %q, error %v", target, row, err)
			}
		}
	}
	c.InvalidateTables("east", table)
	v.Invalidate("west", 1)
	for target, want := range map[string]bool{"": true, "east": false, "west": false} {
		if _, found := v.peek(target, 1); found != want {
			return fmt.Errorf("target %q has a result: %v, want %v", target, found, want)
		}
	}
	return nil
}

func checkErrors(t *testing.T) error {
	v := newViewWith[int64](t, newCache(t, Config{}), ViewConfig[int64]{NotFound: func(err error) bool { return errors.Is(err, errNone) }})
	calls := 0
	for range 3 {
		value, err := v.Get(t.Context(), target, 1, func(context.Context, int64) (int64, error) {
			calls++
			return 5, errBroken
		})
		if err != errBroken || value != 0 {
			return fmt.Errorf("got %d, error %v, want the loader's own and no value", value, err)
		}
	}
	if calls != 3 {
		return fmt.Errorf("%d loads for 3 Gets that failed, want 3", calls)
	}
	return nil
}

func checkLife(t *testing.T) error {
	var s source
	v := newView[int64, int64](t, newCache(t, Config{TTL: time.Hour}))
	load := func(ctx context.Context, args int64) (int64, error) {
		pass(time.Minute) // the TTL counts from when the load began
		return s.load(ctx, args)
	}
	get(t, v, 1, load)
	pass(59*time.Minute - 1)
	get(t, v, 1, load)
	if n := s.reads.Load(); n != 1 {
		return fmt.Errorf("%d loads just before the TTL, want 1", n)
	}
	pass(1)
	if _, found := v.peek(target, 1); found {
		return errors.New("Peek found an expired result")
	}
	get(t, v, 1, load)
	if n := s.reads.Load(); n != 2 {
		return fmt.Errorf("%d loads after the TTL, want 2", n)
	}
	return nil
}

func checkJitter(t *testing.T) error {
	const ttl, jitter, results = time.Hour, 0.25, 400
	var s source
	v := newView[int64, int64](t, newCache(t, Config{TTL: ttl, Jitter: jitter}))
	for i := range int64(results) {
		get(t, v, i, s.load)
	}
	live := func() (n int) {
		for i := range int64(results) {
			if _, found := v.peek(target, i); found {
				n++
			}
		}
		return n
	}
	pass(time.Duration(float64(ttl)*(1-jitter)) - 1)
	if n := live(); n != results {
		return fmt.Errorf("%d of %d live before the jitter sets in", n, results)
	}
	pass(time.Duration(float64(ttl) * jitter / 2))
	if n := live(); math.Abs(float64(n)-results/2) > results/4 {
		return fmt.Errorf("%d of %d live half-way through the jitter", n, results)
	}
	pass(time.Duration(float64(ttl)*jitter/2) + 1)
	if n := live(); n != 0 {
		return fmt.Errorf("%d of %d outlive the TTL", n, results)
	}
	return nil
}

func checkDetached(t *testing.T) error {
	v := newView[int64, int64](t, newCache(t, Config{}))
	released := make(chan struct{})
	load := func(ctx context.Context, _ int64) (int64, error) {
		select {
		case <-released:
			return 7, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := ask(ctx, v, 1, load)
	synctest.Wait()
	second := ask(t.Context(), v, 1, load)
	synctest.Wait()
	cancel()
	if a := <-first; !errors.Is(a.err, context.Canceled) || a.value != 0 {
		return fmt.Errorf("the one who gave up got %v", a)
	}
	synctest.Wait()
	close(released)
	if a := <-second; a != (answer{7, nil}) {
		return fmt.Errorf("the one who waited got %v", a)
	}
	return nil
}

func checkMaxLoads(t *testing.T) error {
	const bound, asked = 3, 10
	v := newView[int64, int64](t, newCache(t, Config{MaxLoads: bound}))
	started, released := make(chan struct{}, asked), make(chan struct{})
	load := func(context.Context, int64) (int64, error) {
		started <- struct{}{}
		<-released
		return 7, nil
	}
	var all []<-chan answer
	for i := range int64(asked) {
		all = append(all, ask(t.Context(), v, i, load))
	}
	synctest.Wait()
	running := len(started)
	close(released)
	for _, a := range all {
		if a := <-a; a != (answer{7, nil}) {
			return fmt.Errorf("a Get returned %v", a)
		}
	}
	if running != bound {
		return fmt.Errorf("%d loads ran at a time, want %d", running, bound)
	}
	return nil
}

func checkClone(t *testing.T) error {
	v := newViewWith[int64](t, newCache(t, Config{}), ViewConfig[[]string]{Clone: slices.Clone[[]string]})
	loaded := []string{"kept"}
	first := get(t, v, 1, func(context.Context, int64) ([]string, error) { return loaded, nil })
	first[0] = "scribble"
	second := get(t, v, 1, nil)
	second[0] = "scribble"
	third, _ := v.peek(target, 1)
	third[0] = "scribble"
	if kept := get(t, v, 1, nil); kept[0] != "kept" {
		return fmt.Errorf("a caller changed the kept result to %q", kept)
	}
	given := []string{"set"}
	v.Set(target, 1, given)
	given[0] = "scribble"
	if kept := get(t, v, 1, nil); kept[0] != "set" {
		return fmt.Errorf("the caller of Set changed the kept result to %q", kept)
	}
	return nil
}

var (
	errNone   = errors.New("no such row")
	errBroken = errors.New("broken")
)
