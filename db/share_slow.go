package db

import (
	"sync/atomic"
	"time"
)

// A statement that is slow would hold up the members of its batch. The client cannot see
// which member of a batch took the time, as the server sends all answers together. So
// after a slow batch the reads of each of its statements run alone, until one was quick.
// A machine that is short of processors makes all reads slow. Hence a read is also quick
// when it took a small part of the batch's time.

const (
	slowBatch = 10 * time.Millisecond // beyond a round trip; look-ups by key take far less
	slowRead  = time.Millisecond      // the same of a read alone
	quickPart = 4                     // of the time of the batch
)

// never is the pace of a statement that takes part no more: no read is quicker.
const never = 1

// pace is whether the reads of a statement run alone: until one takes less than so many
// nanoseconds, if it is not zero.
type pace struct{ atomic.Int64 }

// suspect makes reads run alone after a batch or a read that took so long.
func (p *pace) suspect(took time.Duration) { p.CompareAndSwap(0, max(int64(took)/quickPart, never+1)) }

// ran draws conclusions from the time in which a read ran alone.
func (p *pace) ran(took time.Duration, trip *roundTrip) {
	over := trip.over(took)
	switch limit := p.Load(); {
	case limit == 0 && over > slowBatch:
		p.suspect(took)
	case limit > never && (over < slowRead || int64(took) < limit):
		p.CompareAndSwap(limit, 0)
	}
}

// roundTrip is the time of the quickest read of late. It grows by a thousandth with each
// read, so that it follows a network that got slower.
type roundTrip struct{ nanoseconds atomic.Int64 }

// over notes the time of a read and returns by how much it exceeds the quickest one.
func (t *roundTrip) over(took time.Duration) time.Duration {
	least := time.Duration(t.nanoseconds.Load())
	if least == 0 || took < least {
		t.nanoseconds.Store(int64(took))
		return 0
	}
	t.nanoseconds.Store(int64(least + least/1024 + 1))
	return took - least
}

// exceeds reports whether the time of a batch is more than its reads should take.
func (t *roundTrip) exceeds(took time.Duration) bool {
	return took-time.Duration(t.nanoseconds.Load()) > slowBatch
}
