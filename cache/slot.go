package cache

import "sync/atomic"

// slot counts writes of one thing: a table, the rows of one value, or anything. Its upper
// bits are the version, which only grows. The lower ones are the fence: how many writes
// are under way, which may be visible already. One word holds both, so that one load
// gives them as they were at one moment. Read one after the other they would fit no
// moment: a writer may pass between the two loads.
//
// The fence has room for 16 million writes at a time. The version comes round after 10^12
// writes; an entry would have to outlive all of them, to the last one, to be taken for new.
type slot struct{ word atomic.Uint64 }

const (
	fenceBits = 24
	oneWrite  = 1
	version1  = 1 << fenceBits
	fenceMask = version1 - 1
)

// raise puts up the fence, before a write can become visible.
func (s *slot) raise() { s.word.Add(oneWrite) }

// end takes it down after a write that may be visible.
func (s *slot) end() { s.word.Add(version1 - oneWrite) }

// lower takes it down after a write of which nothing became visible.
func (s *slot) lower() { s.word.Add(^uint64(oneWrite - 1)) }

// move makes what was read before old, without a fence.
func (s *slot) move() { s.word.Add(version1) }

// read returns the two parts.
func (s *slot) read() (version, fence uint64) {
	word := s.word.Load()
	return word >> fenceBits, word & fenceMask
}

// line is a slot with a cache line of its own: readers of one table must not pay for
// writes to another.
type line struct {
	slot
	_ [56]byte
}

// slots are those that a result depends on.
type slots []*slot

// read returns the sum of the versions, and whether a fence is up. As each version only
// grows, two equal sums mean that none of them moved in between. That the slots are read
// one after the other does not change that: what is current at the last one, with no
// fence up, was current at the first.
func (s slots) read() (sum uint64, fenced bool) {
	var fences uint64
	for _, one := range s {
		version, fence := one.read()
		sum += version
		fences |= fence
	}
	return sum, fences != 0
}
