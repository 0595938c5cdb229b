package history

import (
	"fmt"
	"strings"
)

// classes are the kinds of cycles: the first step of one, and the others. Where
// those of a class are looked for there are none of the classes before it.
var classes = []struct {
	kind        Kind
	first, rest step
}{
	{WriteCycle, ww, ww},
	{InformationCycle, wr, ww | wr},
	{SingleCycle, rw, ww | wr},
	{AntiCycle, rw, dependency},
	{SessionCycle, session, dependency | session},
	{RealTimeCycle, ended, dependency | session | time},
}

// cycles reports a cycle of each set of transactions that depend on one another.
func (c *checker) cycles(order Order) {
	edges, nodes := c.edges, len(c.h.Txns)
	if order >= Sessions {
		edges = append(edges, c.sessions()...)
	}
	if order >= RealTime {
		more, instants := c.instants()
		edges = append(edges, more...)
		nodes += instants
	}
	g := newGraph(nodes, edges)
	told := make([]bool, nodes)
	for _, class := range classes {
		for _, component := range g.components(class.first | class.rest) {
			if anyOf(component, told) {
				continue
			}
			cycle := newSearch(g, component).cycle(class.first, class.rest)
			if cycle == nil {
				continue // the next class has it
			}
			for _, node := range component {
				told[node] = true
			}
			c.describe(class.kind, c.plain(cycle))
		}
	}
}

func anyOf(nodes []int32, marked []bool) bool {
	for _, n := range nodes {
		if marked[n] {
			return true
		}
	}
	return false
}

// plain replaces what leads over instants by one step in time.
func (c *checker) plain(cycle []edge) []edge {
	var plain []edge
	for _, e := range cycle {
		if last := len(plain) - 1; e.step == passes {
			plain[last].to = e.to
		} else {
			plain = append(plain, e)
		}
	}
	return plain
}

// describe reports a cycle of transactions.
func (c *checker) describe(kind Kind, cycle []edge) {
	if c.report.Counts[kind] >= examples {
		c.report.Counts[kind]++
		return
	}
	var txns []int
	var text strings.Builder
	for _, e := range cycle {
		txns = append(txns, int(e.from))
		fmt.Fprintf(&text, "\n  T%d, %s", e.from, c.h.Txns[e.from])
	}
	for _, e := range cycle {
		fmt.Fprintf(&text, "\n  T%d before T%d (%s): %s", e.from, e.to, e.step, c.reason(e))
	}
	c.report.add(kind, txns, "%s", text.String())
}

// String returns the name of a single step.
func (s step) String() string {
	return map[step]string{ww: "ww", wr: "wr", rw: "rw", session: "process", ended: "time"}[s]
}

// ledger returns that of a key that has one.
func (c *checker) ledger(key int32) *ledger {
	for _, l := range c.keys {
		if l.key == key {
			return l
		}
	}
	return nil
}
