package cache

import (
	"reflect"
	"sync"
	"testing"
)

func TestTheStatsOfACacheAddUpThoseOfItsViews(t *testing.T) {
	t.Parallel()
	var one, two Stats
	for i := range reflect.TypeFor[Stats]().NumField() {
		set(&one, i, 1)
		set(&two, i, int64(10+i))
	}
	sum := reflect.ValueOf(one.plus(two))
	for i := range sum.NumField() {
		var want Stats
		set(&want, i, int64(11+i))
		if !sum.Field(i).Equal(reflect.ValueOf(want).Field(i)) {
			t.Errorf("%s is %v", sum.Type().Field(i).Name, sum.Field(i))
		}
	}
}

func set(s *Stats, field int, n int64) {
	f := reflect.ValueOf(s).Elem().Field(field)
	f.Set(reflect.ValueOf(n).Convert(f.Type()))
}

func TestStatsAreKeptForEachView(t *testing.T) {
	t.Parallel()
	var s source
	c := newCache(t, Config{})
	a, err := NewView[int64](c, ViewConfig[int64]{Name: "a", Tables: []string{"books"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewView[int64](c, ViewConfig[int64]{Name: "b", Tables: []string{"books"}})
	if err != nil {
		t.Fatal(err)
	}
	get(t, a, 1, s.load)
	get(t, a, 1, s.load)
	get(t, b, 1, s.load)
	if a.stats().Hits != 1 || b.stats().Hits != 0 {
		t.Errorf("hits of a: %d, of b: %d, want 1 and 0", a.stats().Hits, b.stats().Hits)
	}
	if sum := c.Stats(); sum.Hits != 1 || sum.Misses != 2 || sum.Entries != 2 {
		t.Errorf("sum %+v", sum)
	}
}

func TestGoroutinesAtTheSameTimeCountOnDifferentLines(t *testing.T) {
	t.Parallel()
	const counting = 64
	var n tally
	var all, ready sync.WaitGroup
	ready.Add(counting) // so that all their stacks are in use at the same time
	for range counting {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			n.add()
		})
	}
	all.Wait()
	lines := 0
	for i := range n {
		if n[i].n.Load() > 0 {
			lines++
		}
	}
	if lines < len(n)/2 {
		t.Errorf("%d goroutines counted on %d of %d lines", counting, lines, len(n))
	}
}

func TestATallyLosesNothing(t *testing.T) {
	t.Parallel()
	var n tally
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				n.add()
			}
		})
	}
	all.Wait()
	if got := n.total(); got != 8000 {
		t.Errorf("counted %d, want 8000", got)
	}
}
