package db

import (
	"context"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// lostPause is how long the monitor waits before it asks again for the sessions that
// got writes of unknown outcome.
var lostPause = backoff.Policy{Base: 5 * time.Millisecond, Max: time.Second}

// lostWatch is when the monitor asks for them.
type lostWatch struct {
	timer *time.Timer
	tries int
}

// again asks while there are any, and sets the timer for the next time.
func (w *lostWatch) again(ctx context.Context, m *monitor) {
	lost := m.d.listener.Lost
	if !lost.Any() {
		return
	}
	m.askLost(ctx)
	if lost.Any() {
		w.timer.Reset(lostPause.Ceiling(w.tries))
		w.tries++
	}
}

// askLost asks which of the sessions are gone, whose writes have ended then.
func (m *monitor) askLost(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, m.d.cfg.HealthTimeout)
	defer cancel()
	if m.conn == nil && m.dial(ctx) != nil {
		return // the probes say so
	}
	if err := m.d.listener.Lost.Ask(ctx, m.conn); err != nil {
		m.note(err)
		m.hangUp()
	}
}
