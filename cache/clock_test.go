package cache

import (
	"sync/atomic"
	"testing"
	"unsafe"
)

func TestEachClockMovesTheSum(t *testing.T) {
	t.Parallel()
	var key atomic.Uint64
	w := watch{all: new(clock), tables: []*clock{new(clock), new(clock)}}
	for i, c := range []*atomic.Uint64{&key, &w.all.n, &w.tables[0].n, &w.tables[1].n} {
		before := w.sum(&key)
		c.Add(1)
		if after := w.sum(&key); after <= before {
			t.Errorf("clock %d: the sum went from %d to %d", i, before, after)
		}
	}
}

func TestAClockHasACacheLineOfItsOwn(t *testing.T) {
	t.Parallel()
	if n := unsafe.Sizeof(clock{}); n != 64 {
		t.Errorf("a clock takes %d bytes, want 64", n)
	}
}

func TestViewsShareTheClocksOfTheirTables(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	one := c.tableClocks("east", []string{"authors", "books"})
	two := c.tableClocks("east", []string{"books"})
	if one[1] != two[0] || one[0] == one[1] {
		t.Error("a table and its clock do not go together")
	}
	if other := c.tableClocks("west", []string{"books"}); other[0] == two[0] {
		t.Error("two targets share a clock")
	}
}
