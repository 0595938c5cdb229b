package history

import (
	"cmp"
	"slices"
	"sort"
)

// sessions draws the order within each process.
func (c *checker) sessions() []edge {
	var edges []edge
	last := map[int32]int32{} // by process: the last that ended
	for _, t := range c.byBegin() {
		txn := &c.h.Txns[t]
		if before, ok := last[txn.Process]; ok && c.end(before) < txn.Begin {
			edges = append(edges, edge{from: before, to: t, step: session})
		}
		// An unknown one may have taken effect at any time.
		if c.ends(t) {
			last[txn.Process] = t
		}
	}
	return edges
}

// instants draws the order in time: from a transaction to the instant of its end,
// from each instant to the next, and from the last instant before a transaction
// began to that transaction. So the number of edges does not depend on how many
// transactions run at once. It returns the number of instants as well.
func (c *checker) instants() ([]edge, int) {
	var ends []int32
	for t := range c.h.Txns {
		if c.ends(int32(t)) {
			ends = append(ends, int32(t))
		}
	}
	slices.SortFunc(ends, func(a, b int32) int { return cmp.Compare(c.end(a), c.end(b)) })
	first := int32(len(c.h.Txns))
	var edges []edge
	for i, t := range ends {
		edges = append(edges, edge{from: t, to: first + int32(i), step: ended})
		if i > 0 {
			edges = append(edges, edge{from: first + int32(i) - 1, to: first + int32(i), step: passes})
		}
	}
	for t := range c.h.Txns {
		begin := c.h.Txns[t].Begin
		before := sort.Search(len(ends), func(i int) bool { return c.end(ends[i]) >= begin })
		if before > 0 && c.counts(int32(t)) {
			edges = append(edges, edge{from: first + int32(before) - 1, to: int32(t), step: passes})
		}
	}
	return edges, len(ends)
}

// byBegin returns the transactions that count, by their beginning.
func (c *checker) byBegin() []int32 {
	var all []int32
	for t := range c.h.Txns {
		if c.counts(int32(t)) {
			all = append(all, int32(t))
		}
	}
	slices.SortStableFunc(all, func(a, b int32) int { return cmp.Compare(c.h.Txns[a].Begin, c.h.Txns[b].Begin) })
	return all
}

// counts reports whether a transaction took effect.
func (c *checker) counts(t int32) bool {
	return c.h.Txns[t].Outcome == OK || c.h.Txns[t].Outcome == Unknown && c.seen[t]
}

// ends reports whether it is known when a transaction had taken effect.
func (c *checker) ends(t int32) bool { return c.h.Txns[t].Outcome == OK }

// end is when it had.
func (c *checker) end(t int32) int64 { return c.h.Txns[t].End }
