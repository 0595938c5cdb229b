package cache

import (
	"fmt"
	"sync"
	"time"
)

// Cache is what views have in common: settings, version clocks, and the bound
// on loads. It has no goroutine of its own and needs no closing. All methods
// may be called concurrently, and on a nil *Cache, which is off.
type Cache struct {
	cfg   Config
	start time.Time
	all   clock
	turns chan struct{} // one token for each load that runs

	mu     sync.RWMutex // guards what follows; may be taken under a view's mu, never the other way round
	clocks map[clockName]*clock
	views  map[string]registered
}

// registered is a [View] of any type.
type registered interface {
	Stats() Stats
	empty()
}

// New returns a Cache without views. A bad field of cfg is reported as a
// [*ConfigError]; several are joined.
func New(cfg Config) (*Cache, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Cache{
		cfg:    cfg,
		start:  time.Now(),
		turns:  make(chan struct{}, cfg.MaxLoads),
		clocks: map[clockName]*clock{},
		views:  map[string]registered{},
	}, nil
}

// InvalidateTables invalidates the results that views keep for the target
// database and that depend on any of the tables. Once it has returned, no Get
// that begins later returns a result loaded before. Call it after the write was
// committed, and also when it failed in a way that leaves the outcome open. A
// table that no view depends on is not an error. Invalidated results take up
// room until they are loaded again or make room.
func (c *Cache) InvalidateTables(target string, tables ...string) {
	if c == nil {
		return
	}
	c.mu.RLock()
	watched := make([]*clock, 0, len(tables))
	for _, table := range tables {
		// No clock: no load that depends on the table has begun.
		if t := c.clocks[clockName{target, table}]; t != nil {
			watched = append(watched, t)
		}
	}
	c.mu.RUnlock()
	for _, t := range watched {
		t.n.Add(1)
	}
}

// Clear invalidates and drops every result of every view and target. Once it
// has returned, no Get that begins later returns a result loaded before.
func (c *Cache) Clear() {
	if c == nil {
		return
	}
	c.all.n.Add(1)
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, v := range c.views {
		v.empty()
	}
}

// Stats adds up the figures of all views. On a nil *Cache they are zero; views
// that are off count for themselves.
func (c *Cache) Stats() (sum Stats) {
	if c == nil {
		return sum
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, v := range c.views {
		sum = sum.plus(v.Stats())
	}
	return sum
}

// register makes the view known to the cache under its name.
func (c *Cache) register(name string, v registered) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, taken := c.views[name]; taken {
		return &ConfigError{Package: "cache", Field: "Name", Problem: fmt.Sprintf("%q is taken by another view of this cache", name)}
	}
	c.views[name] = v
	return nil
}

// tableClocks returns the clocks of the tables, and makes those that are new.
func (c *Cache) tableClocks(target string, tables []string) []*clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	watched := make([]*clock, len(tables))
	for i, table := range tables {
		name := clockName{target, table}
		if c.clocks[name] == nil {
			c.clocks[name] = new(clock)
		}
		watched[i] = c.clocks[name]
	}
	return watched
}

// now is the time since the cache was made. It reads the monotonic clock alone.
func (c *Cache) now() time.Duration { return time.Since(c.start) }
