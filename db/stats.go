package db

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Stats is how the pool is and what it did since Open.
type Stats struct {
	Max          int `json:"max"`
	Total        int `json:"total"`        // connections, with those being opened or closed
	Idle         int `json:"idle"`         // ready for use
	InUse        int `json:"in_use"`       // checked out
	Constructing int `json:"constructing"` // being opened
	Waiting      int `json:"waiting"`      // callers that want one, those included that will share one

	Acquires        int64    `json:"acquires"`         // that succeeded, each read that shares one included
	AcquireTimeouts int64    `json:"acquire_timeouts"` // after AcquireTimeout, or at the caller's own deadline
	AcquireWait     struct { // of the last 1024 acquires: the 50th, 95th and 99th percentiles
		P50 time.Duration `json:"p50_ns"`
		P95 time.Duration `json:"p95_ns"`
		P99 time.Duration `json:"p99_ns"`
	} `json:"acquire_wait"`

	NewConns     int64            `json:"new_conns"`
	Closed       map[string]int64 `json:"closed"`        // connections closed, by reason
	Resets       int64            `json:"resets"`        // of the whole pool
	PingTimeouts int64            `json:"ping_timeouts"` // pings before a check-out that got no answer
	Replays      int64            `json:"replays"`       // statements that were run once more

	SharedReads   int64 `json:"shared_reads"`   // answered in batches of two or more, by a row, by none or by an error: see Config.ShareReads
	SharedBatches int64 `json:"shared_batches"` // of these reads, each on one connection
}

// stats returns the figures of this moment. They are read one after the other,
// so under load they may be off by a few from each other.
func (d *DB) stats() Stats {
	s := d.counts.read()
	pool := d.pool.Stat()
	s.Max = d.cfg.MaxConns
	s.Total, s.Idle, s.Constructing = int(pool.TotalConns()), int(pool.IdleConns())+d.parked.count(), int(pool.ConstructingConns())
	s.InUse, s.Waiting = d.ledger.count(), d.waiters()
	s.SharedReads, s.SharedBatches = d.shares.reads.Load(), d.shares.batches.Load()
	s.Acquires, s.AcquireWait = d.waits.count(), d.waits.quantiles()
	return s
}

// counts are the pool's running totals.
type counts struct {
	acquireTimeouts, opened, resets, pingTimeouts, replays atomic.Int64

	mu     sync.Mutex
	closed map[string]int64 // guarded by mu
}

func (c *counts) closedFor(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed[why]++
}

func (c *counts) read() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		AcquireTimeouts: c.acquireTimeouts.Load(), NewConns: c.opened.Load(), Closed: maps.Clone(c.closed),
		Resets: c.resets.Load(), PingTimeouts: c.pingTimeouts.Load(), Replays: c.replays.Load(),
	}
}
