package db

import (
	"sync/atomic"
	"time"
)

// A statement that is slow would hold up the members of its batch. So it runs alone
// until its reads are quick again. The client cannot see which member of a batch took
// the time, as the server sends all answers together. When a batch was slow, the next
// read of each of its statements runs alone, to see.

const (
	slowBatch = 10 * time.Millisecond // beyond the time of a quick read; look-ups by key take far less
	slowRead  = time.Millisecond      // the same of a read alone
	slowFor   = 16                    // reads that must be quick, one after the other, before others join again
)

// Values of sharedStatement.alone.
const (
	suspect = -1      // after a slow batch or read
	never   = 1 << 30 // it takes part no more
)

// goesAlone reports whether the next read of a statement takes no part.
func (of *sharedStatement) goesAlone() bool {
	n := of.alone.Load()
	return n > 0 || n == suspect && of.alone.CompareAndSwap(suspect, 1)
}

// suspected notes that a statement took part in what was slow.
func (of *sharedStatement) suspected() { of.alone.CompareAndSwap(0, suspect) }

// ran draws conclusions from the time in which a read ran alone.
func (of *sharedStatement) ran(took time.Duration, q *quickest) {
	over := q.over(took)
	n := of.alone.Load()
	switch {
	case n > 0 && over > slowRead:
		of.alone.Store(slowFor)
	case n > 0:
		of.alone.CompareAndSwap(n, n-1)
	case over > slowBatch:
		of.suspected()
	}
}

// quickest is the time of the quickest read of late: a round trip, and little more. It
// grows by a thousandth with each read, so that it follows a network that got slower.
type quickest struct{ nanoseconds atomic.Int64 }

// over notes the time of a read and returns by how much it exceeds the quickest one.
func (q *quickest) over(took time.Duration) time.Duration {
	least := time.Duration(q.nanoseconds.Load())
	if least == 0 || took < least {
		q.nanoseconds.Store(int64(took))
		return 0
	}
	q.nanoseconds.Store(int64(least + least/1024 + 1))
	return took - least
}

// exceeds reports whether the time of a batch is more than its reads should take.
func (q *quickest) exceeds(took time.Duration) bool {
	return took-time.Duration(q.nanoseconds.Load()) > slowBatch
}
