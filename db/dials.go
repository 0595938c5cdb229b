package db

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// dialBackoff holds back dials while the server is away. After a failure no slot of the
// pool dials for a while, which doubles from 50 ms to 500 ms; the first
// connection that succeeds lets all of them go.
type dialBackoff struct {
	mu      sync.Mutex
	fails   int           // guarded by mu; in a row
	until   time.Time     // guarded by mu; no dial before
	cause   error         // guarded by mu; the last failure, if there was no success since
	refused bool          // guarded by mu; one of the failures since the last success was a refusal
	opened  chan struct{} // guarded by mu; closed at the next success
}

var dialPause = backoff.Policy{Base: 50 * time.Millisecond, Max: 500 * time.Millisecond}

func newDialBackoff() *dialBackoff { return &dialBackoff{opened: make(chan struct{})} }

// wait returns when a dial may be made, or with ctx's error.
func (b *dialBackoff) wait(ctx context.Context) error {
	b.mu.Lock()
	pause, opened := time.Until(b.until), b.opened
	b.mu.Unlock()
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

// failed notes that no connection could be made, and says whether this was the
// first refusal since the last success. Slots that dialled together fail together:
// only the first of them counts.
func (b *dialBackoff) failed(err error, refused bool) (first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cause = err
	first, b.refused = refused && !b.refused, b.refused || refused
	if now := time.Now(); !now.Before(b.until) {
		b.until = now.Add(dialPause.Ceiling(b.fails))
		b.fails++
	}
	return first
}

// succeeded notes that a connection was made.
func (b *dialBackoff) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails == 0 {
		return
	}
	b.fails, b.until, b.cause, b.refused = 0, time.Time{}, nil, false
	close(b.opened)
	b.opened = make(chan struct{})
}

// last returns the last failure, or nil when a connection was made since.
func (b *dialBackoff) last() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cause
}

// dialFailed notes that a dial failed. The first refusal since a connection was made
// empties the pool: what it still has is of a server that is going or gone.
func (d *DB) dialFailed(err error, generation int64) {
	refused := serverGone(pgerr.Code(err), err)
	if d.dials.failed(err, refused) {
		d.reset(&connInfo{generation: generation}, "a dial was refused")
	}
}

// dialTracer notifies the pool of a dial that failed, also when no caller waits for it
// any more. It tells the connection its generation: a reset during the dial is about it
// too. It stands in for the pool's tracer until the dial begins.
type dialTracer struct {
	pgx.QueryTracer // the pool's; may be nil
	d               *DB
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

// TraceConnectEnd tells the pool of a failure that may heal, or the connection of
// its generation.
func (t *dialTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	switch {
	case data.Err == nil:
		setInfo(data.Conn, &connInfo{generation: t.generation})
	case heals(data.Err):
		t.d.dialFailed(data.Err, t.generation)
	}
	if inner, ok := t.QueryTracer.(pgx.ConnectTracer); ok {
		inner.TraceConnectEnd(ctx, data)
	}
}
