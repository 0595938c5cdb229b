package db

import (
	"slices"
	"sync"
)

// readQueue decides which reads run alone and which wait in one place together. It asks
// nothing of connections.
//
// A read runs while fewer than limit are running, groups counted as one. Otherwise it
// joins the group that is waiting, or opens one. A group is full at most members; full
// ones wait first in, first out. A group that has its turn is led by one of its members,
// which acquires a connection; until it has one, others may join.
type readQueue struct {
	conns int // how many run at once while the pool is not far over-subscribed
	most  int // members of a group
	few   int // readers that the processors of this process can serve at once

	mu       sync.Mutex
	readers  int          // guarded by mu; those that wait or run
	smoothed int          // guarded by mu; 16 times the moving mean of readers
	running  int          // guarded by mu; groups and single reads that have their turn
	groups   []*readGroup // guarded by mu; those without a connection, first in, first out
}

// begin lets a read run at once, or says that it must wait: for its turn, or for others
// who are about to come.
func (q *readQueue) begin() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.groups) > 0 || q.running >= q.limit() || q.smoothed > 16*min(2*q.conns, q.few) {
		return false
	}
	q.readers++
	q.running++
	q.observe()
	return true
}

// observe moves the mean. A number that is not smoothed falls whenever a batch is
// answered, and rises again at once.
func (q *readQueue) observe() { q.smoothed += q.readers - q.smoothed/16 }

// limit is how many run at once. Few large groups are cheaper than many small ones once
// there are far more readers than connections. Below that, a connection that is free
// must not be left idle.
func (q *readQueue) limit() int {
	if q.smoothed <= 16*2*q.conns {
		return q.conns
	}
	return min(q.conns, max(4, q.conns/4))
}

// leave takes readers out that had a turn.
func (q *readQueue) leave(readers int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.readers -= readers
	q.running--
	q.next()
}

// join makes a reader wait in a group. Its gate opens when it leads.
func (q *readQueue) join(r *reader) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.readers++
	if n := len(q.groups); n == 0 || len(q.groups[n-1].members) >= q.most {
		q.groups = append(q.groups, new(readGroup))
	}
	r.group = q.groups[len(q.groups)-1]
	r.group.members = append(r.group.members, r)
	q.next()
}

// next gives turns to the groups that waited longest. The head is the member that may
// wait longest, so that the group keeps its place among those who want a connection.
func (q *readQueue) next() {
	for _, g := range q.groups {
		if q.running >= q.limit() {
			return
		}
		if g.head == nil {
			q.running++
			g.head = slices.MaxFunc(g.members, func(a, b *reader) int { return a.until.Compare(b.until) })
			g.head.gate.leave()
		}
	}
}

// take closes a group whose head has a connection, and returns its members.
func (q *readQueue) take(g *readGroup, l *lease) []*reader {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.observe()
	q.groups = without(q.groups, g)
	g.lease = l
	return g.members
}

// quit takes a reader out of its group. It reports false when it has quit, or when it is
// too late: the reader is part of a batch. When the head quits, its place passes on.
func (q *readQueue) quit(r *reader) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := r.group
	if g == nil || g.lease != nil {
		return false
	}
	r.group = nil
	q.readers--
	if g.members = without(g.members, r); len(g.members) == 0 {
		q.groups = without(q.groups, g)
	}
	if g.head == r {
		g.head = nil
		q.running--
		q.next()
	}
	return true
}

// waiters returns how many readers wait for a connection, apart from those that lead.
func (q *readQueue) waiters() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range q.groups {
		n += len(without(slices.Clone(g.members), g.head))
	}
	return n
}

// without removes an element.
func without[T comparable](list []T, one T) []T {
	return slices.DeleteFunc(list, func(other T) bool { return other == one })
}
