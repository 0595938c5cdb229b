package cache

import "maps"

// Report is what a Cache did since it was made, for dashboards.
type Report struct {
	// Statements are the figures by the name of the statement or view. Those of one name
	// are added up.
	Statements map[string]Stats
	// Needless counts by table, of all targets, the results that were read from it, were
	// made old by a write, and turned out to be the same when they were loaded again. A
	// result that was read from several tables counts for each.
	Needless map[string]uint64
	// Flushes counts by text the writes that made everything of a target old, because
	// nothing is known of them or they may change anything. Beyond 256 texts they are
	// counted together, as "(others)".
	Flushes map[string]uint64
}

// Report returns the figures as they are now. On a nil *Cache they are empty.
func (c *Cache) Report() Report {
	r := Report{Statements: map[string]Stats{}, Needless: map[string]uint64{}, Flushes: map[string]uint64{}}
	if c == nil {
		return r
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for name, k := range c.views {
		r.Statements[name] = r.Statements[name].plus(k.stats())
	}
	for _, k := range c.queries {
		r.Statements[k.called()] = r.Statements[k.called()].plus(k.stats())
	}
	for _, t := range *c.targets.Load() {
		for name, table := range *t.tables.Load() {
			if n := table.needless.Load(); n > 0 {
				r.Needless[name] += n
			}
		}
	}
	maps.Copy(r.Flushes, c.flushes)
	return r
}
