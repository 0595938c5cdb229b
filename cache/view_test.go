package cache

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestAHitReturnsTheKeptResult(t *testing.T) {
	t.Parallel()
	var s source
	v := newView[int64, int64](t, newCache(t, Config{}))
	for want := range int64(3) {
		s.row.Store(want)
		if got := get(t, v, 1, s.load); got != 0 {
			t.Errorf("got %d, want the first result, 0", got)
		}
	}
	if got := get(t, v, 2, s.load); got != 2 {
		t.Errorf("other arguments got %d, want 2", got)
	}
	if got := v.stats(); got.Hits != 2 || got.Misses != 2 || got.Loads != 2 || got.Entries != 2 {
		t.Errorf("stats %+v", got)
	}
}

func TestALoaderGetsTheArgumentsOfTheGetThatItIsCalledFor(t *testing.T) {
	t.Parallel()
	type params struct {
		Name string
		Page int
	}
	c := newCache(t, Config{})
	load := func(_ context.Context, p params) (string, error) { return fmt.Sprint(p.Name, p.Page), nil }
	for name, v := range map[string]*View[params, string]{
		"on":  newView[params, string](t, c),
		"off": newView[params, string](t, nil),
	} {
		for want, args := range map[string]params{"a1": {"a", 1}, "a2": {"a", 2}, "b1": {"b", 1}} {
			if got := get(t, v, args, load); got != want {
				t.Errorf("%s: %+v got %q, want %q", name, args, got, want)
			}
		}
	}
}

func TestAHitDoesNotLookAtTheContext(t *testing.T) {
	t.Parallel()
	var s source
	v := newView[int64, int64](t, newCache(t, Config{}))
	get(t, v, 1, s.load)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Get(ended, target, 1, s.load); err != nil {
		t.Errorf("a hit failed: %v", err)
	}
	if _, err := v.Get(ended, target, 2, s.load); !errors.Is(err, context.Canceled) {
		t.Errorf("a miss returned error %v, want that ctx has ended", err)
	}
	if n := s.reads.Load(); n != 1 {
		t.Errorf("%d loads, want none on an ended context", n-1)
	}
}

func TestWithoutATTLResultsDoNotExpireByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s source
		v := newView[int64, int64](t, newCache(t, Config{}))
		get(t, v, 1, s.load)
		pass(100 * 365 * 24 * time.Hour)
		get(t, v, 1, s.load)
		if n := s.reads.Load(); n != 1 {
			t.Errorf("%d loads in a hundred years, want 1", n)
		}
	})
}

func TestAViewsTTLStandsInForTheCaches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newViewWith[int64](t, newCache(t, Config{TTL: time.Hour, Jitter: 0.9}), ViewConfig[int64]{TTL: time.Nanosecond})
		v.Set(target, 1, 7)
		if got, found := v.peek(target, 1); !found || got != 7 {
			t.Errorf("got %d, %v before the TTL", got, found)
		}
		pass(1)
		if _, found := v.peek(target, 1); found {
			t.Error("found after the TTL")
		}
	})
}

func TestNotFoundIsKeptAsTheSameError(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	v := newViewWith[int64](t, c, ViewConfig[int64]{
		NotFound: func(err error) bool { return errors.Is(err, errNone) },
		Clone:    func(int64) int64 { panic("nothing to clone") },
	})
	calls := 0
	load := func(context.Context, int64) (int64, error) {
		calls++
		return 5, errNone
	}
	for range 3 {
		if value, err := v.Get(t.Context(), target, 1, load); err != errNone || value != 0 {
			t.Errorf("got %d, error %v", value, err)
		}
	}
	if _, found := v.peek(target, 1); found {
		t.Error("Peek found a value")
	}
	if s := v.stats(); calls != 1 || s.Hits != 2 || s.LoadErrors != 0 || s.Entries != 1 {
		t.Errorf("%d loads, stats %+v", calls, s)
	}
	c.InvalidateTables(target, table)
	if _, err := v.Get(t.Context(), target, 1, load); err != errNone || calls != 2 {
		t.Errorf("%d loads after the invalidation, want 2; error %v", calls, err)
	}
}

func TestSetKeepsAValueAndInvalidateDropsIt(t *testing.T) {
	t.Parallel()
	v := newView[string, int](t, newCache(t, Config{}))
	peek := func(want int, present bool) {
		t.Helper()
		if got, found := v.peek(target, "a"); got != want || found != present {
			t.Errorf("got %d, %v, want %d, %v", got, found, want, present)
		}
	}
	v.Invalidate(target, "a") // before anything is known of the target
	peek(0, false)
	v.Set(target, "a", 1)
	peek(1, true)
	v.Set(target, "a", 2)
	peek(2, true)
	if got := get(t, v, "a", nil); got != 2 {
		t.Errorf("Get returned %d, want what was set", got)
	}
	v.Invalidate(target, "a")
	peek(0, false)
	if s := v.stats(); s.Entries != 0 || s.Hits != 1 || s.Loads != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestInvalidateTablesReachesTheViewsThatDependOnThem(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	open := func(name string, tables ...string) *View[int, int] {
		v, err := NewView[int](c, ViewConfig[int]{Name: name, Tables: tables})
		if err != nil {
			t.Fatal(err)
		}
		v.Set(target, 1, 1)
		return v
	}
	books := open("books", "books")
	both := open("both", "authors", "books", "books")
	sales := open("sales", "sales")
	live := func(want ...bool) {
		t.Helper()
		for i, v := range []*View[int, int]{books, both, sales} {
			if _, found := v.peek(target, 1); found != want[i] {
				t.Errorf("view %s has its result: %v, want %v", v.name, found, want[i])
			}
		}
	}
	c.InvalidateTables(target)
	c.InvalidateTables(target, "no such table")
	c.InvalidateTables("elsewhere", "books")
	live(true, true, true)
	c.InvalidateTables(target, "no such table", "authors")
	live(true, false, true)
	c.InvalidateTables(target, "sales", "books")
	live(false, false, false)
}

func TestClearDropsEveryResult(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	v := newView[int, int](t, c)
	for _, target := range []string{"east", "west"} {
		v.Set(target, 1, 1)
	}
	c.Clear()
	for _, target := range []string{"east", "west"} {
		if _, found := v.peek(target, 1); found {
			t.Errorf("%s still has its result", target)
		}
	}
	if n := c.Stats().Entries; n != 0 {
		t.Errorf("%d entries after Clear", n)
	}
}

func TestAFullViewMakesRoom(t *testing.T) {
	t.Parallel()
	const room, asked = 50, 1000
	for name, v := range map[string]*View[int, int]{
		"of the cache": newView[int, int](t, newCache(t, Config{MaxEntries: room})),
		"of the view":  newViewWith[int](t, newCache(t, Config{}), ViewConfig[int]{MaxEntries: room}),
	} {
		for i := range asked {
			v.Set(target, i, i)
		}
		v.kept.kept.CleanUp()
		if s := v.stats(); s.Entries > room || s.Entries+int(s.Evictions) != asked {
			t.Errorf("bound %s: stats %+v, want at most %d entries and the others evicted", name, s, room)
		}
	}
}

func TestANilCacheIsOff(t *testing.T) {
	t.Parallel()
	var c *Cache
	v, err := NewView[int64](c, ViewConfig[int64]{Name: "view", Tables: []string{table}, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	type mark struct{}
	ctx := context.WithValue(t.Context(), mark{}, true)
	for range 3 {
		got, err := v.Get(ctx, target, 1, func(inner context.Context, _ int64) (int64, error) {
			if inner != ctx {
				t.Error("the loader got another context")
			}
			return 5, errBroken
		})
		if got != 5 || err != errBroken {
			t.Errorf("got %d, error %v, want what the loader returned", got, err)
		}
	}
	v.Set(target, 1, 1)
	if _, found := v.peek(target, 1); found {
		t.Error("something was kept")
	}
	v.Invalidate(target, 1)
	c.InvalidateTables(target, table)
	c.Clear()
	if s := v.stats(); s != (Stats{Bypasses: 3, BypassOff: 3}) {
		t.Errorf("the view's stats %+v, want 3 bypasses", s)
	}
	if s := c.Stats(); s != (Stats{}) {
		t.Errorf("the cache's stats %+v", s)
	}
}

func TestNamesThatAreNotInUseTakeUpNoRoom(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	v := newView[int, int](t, c)
	c.InvalidateTables("unknown", table, "another")
	v.Invalidate("unknown", 1)
	v.peek("unknown", 1)
	get(t, v, 1, func(context.Context, int) (int, error) { return 1, nil })
	c.InvalidateTables(target, "another")
	if c.known("unknown") != nil || len(*c.known(target).tables.Load()) != 1 {
		t.Errorf("clocks were made for names that nothing depends on")
	}
}

// Not parallel: other goroutines' allocations would count.
func TestAHitAllocatesNothing(t *testing.T) {
	type params struct {
		ID   int64
		Name string
	}
	c := newCache(t, Config{TTL: time.Hour, Jitter: 0.1})
	v := newView[params, [4]string](t, c)
	load := func(context.Context, params) ([4]string, error) { return [4]string{"a"}, nil }
	args := params{1, "name"}
	hit := func() {
		if got, err := v.Get(t.Context(), target, args, load); err != nil || got[0] != "a" {
			t.Errorf("got %v, error %v", got, err)
		}
	}
	hit()
	if n := testing.AllocsPerRun(1000, hit); n != 0 {
		t.Errorf("%v allocations a hit, want 0", n)
	}
	miss := func() {
		v.Invalidate(target, args)
		hit()
	}
	if n := testing.AllocsPerRun(100, miss); n == 0 {
		t.Error("a miss allocates nothing either: the measure is broken")
	}
}
