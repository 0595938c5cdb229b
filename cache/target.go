package cache

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// targetClocks is one name of a database. Results are kept by the name, as two names may
// stand for a primary and its standby, which have one identity.
type targetClocks struct {
	name     string
	id       uint64       // stands for the name in keys
	mistaken atomic.Int64 // claims of the name by other databases
	session  string       // guarded by Cache.mu; the settings of the claims that hold
	sessions int          // guarded by Cache.mu; how many of these there are
	*databaseClocks
}

// databaseClocks is one database. Most often it has one name.
type databaseClocks struct {
	all *tableClocks // stands for whatever it has: written by what may change anything

	identity string // guarded by Cache.mu; empty until it is claimed
	claims   int    // guarded by Cache.mu; those that hold

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
	if t := (*c.targets.Load())[name]; t != nil {
		return t
	}
	return c.addTarget(name, newDatabase())
}

func newDatabase() *databaseClocks {
	d := &databaseClocks{all: newTable("(everything)")}
	d.tables.Store(&map[string]*tableClocks{})
	return d
}

// addTarget makes the name one of the database's. c.mu is locked.
func (c *Cache) addTarget(name string, d *databaseClocks) *targetClocks {
	all := maps.Clone(*c.targets.Load())
	t := &targetClocks{name: name, id: uint64(len(all)), databaseClocks: d}
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

// table returns one of the database's tables.
func (t *databaseClocks) table(name string) *tableClocks {
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
func (t *databaseClocks) write(w *stmt.Run, to step, now time.Duration) {
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
