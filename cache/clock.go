package cache

import "sync/atomic"

// clock counts the invalidations of one thing. It only grows, and lives as long
// as the cache: one that started again could make an old tag valid.
type clock struct {
	n atomic.Uint64
	_ [56]byte // a cache line of its own: readers of one table must not pay for writes to another
}

// clockName is what a table's clock is found by.
type clockName struct{ target, table string }

// stripes is how many clocks the keys of a view share. They are kept dense: 8
// share a cache line, and all of them fit into 8 KiB.
const stripes = 1024

// watch is what the results of one view depend on in one target database, but
// for the clock of their key.
type watch struct {
	name   string // of the target database
	target uint64 // stands for the name in keys
	all    *clock
	tables []*clock
}

// sum adds up the clocks of a result with this key clock. As each clock only
// grows, two equal sums mean that none of them moved in between; reading them
// one after the other does not change that.
func (w *watch) sum(key *atomic.Uint64) uint64 {
	n := w.all.n.Load()
	for _, t := range w.tables {
		n += t.n.Load()
	}
	return n + key.Load()
}
