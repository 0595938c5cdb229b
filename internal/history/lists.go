package history

import (
	"fmt"
	"slices"
)

// arrange finds the order of the key's values, which is the longest list, and the
// lists that do not agree with it. Lists that cannot be part of any order are
// reported and left out.
func (c *checker) arrange(l *ledger) {
	l.lists = c.sane(l)
	longest := 0
	for i, list := range l.lists {
		if len(list.values) >= len(l.lists[longest].values) {
			longest = i
		}
	}
	if len(l.lists) == 0 {
		return
	}
	l.order = l.lists[longest].values
	c.saw(l, l.order)
	agree := l.lists[:0]
	for _, list := range l.lists {
		if isPrefix(list.values, l.order) {
			agree = append(agree, list)
			continue
		}
		c.saw(l, list.values)
		l.strange = append(l.strange, list)
	}
	l.lists = agree
	if len(l.strange) > 0 {
		odd := l.strange[0]
		c.report.add(Incompatible, odd.txns(), "key %d was %v to %s, and %v elsewhere", l.key, odd.values, odd.reader(), l.order)
	}
}

func (l list) reader() string {
	if l.by == nowhere {
		return "the final read"
	}
	return fmt.Sprintf("T%d", l.by.txn)
}

// sane returns the lists of values that were each appended, and are there once.
func (c *checker) sane(l *ledger) []list {
	reported := map[int32]bool{}
	report := func(kind Kind, list list, value int32) {
		if !reported[value] {
			reported[value] = true
			c.report.add(kind, list.txns(), "%d in key %d, read by %s: %v", value, l.key, list.reader(), list.values)
		}
	}
	var sane []list
	last := map[int32]int{} // the last list that had a value, counted from 1
	for i, list := range l.lists {
		good := true
		for _, v := range list.values {
			if _, ok := l.writers[v]; !ok {
				report(Unwritten, list, v)
				good = false
			} else if last[v] == i+1 {
				report(DoubleApplication, list, v)
				good = false
			}
			last[v] = i + 1
		}
		if good {
			sane = append(sane, list)
		}
	}
	return sane
}

// saw marks the transactions whose appends are in a list.
func (c *checker) saw(l *ledger, values []int32) {
	for _, v := range values {
		if w, ok := l.writers[v]; ok {
			c.seen[w.txn] = true
		}
	}
}

func isPrefix(short, long []int32) bool {
	return len(short) <= len(long) && slices.Equal(short, long[:len(short)])
}
