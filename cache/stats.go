package cache

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Stats are the figures of a [View] or of all views of a [Cache] since they
// were made. They are read one after the other while work goes on, so they need
// not agree with each other to the last call.
type Stats struct {
	// Hits counts the Gets answered from the cache, kept "not found" included.
	Hits uint64
	// Misses counts the Gets that were not, whatever became of them.
	Misses uint64
	// Loads counts the calls of loaders that have ended. Misses that joined
	// another's load make the difference between Misses and Loads.
	Loads uint64
	// LoadErrors counts the loads that ended with an error, panics included,
	// but for errors that are kept as "not found".
	LoadErrors uint64
	// LateFills counts the results that were not kept because they had been
	// invalidated before their load ended.
	LateFills uint64
	// Evictions counts the results that made room for others.
	Evictions uint64
	// Bypasses counts the Gets that went straight to their loader because the
	// view is off.
	Bypasses uint64
	// Entries is about how many results are kept, those included that are
	// invalidated or expired and still take up room.
	Entries int
	// LoadTime is the time spent in loaders, summed over loads that ran at the
	// same time.
	LoadTime time.Duration
}

func (s Stats) plus(o Stats) Stats {
	return Stats{
		Hits:       s.Hits + o.Hits,
		Misses:     s.Misses + o.Misses,
		Loads:      s.Loads + o.Loads,
		LoadErrors: s.LoadErrors + o.LoadErrors,
		LateFills:  s.LateFills + o.LateFills,
		Evictions:  s.Evictions + o.Evictions,
		Bypasses:   s.Bypasses + o.Bypasses,
		Entries:    s.Entries + o.Entries,
		LoadTime:   s.LoadTime + o.LoadTime,
	}
}

// counters are the figures of one view as they are counted.
type counters struct {
	hits       tally
	misses     atomic.Uint64
	loads      atomic.Uint64
	loadErrors atomic.Uint64
	lateFills  atomic.Uint64
	evictions  atomic.Uint64
	bypasses   atomic.Uint64
	loadTime   atomic.Int64
}

func (c *counters) stats() Stats {
	return Stats{
		Hits:       c.hits.total(),
		Misses:     c.misses.Load(),
		Loads:      c.loads.Load(),
		LoadErrors: c.loadErrors.Load(),
		LateFills:  c.lateFills.Load(),
		Evictions:  c.evictions.Load(),
		Bypasses:   c.bypasses.Load(),
		LoadTime:   time.Duration(c.loadTime.Load()),
	}
}

// tally is a counter spread over cache lines: hits come from all processors at
// once, and must not queue up for one line.
type tally [1 << tallyBits]struct {
	n atomic.Uint64
	_ [56]byte
}

const tallyBits = 4

// add counts on the line that the address of the goroutine's stack says. It is
// another for goroutines that run at the same time, as good as always, and
// costs less than a random number.
func (t *tally) add() {
	var here byte
	stack := uint64(uintptr(unsafe.Pointer(&here)) >> 11) // no stack is smaller than 2 KiB
	t[stack*0x9e3779b97f4a7c15>>(64-tallyBits)].n.Add(1)  // Fibonacci hashing
}

func (t *tally) total() (sum uint64) {
	for i := range t {
		sum += t[i].n.Load()
	}
	return sum
}
