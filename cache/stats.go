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
	// Invalidated counts the results that a write had made old when they were loaded
	// again.
	Invalidated uint64
	// Needless counts those of them that turned out to be the same as before: the write
	// did not concern them, and was known less precisely than they are.
	Needless uint64
	// Stale counts the failed loads in whose place an expired result was served.
	Stale uint64
	// Bypasses counts the Gets that went straight to their loader. The others of its
	// name say why, and add up to it.
	Bypasses uint64
	// BypassOff: the cache is off. It is off, too, while it has the writes of a
	// database whose identity is not known.
	BypassOff uint64
	// BypassFence: what the result depends on is being written, or was written with
	// an unknown outcome.
	BypassFence uint64
	// BypassTransaction: the read goes through the db.DB with the context of a
	// transaction on it, which db refuses.
	BypassTransaction uint64
	// BypassUnfenced: the database does not notify this cache of its writes, or its name
	// stands for another one too.
	BypassUnfenced uint64
	// BypassSchema: the database is not as it was when the code was generated.
	BypassSchema uint64
	// BypassStatement: its result must not be cached.
	BypassStatement uint64
	// Entries is about how many results are kept, those included that are
	// invalidated or expired and still take up room.
	Entries int
	// LoadTime is the time spent in loaders, summed over loads that ran at the
	// same time.
	LoadTime time.Duration
}

// plus adds up, field by field.
func (s Stats) plus(o Stats) Stats {
	return Stats{
		Hits:              s.Hits + o.Hits,
		Misses:            s.Misses + o.Misses,
		Loads:             s.Loads + o.Loads,
		LoadErrors:        s.LoadErrors + o.LoadErrors,
		LateFills:         s.LateFills + o.LateFills,
		Evictions:         s.Evictions + o.Evictions,
		Invalidated:       s.Invalidated + o.Invalidated,
		Needless:          s.Needless + o.Needless,
		Stale:             s.Stale + o.Stale,
		Bypasses:          s.Bypasses + o.Bypasses,
		BypassOff:         s.BypassOff + o.BypassOff,
		BypassFence:       s.BypassFence + o.BypassFence,
		BypassTransaction: s.BypassTransaction + o.BypassTransaction,
		BypassUnfenced:    s.BypassUnfenced + o.BypassUnfenced,
		BypassSchema:      s.BypassSchema + o.BypassSchema,
		BypassStatement:   s.BypassStatement + o.BypassStatement,
		Entries:           s.Entries + o.Entries,
		LoadTime:          s.LoadTime + o.LoadTime,
	}
}

// bypass is why a Get went straight to its loader.
type bypass uint8

const (
	byOff bypass = iota
	byFence
	byTransaction
	byUnfenced
	bySchema
	byStatement
	bypasses // how many there are
)

// counters are the figures of one view as they are counted.
type counters struct {
	hits        tally
	misses      atomic.Uint64
	loads       atomic.Uint64
	loadErrors  atomic.Uint64
	lateFills   atomic.Uint64
	evictions   atomic.Uint64
	invalidated atomic.Uint64
	needless    atomic.Uint64
	stale       atomic.Uint64
	bypassed    [bypasses]atomic.Uint64
	loadTime    atomic.Int64
}

func (c *counters) stats() Stats {
	s := Stats{
		Hits:              c.hits.total(),
		Misses:            c.misses.Load(),
		Loads:             c.loads.Load(),
		LoadErrors:        c.loadErrors.Load(),
		LateFills:         c.lateFills.Load(),
		Evictions:         c.evictions.Load(),
		Invalidated:       c.invalidated.Load(),
		Needless:          c.needless.Load(),
		Stale:             c.stale.Load(),
		BypassOff:         c.bypassed[byOff].Load(),
		BypassFence:       c.bypassed[byFence].Load(),
		BypassTransaction: c.bypassed[byTransaction].Load(),
		BypassUnfenced:    c.bypassed[byUnfenced].Load(),
		BypassSchema:      c.bypassed[bySchema].Load(),
		BypassStatement:   c.bypassed[byStatement].Load(),
		LoadTime:          time.Duration(c.loadTime.Load()),
	}
	s.Bypasses = s.BypassOff + s.BypassFence + s.BypassTransaction + s.BypassUnfenced + s.BypassSchema + s.BypassStatement
	return s
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
