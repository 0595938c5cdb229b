package cache

import (
	"context"
	"log/slog"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// maxFlushes bounds the texts by which flushes are counted.
const maxFlushes = 256

// otherTexts stands for the texts beyond maxFlushes.
const otherTexts = "(others)"

// flushed counts a write that made everything of its target old.
func (c *Cache) flushed(w *stmt.Run) {
	c.mu.Lock()
	name := w.Name
	if _, known := c.flushes[name]; !known && len(c.flushes) >= maxFlushes {
		name = otherTexts
	}
	c.flushes[name]++
	first := c.flushes[name] == 1
	c.mu.Unlock()
	if first {
		c.cfg.Logger.LogAttrs(context.Background(), slog.LevelWarn,
			"a write of which nothing is known makes every cached result old; declare what it does",
			slog.String("statement", name))
	}
}

// watchFence says, once, that a fence has been up for longer than [Config].FenceAlarm. It
// is called by reads that the fence keeps from the cache.
func (c *Cache) watchFence(n needs) {
	for _, s := range n.scopes {
		if up := s.table.overdue(s, c.now(), c.cfg.FenceAlarm); up > 0 {
			c.cfg.Logger.LogAttrs(context.Background(), slog.LevelError,
				"reads have not been answered from memory for long: a write is under way, or its outcome is unknown",
				slog.String("target", n.target.name), slog.String("table", s.table.name), slog.Duration("for", up))
		}
	}
}

// overdue returns for how long writes that touch the scope have been under way, when that is
// at least limit and was not returned before.
func (t *tableClocks) overdue(c *scopeClocks, now, limit time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.writers {
		if w.underway > 0 && !w.said && now-w.since >= limit && w.touch(c.scope) {
			w.said = true
			return now - w.since
		}
	}
	return 0
}
