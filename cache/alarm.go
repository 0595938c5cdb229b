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
	c.watchTable(n.target, n.target.all)
	for _, t := range n.tables {
		c.watchTable(n.target, t)
	}
}

func (c *Cache) watchTable(target *targetClocks, t *tableClocks) {
	since := t.since.Load()
	if since == 0 {
		return
	}
	up := c.now() - time.Duration(since-1)
	if up < c.cfg.FenceAlarm || t.said.Swap(true) {
		return
	}
	c.cfg.Logger.LogAttrs(context.Background(), slog.LevelError,
		"reads have not been answered from memory for long: a write is under way, or its outcome is unknown",
		slog.String("target", target.name), slog.String("table", t.name), slog.Duration("for", up))
}
