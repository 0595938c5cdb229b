package txn

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// attempt runs fn once, in a transaction of its own that has ended when attempt
// is left, in whatever way.
func (r *Runner) attempt(ctx context.Context, op *Op, n int, fn func(context.Context, *Tx) error) (err error) {
	begun, err := r.db.BeginTx(ctx, op.options())
	if err != nil {
		return &beginError{op: op.Name, err: err}
	}
	tx := &Tx{pgx: begun, runner: r, op: op.Name, attempt: n}
	returned := false
	defer func() {
		// Not by recover: runtime.Goexit is nothing to recover, and a panic is
		// to go on as it was.
		if !returned {
			r.abandon(ctx, tx)
		}
	}()
	err = fn(context.WithValue(ctx, unitKey{r}, tx), tx)
	returned = true
	if err = tx.verdict(ctx, err); err != nil {
		r.rollback(ctx, tx)
		return err
	}
	return r.commit(ctx, tx)
}

// abandon ends a transaction whose function did not return.
func (r *Runner) abandon(ctx context.Context, tx *Tx) {
	if r.is(commitsUnreturned) {
		_ = r.commit(ctx, tx)
		return
	}
	r.rollback(ctx, tx)
}

// verdict returns why the attempt may not be committed, given what its function
// returned, or nil.
func (tx *Tx) verdict(ctx context.Context, err error) error {
	switch {
	case isFinal(err):
		return err
	case isConflict(tx.doomed):
		return tx.doomed
	case err != nil && (tx.fault == nil || pgerr.Code(err) != codeFailedTx):
		return err
	case err != nil:
		return tx.swallowed(tx.fault)
	case ctx.Err() != nil:
		return fmt.Errorf("txn: %s: not committed: %w", tx.op, ctx.Err())
	case tx.doomed != nil:
		return tx.swallowed(tx.doomed)
	}
	switch tx.state() {
	case stateFailed:
		return tx.swallowed(tx.fault)
	case stateBusy:
		return fmt.Errorf("txn: %s: %w", tx.op, ErrOpenRows)
	case stateNone:
		return fmt.Errorf("txn: %s: %w", tx.op, ErrEndedByHand)
	}
	return nil
}

func (tx *Tx) swallowed(first error) error {
	if first == nil {
		return fmt.Errorf("txn: %s: %w", tx.op, ErrSwallowed)
	}
	return fmt.Errorf("txn: %s: %w: %w", tx.op, ErrSwallowed, first)
}

// rollback ends the transaction and gives its connection back. On ctx itself,
// which may have ended, it would cost the connection.
func (r *Runner) rollback(ctx context.Context, tx *Tx) {
	dead := tx.closed()
	tx.ended.Store(true)
	if !r.is(rollsBackOnCtx) {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.RollbackTimeout)
		defer cancel()
		ctx = detached
	}
	// Without its connection the server has rolled back by itself; the call
	// only gives the connection back.
	if err := tx.pgx.Rollback(ctx); err != nil && !dead {
		r.cfg.Logger.WarnContext(ctx, "rollback failed, the connection is closed", "op", tx.op, "error", err)
	}
}
