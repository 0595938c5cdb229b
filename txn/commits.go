package txn

import (
	"sync"
	"sync/atomic"
)

// commits counts the transactions of a Runner that were committed, by target. While it
// stands still, no conflict is a sign that another transaction went on.
type commits struct {
	one     atomic.Uint64 // of a Beginner without targets
	targets sync.Map      // by target, an *atomic.Uint64; those that exist
}

// add counts one. A target on which something was committed exists.
func (c *commits) add(target string) {
	if target == "" {
		c.one.Add(1)
		return
	}
	n, ok := c.targets.Load(target)
	if !ok {
		n, _ = c.targets.LoadOrStore(target, new(atomic.Uint64))
	}
	n.(*atomic.Uint64).Add(1)
}

// on returns how many there are on the target.
func (c *commits) on(target string) uint64 {
	if target == "" {
		return c.one.Load()
	}
	if n, ok := c.targets.Load(target); ok {
		return n.(*atomic.Uint64).Load()
	}
	return 0
}
