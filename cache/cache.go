package cache

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// Cache is what views and queries have in common: settings, clocks, and the bound on
// loads. It has no goroutine of its own and needs no closing. All methods may be called
// concurrently, and on a nil *Cache, which is off.
//
// It is the [stmt.Invalidator] of the databases whose results it keeps: give it to
// db.Config, or to txn.Config for transactions over a pool that db does not own.
type Cache struct {
	cfg   Config
	start time.Time
	off   atomic.Bool
	turns chan struct{} // one token for each load that runs

	first   atomic.Pointer[targetClocks]             // most often the only one
	targets atomic.Pointer[map[string]*targetClocks] // copied on write, read without mu

	mu        sync.RWMutex // guards what follows
	views     map[string]keeper
	queries   map[queryName]keeper
	flushes   map[string]uint64
	paused    bool // by Switch
	strangers int  // claims of databases whose identity is not known

	databases map[string]*databaseClocks // by identity
}

// keeper is a [View] or the results of a [Query], of any type.
type keeper interface {
	called() string
	stats() Stats
	empty()
}

var _ stmt.Invalidator = (*Cache)(nil)

// New returns a Cache without results. A bad field of cfg is reported as a
// [*ConfigError]; several are joined.
func New(cfg Config) (*Cache, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Cache{
		cfg:     cfg,
		start:   time.Now(),
		turns:   make(chan struct{}, cfg.MaxLoads),
		views:   map[string]keeper{},
		queries: map[queryName]keeper{},
		flushes: map[string]uint64{},

		databases: map[string]*databaseClocks{},
	}
	c.paused = cfg.Off
	c.off.Store(c.paused)
	c.targets.Store(&map[string]*targetClocks{})
	return c, nil
}

// Switch turns the whole cache off or on. While it is off every read calls its loader,
// on its own goroutine. Writes are still noticed, so that what is kept can be served
// again afterwards.
func (c *Cache) Switch(on bool) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = !on
	c.off.Store(c.paused || c.strangers > 0)
}

// BeforeWrite puts up the fence for what is written: until AfterWrite, reads of it call
// their loaders and nothing of it is served. It implements [stmt.Invalidator].
func (c *Cache) BeforeWrite(target string, writes []stmt.Run) {
	if c == nil {
		return
	}
	t, now := c.target(target), c.now()
	for i := range writes {
		t.write(&writes[i], raising, now)
	}
}

// AfterWrite takes the fence down. What was kept is old then, unless the write is known
// to be rolled back. After an unknown outcome the fence stays up: the write may become
// visible at any time until it is known to be over. It implements [stmt.Invalidator].
func (c *Cache) AfterWrite(target string, writes []stmt.Run, outcome stmt.Outcome) {
	if c == nil || outcome == stmt.Unknown {
		return
	}
	to := ending
	if outcome == stmt.Aborted {
		to = lowering
	}
	t, now := c.target(target), c.now()
	for i := range writes {
		t.write(&writes[i], to, now)
		if to == ending && writes[i].Anything {
			c.flushed(&writes[i])
		}
	}
}

// InvalidateTables makes old what is kept for the target database and depends on any of
// the tables. It is for writes that were made elsewhere, after they are visible: those
// made through the library are noticed by themselves. Once it has returned, no read that
// begins later returns a result loaded before. A table that nothing depends on is not an
// error. Old results take up room until they are loaded again or make room.
func (c *Cache) InvalidateTables(target string, tables ...string) {
	if c == nil {
		return
	}
	t := c.known(target)
	if t == nil {
		return // nothing was loaded for it
	}
	known := *t.tables.Load()
	for _, name := range tables {
		if table := known[name]; table != nil {
			table.moveAll()
		}
	}
}

// Clear makes old and drops every result of every view, query and target. Once it has
// returned, no read that begins later returns a result whose load began before Clear.
func (c *Cache) Clear() {
	if c == nil {
		return
	}
	c.mu.Lock() // no target becomes known meanwhile
	defer c.mu.Unlock()
	for _, t := range *c.targets.Load() {
		t.all.moveAll()
	}
	for _, k := range c.views {
		k.empty()
	}
	for _, k := range c.queries {
		k.empty()
	}
}

// Stats adds up the figures of all views and queries. On a nil *Cache they are zero.
func (c *Cache) Stats() (sum Stats) {
	if c == nil {
		return sum
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, k := range c.views {
		sum = sum.plus(k.stats())
	}
	for _, k := range c.queries {
		sum = sum.plus(k.stats())
	}
	return sum
}

// register makes the view known to the cache under its name.
func (c *Cache) register(name string, v keeper) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.views[name]; taken {
		return &ConfigError{Package: "cache", Field: "Name", Problem: fmt.Sprintf("%q is taken by another view of this cache", name)}
	}
	c.views[name] = v
	return nil
}

// now is the time since the cache was made. It reads the monotonic clock alone.
func (c *Cache) now() time.Duration { return time.Since(c.start) }
