package cache

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// maxFlushes bounds the texts by which flushes are counted.
const maxFlushes = 256

// others stands for the texts beyond maxFlushes.
const others = "(others)"

// flushed counts a write that made everything of its target old.
func (c *Cache) flushed(w *stmt.Run) {
	c.mu.Lock()
	name := w.Name
	if _, known := c.flushes[name]; !known && len(c.flushes) >= maxFlushes {
		name = others
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

// Flushes returns how often each text made everything old, because nothing is known of
// it or it may change anything. Beyond 256 texts they are counted together.
func (c *Cache) Flushes() map[string]uint64 {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return maps.Clone(c.flushes)
}

// watchFence says, once, that a fence has been up for longer than [Config].FenceAlarm. It is called
// by reads that the fence keeps from the cache.
func (c *Cache) watchFence(target string, tables []*tableClocks) {
	for _, t := range tables {
		since := t.since.Load()
		if since == 0 {
			continue
		}
		up := c.now() - time.Duration(since-1)
		if up < c.cfg.FenceAlarm || t.said.Swap(true) {
			continue
		}
		c.cfg.Logger.LogAttrs(context.Background(), slog.LevelError,
			"reads have not been answered from memory for long: a write is under way, or its outcome is unknown",
			slog.String("target", target), slog.String("table", t.name), slog.Duration("for", up))
	}
}
