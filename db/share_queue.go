package db

import (
	"slices"
	"sync"
)

// readQueue decides which reads run alone and which wait in one place together. It knows
// no connections.
//
// A read runs while fewer than limit are running, groups counted as one. Otherwise it
// joins the group that is waiting, or opens one. A group is full at most members; full
// ones wait first in, first out. A group that has its turn is led by one of its members,
// which acquires a connection; until it has one, others may join.
type readQueue struct {
	conns int // how many run at once while the pool is not far over-subscribed
	most  int // members of a group

	mu       sync.Mutex
	readers  int          // guarded by mu; those that wait or run
	smoothed int          // guarded by mu; 16 times the moving mean of readers
	running  int          // guarded by mu; groups and single reads that have their turn
	waiting  int          // guarded by mu; readers in the state queued
	open     *readGroup   // guarded by mu; the group that is joined; nil when there is none
	parked   []*readGroup // guarded by mu; those without their turn, first in, first out
}

// readGroup is some readers that wait for one connection.
type readGroup struct {
	members []*reader // guarded by readQueue.mu, until the group was taken
	turn    bool      // guarded by readQueue.mu; it may acquire a connection
}

// readState is what a reader is doing.
type readState uint8

const (
	queued  readState = iota // for its group's turn, or for its answer
	leading                  // it is to acquire a connection for its group
	taken                    // it is part of a batch that runs
	gone                     // it quit
)

// begin lets a read run at once, or says that it must wait. A crowded queue means that
// others are about to come: a read that has its turn then gathers them in a group.
func (q *readQueue) begin() (turn, crowded bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.readers++
	if q.open != nil || len(q.parked) > 0 || q.running >= q.limit() {
		return false, false
	}
	q.running++
	q.observe()
	return true, q.crowded()
}

// observe moves the mean. A number that is not smoothed falls whenever a batch is
// answered, and rises again at once.
func (q *readQueue) observe() { q.smoothed += q.readers - q.smoothed/16 }

// limit is how many run at once. Few large groups are cheaper than many small ones once
// there are far more readers than connections. Below that, a connection that is free
// must not be left idle.
func (q *readQueue) limit() int {
	if !q.crowded() {
		return q.conns
	}
	return min(q.conns, max(4, q.conns/4))
}

// crowded reports whether there are far more readers than connections.
func (q *readQueue) crowded() bool { return q.smoothed > 16*2*q.conns }

// leave takes n readers out that have not quit, with their turn if they have it.
func (q *readQueue) leave(n int, turn bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.readers -= n
	if turn {
		q.running--
		q.next()
	}
}

// join makes a reader wait in a group. turn is what begin said. It reports whether the
// reader leads the group already; otherwise its wake channel says when.
func (q *readQueue) join(r *reader, turn bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if g := q.open; g != nil {
		q.add(g, r)
		if turn { // the group was opened meanwhile
			q.running--
			q.next()
		}
		return false
	}
	if !turn && len(q.parked) == 0 && q.running < q.limit() {
		q.running++
		turn = true
	}
	q.open = &readGroup{turn: turn}
	g := q.open
	if !turn {
		q.parked = append(q.parked, g)
	}
	q.add(g, r)
	if turn {
		q.set(r, leading)
	}
	return turn
}

func (q *readQueue) add(g *readGroup, r *reader) {
	r.group = g
	q.waiting++
	g.members = append(g.members, r)
	if len(g.members) >= q.most {
		q.open = nil
	}
}

func (q *readQueue) set(r *reader, s readState) {
	if r.state == queued {
		q.waiting--
	}
	r.state = s
}

// next gives turns to the groups that waited longest.
func (q *readQueue) next() {
	for len(q.parked) > 0 && q.running < q.limit() {
		g := q.parked[0]
		q.parked = slices.Delete(q.parked, 0, 1)
		g.turn = true
		q.running++
		q.lead(g)
	}
}

// lead chooses the member of a group that acquires its connection: the one that may
// wait longest, so that the group keeps its place among those who want one.
func (q *readQueue) lead(g *readGroup) {
	head := slices.MaxFunc(g.members, func(a, b *reader) int { return a.until.Compare(b.until) })
	q.set(head, leading)
	head.wake <- struct{}{}
}

// take closes a group whose head has a connection, and returns its members.
func (q *readQueue) take(g *readGroup) []*reader {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open == g {
		q.open = nil
	}
	q.observe()
	for _, r := range g.members {
		q.set(r, taken)
	}
	return g.members
}

// quit takes a reader out of its group. It reports false when it is too late for that:
// the reader is part of a batch. When the head quits, its place passes on.
func (q *readQueue) quit(r *reader) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.state >= taken {
		return false
	}
	g, led := r.group, r.state == leading
	q.set(r, gone)
	q.readers--
	g.members = slices.DeleteFunc(g.members, func(m *reader) bool { return m == r })
	if len(g.members) > 0 {
		if led {
			q.lead(g)
		}
		return true
	}
	if q.open == g {
		q.open = nil
	}
	if g.turn {
		q.running--
		q.next()
	} else {
		q.parked = slices.DeleteFunc(q.parked, func(p *readGroup) bool { return p == g })
	}
	return true
}

// waiters returns how many readers wait for a connection, apart from those that lead.
func (q *readQueue) waiters() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}
