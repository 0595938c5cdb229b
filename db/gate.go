package db

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// gate holds back dials while the server is away. After a failure no slot of the
// pool dials for a while, which doubles from 50 ms to 500 ms; the first
// connection that succeeds lets all of them go.
type gate struct {
	mu     sync.Mutex
	fails  int           // guarded by mu; in a row
	until  time.Time     // guarded by mu; no dial before
	cause  error         // guarded by mu; the last failure, if there was no success since
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
func (g *gate) failed(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cause = err
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
	g.fails, g.until, g.cause = 0, time.Time{}, nil
	close(g.opened)
	g.opened = make(chan struct{})
}

// last returns the last failure, or nil when a connection was made since.
func (g *gate) last() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

// dialTracer tells the gate of a dial that failed, also when nobody waits for it
// any more, and the connection of which generation it is: a reset during the dial
// is about it too. It stands in for the pool's tracer until the dial begins.
type dialTracer struct {
	pgx.QueryTracer // the pool's; may be nil
	gate            *gate
	generation      int64
}

// TraceConnectStart puts the pool's tracer back and tells it.
func (t *dialTracer) TraceConnectStart(ctx context.Context, data pgx.TraceConnectStartData) context.Context {
	data.ConnConfig.Tracer = t.QueryTracer
	if inner, ok := t.QueryTracer.(pgx.ConnectTracer); ok {
		return inner.TraceConnectStart(ctx, data)
	}
	return ctx
}

// TraceConnectEnd tells the gate of a failure that may heal, or the connection of
// its generation.
func (t *dialTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	switch {
	case data.Err == nil:
		setInfo(data.Conn, &connInfo{generation: t.generation})
	case heals(data.Err):
		t.gate.failed(data.Err)
	}
	if inner, ok := t.QueryTracer.(pgx.ConnectTracer); ok {
		inner.TraceConnectEnd(ctx, data)
	}
}
