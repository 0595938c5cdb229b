package cache

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// targetClocks is one target database.
type targetClocks struct {
	name string
	id   uint64      // stands for the name in keys
	all  tableClocks // stands for whatever it has: written by what may change anything

	mu     sync.Mutex                              // guards what follows
	tables atomic.Pointer[map[string]*tableClocks] // copied on write, read without mu
}

// target returns the target database with a name.
func (c *Cache) target(name string) *targetClocks {
	if t := c.known(name); t != nil {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := *c.targets.Load()
	if t := old[name]; t != nil {
		return t
	}
	t := &targetClocks{name: name, id: uint64(len(old))}
	t.all.name = "everything"
	t.all.columns.Store(new([]*columnClocks))
	t.tables.Store(&map[string]*tableClocks{})
	all := maps.Clone(old)
	all[name] = t
	c.first.CompareAndSwap(nil, t)
	c.targets.Store(&all)
	return t
}

// known is target, but nil for one that nothing is known of.
func (c *Cache) known(name string) *targetClocks {
	if t := c.first.Load(); t != nil && t.name == name { // faster than the map
		return t
	}
	return (*c.targets.Load())[name]
}

// table returns one of the target's tables.
func (t *targetClocks) table(name string) *tableClocks {
	if known := (*t.tables.Load())[name]; known != nil {
		return known
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := *t.tables.Load()
	if known := old[name]; known != nil {
		return known
	}
	all := maps.Clone(old)
	all[name] = newTable(name)
	t.tables.Store(&all)
	return all[name]
}

// write takes one write a step further.
func (t *targetClocks) write(w *stmt.Run, to step, now time.Duration) {
	if w.Anything {
		t.all.write(w, to, now)
		return
	}
	for _, name := range w.Writes {
		t.table(name).write(w, to, now)
	}
	for _, name := range w.Reaches {
		t.table(name).write(w, to, now)
	}
}
