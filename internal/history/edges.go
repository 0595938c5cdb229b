package history

import "fmt"

// step is why one transaction comes before another, as a set of reasons.
type step uint8

const (
	ww      step = 1 << iota // the other appended right after it
	wr                       // the other read its append as the last
	rw                       // the other appended what it would have read next
	session                  // the other began after it, in the same process
	ended                    // it ended at the instant
	passes                   // the instant comes before the other instant, or before the transaction's begin

	dependency = ww | wr | rw
	time       = ended | passes
)

// edge is a step from one node to another. The nodes are the transactions and,
// after them, the instants at which transactions ended.
type edge struct {
	from, to int32
	key      int32 // of a dependency
	at       int32 // of a dependency: how many values of the key's order were there before it
	step     step
}

// connect draws the dependencies that follow from the key's lists.
func (c *checker) connect(l *ledger) {
	for i := 1; i < len(l.order); i++ {
		c.draw(ww, l, l.writer(i-1).txn, l.writer(i).txn, i)
	}
	for _, read := range l.lists {
		n := len(read.values)
		if n > 0 {
			c.draw(wr, l, l.writer(n-1).txn, read.by.txn, n)
		}
		if n < len(l.order) {
			c.draw(rw, l, read.by.txn, l.writer(n).txn, n)
		}
	}
}

// draw adds a dependency between two different transactions.
func (c *checker) draw(s step, l *ledger, from, to int32, at int) {
	if from >= 0 && to >= 0 && from != to {
		c.edges = append(c.edges, edge{from, to, l.key, int32(at), s})
	}
}

// reason says why an edge is there.
func (c *checker) reason(e edge) string {
	switch e.step {
	case ww, wr, rw:
		return c.dependency(e)
	case session:
		return fmt.Sprintf("T%d ended before T%d began, in process %d", e.from, e.to, c.h.Txns[e.to].Process)
	}
	return fmt.Sprintf("T%d ended (%d) before T%d began (%d)", e.from, c.h.Txns[e.from].End, e.to, c.h.Txns[e.to].Begin)
}

func (c *checker) dependency(e edge) string {
	order := c.ledger(e.key).order
	switch e.step {
	case ww:
		return fmt.Sprintf("T%d appended %d to key %d, right after T%d's %d", e.to, order[e.at], e.key, e.from, order[e.at-1])
	case wr:
		return fmt.Sprintf("T%d read key %d as %s, which ends with T%d's append", e.to, e.key, show(order[:e.at]), e.from)
	}
	return fmt.Sprintf("T%d read key %d as %s, without %d, which T%d appended next", e.from, e.key, show(order[:e.at]), order[e.at], e.to)
}
