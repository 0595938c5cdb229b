package txn

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// Writes whose outcome is unknown may become visible while their session is there. When
// it is gone, the Invalidator is notified that they ended. Package db watches for that.
// Over other Beginners a Runner has no goroutine: transactions ask.

// lostBound bounds what a transaction waits for that.
const lostBound = 100 * time.Millisecond

// askLost asks which sessions are gone that got writes of unknown outcome.
func (r *Runner) askLost(ctx context.Context, target *unit.Target) {
	if target.Listener == nil || !target.Listener.Lost.Due() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lostBound)
	defer cancel()
	r.askOnce(ctx, target)
}

// awaitLost is askLost for a transaction that has just lost its writes: their session
// may be about to end.
func (r *Runner) awaitLost(ctx context.Context, target *unit.Target) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lostBound)
	defer cancel()
	pause := backoff.Policy{Base: 2 * time.Millisecond, Max: 20 * time.Millisecond}
	for n := 0; target.Listener != nil && target.Listener.Lost.Unwatched(); n++ {
		r.askOnce(ctx, target)
		if backoff.Wait(ctx, pause.Delay(n)) != nil {
			return
		}
	}
}

// askOnce asks on a connection that is not in use. A failure leaves all as it is.
func (r *Runner) askOnce(ctx context.Context, target *unit.Target) {
	_ = r.inReadTx(ctx, target, func(tx pgx.Tx) error {
		if conn := tx.Conn(); conn != nil {
			return target.Listener.Lost.Ask(ctx, conn)
		}
		return nil
	})
}
