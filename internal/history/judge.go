package history

import "slices"

// judge reports what is wrong with the key's lists each by itself, and keeps those
// in which nothing is.
func (c *checker) judge(l *ledger) {
	c.failures(l)
	c.disorder(l)
	if l.final != nil {
		c.losses(l)
	}
	for _, list := range l.strange {
		c.reads(l, list)
	}
	l.lists = slices.DeleteFunc(l.lists, func(list list) bool { return !c.reads(l, list) })
}

// failures reports appends of failed transactions that are in a list.
func (c *checker) failures(l *ledger) {
	reported := map[int32]bool{}
	for _, list := range slices.Concat(l.strange, l.lists) {
		if list.by != nowhere {
			c.failuresIn(l, list, reported)
		}
	}
	c.failuresIn(l, list{nowhere, c.h.Final[l.key]}, reported)
}

func (c *checker) failuresIn(l *ledger, list list, reported map[int32]bool) {
	for _, v := range list.values {
		w, ok := l.writers[v]
		if !ok || !c.failed(w.txn) || reported[v] {
			continue
		}
		reported[v] = true
		if l.final[v] {
			c.report.add(AppliedFailure, []int{int(w.txn)}, "T%d failed, but what it appended to key %d, %d, is there in the end: %v",
				w.txn, l.key, v, c.h.Final[l.key])
		} else {
			c.report.add(AbortedRead, list.txns(w.txn), "T%d failed, but what it appended to key %d, %d, was read by %s: %v",
				w.txn, l.key, v, list.reader(), list.values)
		}
	}
}

// disorder reports appends of one transaction that follow each other in another
// order than the transaction's.
func (c *checker) disorder(l *ledger) {
	for i := 1; i < len(l.order); i++ {
		a, b := l.writer(i-1), l.writer(i)
		if a.txn == b.txn && a.op > b.op {
			c.report.add(Internal, []int{int(a.txn)}, "T%d appended %d to key %d before %d, but the list is %v",
				a.txn, l.order[i], l.key, l.order[i-1], l.order[:i+1])
		}
	}
}

// losses reports appends of committed transactions that are not in the final list.
func (c *checker) losses(l *ledger) {
	for _, v := range l.appends {
		w := l.writers[v]
		if !l.final[v] && c.committed(w.txn) {
			c.report.add(Lost, []int{int(w.txn)}, "T%d is %s and appended %d to key %d, which is not there in the end: %v",
				w.txn, c.h.Txns[w.txn].Outcome, v, l.key, c.h.Final[l.key])
		}
	}
}

// committed reports whether all appends of a transaction must be there.
func (c *checker) committed(t int32) bool {
	switch c.h.Txns[t].Outcome {
	case OK:
		return true
	case Unknown:
		return c.seen[t]
	}
	return false
}

func (c *checker) failed(t int32) bool { return c.h.Txns[t].Outcome == Failed }

// reads reports what is wrong with a read, given only its transaction and the one
// that appended the last value, and whether nothing is.
func (c *checker) reads(l *ledger, read list) bool {
	if read.by == nowhere {
		return true
	}
	return c.internal(l, read) && c.whole(l, read)
}

// internal reports a read that lacks what its transaction appended before, or has
// what it appended later.
func (c *checker) internal(l *ledger, read list) bool {
	at := 0
	for i, op := range c.h.Txns[read.by.txn].Ops {
		if op.Read || op.Key != l.key {
			continue
		}
		found := slices.Index(read.values[at:], op.Value)
		if before := int32(i) < read.by.op; before != (found >= 0) {
			c.report.add(Internal, read.txns(), "T%d read key %d as %v: its own append of %d, operation %d, the read being operation %d",
				read.by.txn, l.key, read.values, op.Value, i, read.by.op)
			return false
		}
		at += found + 1
	}
	return true
}

// whole reports a read that ends within what another transaction appended.
func (c *checker) whole(l *ledger, read list) bool {
	if len(read.values) == 0 {
		return true
	}
	last := read.values[len(read.values)-1]
	w, ok := l.writers[last]
	if !ok || w.txn == read.by.txn || !c.h.Txns[w.txn].appendsAfter(w.op, l.key) {
		return true
	}
	c.report.add(IntermediateRead, read.txns(w.txn), "T%d read key %d as %v, but T%d appended more after %d",
		read.by.txn, l.key, read.values, w.txn, last)
	return false
}

// writer is who appended value i of the order.
func (l *ledger) writer(i int) place {
	if w, ok := l.writers[l.order[i]]; ok {
		return w
	}
	return nowhere
}
