package txn

import (
	"context"
	"fmt"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Do runs fn in a transaction and returns the result of the attempt that was committed.
// It retries fn in a new one as the package documentation says. On any error the result
// is T's zero value.
//
// An error of fn is returned as it is, after a rollback, unless an earlier error
// explains it (see [ErrSwallowed]). The others are [CommitUnknownError],
// [ErrAlreadyCommitted], [ExhaustedError], [ConfigError], [MisuseError],
// [ErrSwallowed], [ErrOpenRows], [ErrOpenSavepoint], the server's error at COMMIT, and
// the error of BeginTx. errors.As or errors.Is finds each.
//
// When ctx ends before COMMIT is sent, nothing is committed and the error is
// ctx's. Once COMMIT is sent ctx has no influence.
//
// The context given to fn is ctx with a mark by which a nested Do is found. It
// and the [Tx] must not be used after fn returned.
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

var errNilFunc = &ConfigError{Package: "txn", Field: "fn", Problem: "is nil"}

// A Do goes this way, in this file and attempt.go:
//
//	admit → begin → run → verdict → commit → resolve → next (→ wait → admit …)
//
// A transaction is what Do was asked for. Each try at it is an attempt.

func (r *Runner) run(ctx context.Context, op *Op, fn func(context.Context, *Tx) error) error {
	if r == nil {
		return &ConfigError{Package: "txn", Field: "Runner", Problem: "is nil"}
	}
	if err := op.validate(); err != nil {
		return err
	}
	target, err := r.source.Unit(ctx)
	if err != nil {
		return &unit.BeginError{Op: op.Name, Err: err}
	}
	if outer := outerTx(ctx, target); outer != nil {
		return outer.runNested(ctx, op, fn)
	}
	t := transaction{runner: r, op: op, fn: fn, target: target, watch: watch{to: r.cfg.Observer, op: op}}
	return t.run(ctx)
}

// transaction is one Do: attempts, until one is the last.
type transaction struct {
	runner *Runner
	op     *Op
	fn     func(context.Context, *Tx) error
	target *unit.Target
	watch  watch
	pass   pass
	retries

	latest  *attempt // the latest that began a transaction: its hooks are called
	tokens  []int64  // that attempts left with the key
	outcome stmt.Outcome
	err     error // what Do returns
}

// run makes attempts until one is the last.
func (t *transaction) run(ctx context.Context) error {
	t.runner.askLost(ctx, t.target)
	ctx = t.watch.start(ctx)
	t.pass = t.runner.pass(ctx, t.op)
	t.err = ErrNotReturned // until there is another result
	defer t.finish(ctx)
	for n := 1; ; n++ {
		if t.err = t.admit(ctx); t.err != nil {
			return t.err
		}
		t.err = ErrNotReturned
		a := t.try(ctx, n)
		if a.outcome == stmt.Unknown {
			t.runner.awaitLost(ctx, t.target)
		}
		retry, delay, err := t.next(ctx, a)
		t.watch.attempted(a.outcome, a.err, a.cause, retry, delay, a.resolved)
		if !retry {
			t.outcome, t.err = a.outcome, err
			return err
		}
		if t.err = t.wait(ctx, delay); t.err != nil {
			return t.err
		}
	}
}

// finish reports the end, also when the function, a tracer or an Observer panicked or
// ended the goroutine.
func (t *transaction) finish(ctx context.Context) {
	if t.err == ErrNotReturned && t.latest != nil {
		t.outcome = t.latest.outcome
	}
	t.pass.leave()
	t.watch.attempted(t.outcome, t.err, t.err, false, 0, 0)
	t.watch.end(t.outcome, t.err)
	if t.latest != nil {
		t.latest.runHooks(ctx, t.outcome, t.err)
	}
}

// admit waits until an attempt may begin.
func (t *transaction) admit(ctx context.Context) error {
	waited, err := t.pass.enter(ctx)
	t.watch.waited(waited)
	if err != nil {
		return t.interrupted(err)
	}
	return nil
}

// wait waits before a retry. Other operations may be admitted meanwhile.
func (t *transaction) wait(ctx context.Context, delay time.Duration) error {
	if delay == 0 {
		return nil
	}
	t.pass.leave()
	if err := backoff.Wait(ctx, delay); err != nil {
		return t.interrupted(err)
	}
	return nil
}

// try makes one attempt, and finds out how it ended if the answer to its COMMIT was
// lost and op asks for that.
func (t *transaction) try(ctx context.Context, n int) *attempt {
	ctx = t.watch.attempt(ctx, n)
	a := newAttempt(ctx, t)
	defer a.writes.Lose()
	a.run(ctx)
	switch {
	case a.stage < running && t.runner.markers.refused(t.op, a.cause):
		t.resolveRefused(ctx, a)
	case a.stage == sent && a.outcome == stmt.Unknown && t.op.Commit != ReturnUnknown:
		t.pass.leave() // it may take long
		t.resolve(ctx, a)
	}
	if a.outcome != stmt.Committed {
		return a
	}
	if !t.op.ReadOnly { // what only reads is in conflict with nothing
		t.runner.commits.add(t.target.Name)
	}
	t.pass.committed() // before its place is given up
	if t.op.Commit == Idempotent {
		t.pass.leave()
		t.runner.prune(ctx, t.target)
	}
	return a
}

// next decides what follows an attempt, and what Do returns if it was the last.
func (t *transaction) next(ctx context.Context, a *attempt) (retry bool, delay time.Duration, err error) {
	r := t.runner
	if a.outcome == stmt.Committed {
		r.budget.succeeded(t.budgetKey(), t.tolls)
		return false, 0, nil
	}
	cost, retry := t.retry(a)
	if !retry {
		if a.stage >= running && !isConflict(a.cause) && ctx.Err() == nil {
			t.pass.ended()
		}
		return false, 0, a.err
	}
	atOnce := isConflict(a.cause) && t.pass.collided() || pgerr.RemedyFor(a.cause) == pgerr.RetryPrepared
	t.causes = append(t.causes, a.err)
	switch {
	case len(t.causes) >= t.limit() && !t.exceedsLimit(a):
		return false, 0, &ExhaustedError{Op: t.op.Name, Causes: t.causes}
	case ctx.Err() != nil:
		return false, 0, t.interrupted(ctx.Err())
	}
	if !atOnce {
		delay = r.backoff.Delay(t.waits)
		t.waits++
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
			return false, 0, t.interrupted(context.DeadlineExceeded)
		}
	}
	if !r.budget.spend(t.budgetKey(), cost) {
		return false, 0, t.interrupted(ErrRetryBudget)
	}
	if isConflict(a.cause) {
		t.tolls += cost
	}
	r.cfg.Logger.DebugContext(ctx, "transaction is retried",
		"op", t.op.Name, "attempt", len(t.causes), "delay", delay, "cause", a.err)
	return true, delay, nil
}

// interrupted is what Do returns when there will be no other attempt.
func (t *transaction) interrupted(why error) error {
	if len(t.causes) == 0 {
		return fmt.Errorf("txn: %s: wait to be admitted: %w", t.op.Name, why)
	}
	return &ExhaustedError{Op: t.op.Name, Causes: t.causes, Interrupted: why}
}
