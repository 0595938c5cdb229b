package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Do runs fn in a transaction, and again in a new one as the package
// documentation says, and returns the result of the attempt that was committed.
// On any error the result is T's zero value.
//
// An error of fn is returned as it is, after a rollback, unless an earlier one
// explains it (see [ErrSwallowed]). The others are [CommitUnknownError],
// [AlreadyCommittedError], [ExhaustedError], [NestedError], [ConfigError],
// [MisuseError], [SettingError], [PoolerError], [ErrSwallowed], [ErrOpenRows],
// [ErrOpenSavepoint], [ErrEndedByHand], the server's error at COMMIT, and the error of BeginTx; each is
// found by errors.As or errors.Is.
//
// When ctx ends before COMMIT is sent, nothing is committed and the error is
// ctx's. Once COMMIT is sent ctx has no influence.
//
// The context given to fn is ctx with a mark by which a nested Do is found; it
// and the [Tx] are of no use after fn returned.
func Do[T any](ctx context.Context, r *Runner, op Op, fn func(context.Context, *Tx) (T, error)) (T, error) {
	var result, zero T
	if fn == nil {
		return zero, errNilFunc
	}
	err := r.run(ctx, &op, func(ctx context.Context, tx *Tx) error {
		var err error
		result, err = fn(ctx, tx)
		return err
	})
	if err != nil {
		return zero, err
	}
	return result, err
}

// Run is [Do] for work without a result.
func Run(ctx context.Context, r *Runner, op Op, fn func(context.Context, *Tx) error) error {
	if fn == nil {
		return errNilFunc
	}
	return r.run(ctx, &op, fn)
}

var errNilFunc = &ConfigError{Field: "fn", Problem: "is nil"}

func (r *Runner) run(ctx context.Context, op *Op, fn func(context.Context, *Tx) error) error {
	if r == nil {
		return &ConfigError{Field: "Runner", Problem: "is nil"}
	}
	if err := op.validate(); err != nil {
		return err
	}
	if outer := r.outer(ctx); outer != nil {
		return r.nested(ctx, outer, op, fn)
	}
	u := work{runner: r, op: op, fn: fn, watch: watch{to: r.cfg.Observer, op: op}}
	return u.run(ctx)
}

// work is one unit: all attempts of one Do.
type work struct {
	runner *Runner
	op     *Op
	fn     func(context.Context, *Tx) error
	watch  watch
	pass   pass
	causes []error // of the attempts that are or would be repeated
	races  int     // how many of them were of RetryOn
	waits  int     // how many of them were followed by a wait
	tolls  int     // tokens that conflicts took
	stale  []stalePlan
	lost   int     // conflicts
	behind uint64  // units of its name that were committed before its first conflict
	tokens []int64 // that attempts left with the key
	last   *Tx     // the latest attempt's
}

// run makes attempts until one is the last, and tells everybody.
func (u *work) run(ctx context.Context) (err error) {
	ctx = u.watch.start(ctx)
	u.pass = u.runner.pass(ctx, u.op)
	outcome, returned := stmt.Aborted, false
	defer func() {
		if !returned {
			err = ErrNotReturned
		}
		if !returned && u.last != nil && (u.last.sent || u.last.byHand != nil) { // a tracer panicked, or the function
			outcome = stmt.Unknown
		}
		u.pass.leave()
		u.lower(ctx, outcome)
		u.watch.attempted(end{outcome: outcome, err: err, cause: err}, false, 0)
		u.watch.end(outcome, err)
		if u.last != nil {
			u.last.runHooks(ctx, outcome, err)
		}
	}()
	outcome, err = u.attempts(ctx)
	returned = true
	return err
}

// attempts makes attempts until one is the last.
func (u *work) attempts(ctx context.Context) (stmt.Outcome, error) {
	for n := 1; ; n++ {
		waited, err := u.pass.enter(ctx)
		u.watch.waited(waited)
		if err != nil {
			return stmt.Aborted, u.interrupted(err)
		}
		e := u.attempt(u.watch.attempt(ctx, n))
		again, delay, err := u.next(ctx, e)
		u.watch.attempted(e, again, delay)
		if !again {
			return e.outcome, err
		}
		if delay > 0 {
			u.pass.leave() // somebody else may go on meanwhile
			if err := backoff.Wait(ctx, delay); err != nil {
				return stmt.Aborted, u.interrupted(err)
			}
		}
	}
}

// next decides what follows an attempt, and what Do returns if it was the last.
func (u *work) next(ctx context.Context, e end) (again bool, delay time.Duration, err error) {
	r := u.runner
	if e.outcome == stmt.Committed {
		r.budget.succeeded(u.budgetKey(), u.tolls)
		return false, 0, nil
	}
	cost, again := u.retry(e)
	if !again {
		if e.tx != nil && !isConflict(e.cause) && ctx.Err() == nil {
			u.pass.ended()
		}
		return false, 0, e.err
	}
	atOnce := isConflict(e.cause) && u.pass.collided() || pgerr.RemedyFor(e.cause) == pgerr.RunAgainPrepared
	u.causes = append(u.causes, e.err)
	switch {
	case len(u.causes) >= u.limit() && !u.goesOn(e):
		return false, 0, &ExhaustedError{Op: u.op.Name, Causes: u.causes}
	case ctx.Err() != nil:
		return false, 0, u.interrupted(ctx.Err())
	}
	if !atOnce {
		delay = r.delay(u.waits)
		u.waits++
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
			return false, 0, u.interrupted(context.DeadlineExceeded)
		}
	}
	if !r.budget.spend(u.budgetKey(), cost) {
		return false, 0, u.interrupted(ErrRetryBudget)
	}
	if isConflict(e.cause) {
		u.tolls += cost
	}
	r.cfg.Logger.DebugContext(ctx, "transaction is tried again",
		"op", u.op.Name, "attempt", len(u.causes), "delay", delay, "cause", e.err)
	return true, delay, nil
}

// interrupted is what Do returns when there will be no other attempt.
func (u *work) interrupted(why error) error {
	if len(u.causes) == 0 {
		return fmt.Errorf("txn: %s: wait to be admitted: %w", u.op.Name, why)
	}
	return &ExhaustedError{Op: u.op.Name, Causes: u.causes, Interrupted: why}
}

// attempt makes one attempt. When the answer to its COMMIT was lost it finds out
// what became of it, if it was asked to.
func (u *work) attempt(ctx context.Context) end {
	if u.last != nil {
		u.last.sent = false // it is known to be rolled back
	}
	e := u.locked(ctx)
	if e.tx == nil && u.runner.markers.refused(u.op, e.cause) {
		e = u.duplicate(ctx, e)
	}
	if e.outcome == stmt.Unknown && e.tx.sent && u.op.Commit != ReturnUnknown {
		u.pass.leave() // it may take long
		e = u.resolve(ctx, e)
	}
	if e.tx != nil {
		u.last = e.tx
		u.lower(ctx, e.outcome)
	}
	if e.outcome == stmt.Committed {
		if !u.op.ReadOnly { // no conflict is with one that only read
			u.runner.commits.add(u.pass.key.target)
		}
		u.pass.committed() // before its place is given up
	}
	if e.outcome == stmt.Committed && u.op.Commit == Idempotent {
		u.pass.leave()
		u.runner.prune(ctx)
	}
	return e
}

// lower tells what was raised before COMMIT of the outcome, once.
func (u *work) lower(ctx context.Context, outcome stmt.Outcome) {
	if u.last == nil || u.last.lower == nil {
		return
	}
	lower := u.last.lower
	u.last.lower = nil
	defer func() {
		if p := recover(); p != nil {
			u.runner.cfg.Logger.WarnContext(ctx, "a fence panicked", "op", u.op.Name, "panic", fmt.Sprint(p))
		}
	}()
	lower(outcome)
}

// duplicate tells whose marker it was that BEGIN met.
func (u *work) duplicate(ctx context.Context, e end) end {
	outcome, err := u.runner.byMarker(ctx, u.op, time.Now(), u.tokens)
	switch {
	case errors.Is(err, errForeignMarker):
		e.err = &AlreadyCommittedError{Op: u.op.Name, Key: u.op.Key}
	case err != nil:
		e.err = fmt.Errorf("txn: %s: look for the marker of key %q: %w", u.op.Name, u.op.Key, err)
	case outcome == stmt.Committed:
		return end{outcome: stmt.Committed}
	default: // it was deleted meanwhile, or its transaction was rolled back
		e.err = Retryable(e.err)
	}
	e.cause = e.err
	return e
}
