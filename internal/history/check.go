package history

import (
	"maps"
	"slices"
)

// Order is how much of the order in time must be kept.
type Order uint8

const (
	// Serializable: none.
	Serializable Order = iota
	// Sessions: that of the transactions of each process.
	Sessions
	// RealTime: a transaction that ended before another began comes first.
	RealTime
)

// Check looks for anomalies. It takes time and memory in proportion to the operations
// and to the lengths of the lists that were read. So lists should not grow without
// bound. Whether there is a cycle is exact; of which kind, for thousands of
// transactions that all depend on one another, is the result of a bounded search:
// [AntiCycle] may then stand for [SingleCycle].
func Check(h *History, order Order) *Report {
	c := &checker{h: h, report: &Report{Counts: map[Kind]int{}}, seen: make([]bool, len(h.Txns))}
	c.collect()
	for _, l := range c.keys {
		c.arrange(l)
	}
	for _, l := range c.keys {
		c.judge(l)
		c.connect(l)
	}
	c.report.Edges = len(c.edges)
	c.cycles(order)
	return c.report
}

// checker is one run of [Check].
type checker struct {
	h      *History
	report *Report

	keys  []*ledger // by key
	seen  []bool    // by transaction: one of its appends is in a list
	edges []edge
}

// ledger is what the history says of one key.
type ledger struct {
	key     int32
	writers map[int32]place // who appended a value
	appends []int32         // the values of writers
	lists   []list          // what was read, the final list as the last
	final   map[int32]bool  // the values of the final list; nil when not known

	order   []int32 // the longest list: the order in which values came
	strange []list  // lists that do not agree with it
}

// place is an operation. The final list, which no operation read, has the place nowhere.
type place struct{ txn, op int32 }

var nowhere = place{-1, -1}

// list is a list and the operations that read it.
type list struct {
	by     place
	values []int32
}

// txns are the transactions that read the list, for a report.
func (l list) txns(others ...int32) []int {
	var all []int
	for _, t := range append([]int32{l.by.txn}, others...) {
		if t >= 0 {
			all = append(all, int(t))
		}
	}
	return all
}

// collect sorts the history by keys.
func (c *checker) collect() {
	ledgers := map[int32]*ledger{}
	at := func(key int32) *ledger {
		if ledgers[key] == nil {
			ledgers[key] = &ledger{key: key, writers: map[int32]place{}}
		}
		return ledgers[key]
	}
	for t := range c.h.Txns {
		for i, op := range c.h.Txns[t].Ops {
			here := place{int32(t), int32(i)}
			if op.Read && c.h.Txns[t].Outcome == OK {
				l := at(op.Key)
				l.lists = append(l.lists, list{here, op.List})
			} else if !op.Read {
				c.write(at(op.Key), op.Value, here)
			}
		}
	}
	for key, values := range c.h.Final {
		l := at(key)
		l.lists = append(l.lists, list{nowhere, values})
	}
	for _, key := range slices.Sorted(maps.Keys(ledgers)) {
		c.keys = append(c.keys, ledgers[key])
	}
	if c.h.Final != nil {
		for _, l := range c.keys {
			l.final = set(c.h.Final[l.key])
		}
	}
}

func (c *checker) write(l *ledger, value int32, by place) {
	if first, ok := l.writers[value]; ok {
		c.report.add(RepeatedAppend, []int{int(first.txn), int(by.txn)},
			"T%d and T%d both append %d to key %d", first.txn, by.txn, value, l.key)
		return
	}
	l.writers[value] = by
	l.appends = append(l.appends, value)
}

func set(values []int32) map[int32]bool {
	s := make(map[int32]bool, len(values))
	for _, v := range values {
		s[v] = true
	}
	return s
}
