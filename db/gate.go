package db

import (
	"context"
	"sync"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// gate holds back dials while the server is away. After a failure no slot of the
// pool dials for a while, which doubles from 50 ms to 500 ms; the first
// connection that succeeds lets all of them go.
type gate struct {
	mu     sync.Mutex
	fails  int           // guarded by mu; in a row
	until  time.Time     // guarded by mu; no dial before
	opened chan struct{} // guarded by mu; closed at the next success
}

var dialPause = backoff.Policy{Base: 50 * time.Millisecond, Max: 500 * time.Millisecond}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// wait returns when a dial may be made, or with ctx's error.
func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	pause, opened := time.Until(g.until), g.opened
	g.mu.Unlock()
	if pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed notes that no connection could be made. Slots that dialled together
// fail together: only the first of them counts.
func (g *gate) failed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); !now.Before(g.until) {
		g.until = now.Add(dialPause.Ceiling(g.fails))
		g.fails++
	}
}

// succeeded notes that a connection was made.
func (g *gate) succeeded() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fails == 0 {
		return
	}
	g.fails, g.until = 0, time.Time{}
	close(g.opened)
	g.opened = make(chan struct{})
}
