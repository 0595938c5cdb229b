package txn

import (
	"context"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

// Do runs fn in a transaction, and again in a new one as the package
// documentation says, and returns the result of the attempt that was committed.
// On any error the result is T's zero value.
//
// An error of fn is returned as it is, after a rollback, unless an earlier one
// explains it (see [ErrSwallowed]). The others are [CommitUnknownError],
// [ExhaustedError], [NestedError], [InvalidError], [ErrSwallowed],
// [ErrOpenRows], [ErrEndedByHand], the server's error at COMMIT, and the error
// of BeginTx; each is found by errors.As or errors.Is.
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
	if err != nil && !r.is(leaksResults) {
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

var errNilFunc = &InvalidError{Field: "fn", Problem: "is nil"}

// unitKey finds, in a context, the transaction of r that the context belongs to.
type unitKey struct{ r *Runner }

func (r *Runner) run(ctx context.Context, op *Op, fn func(context.Context, *Tx) error) error {
	if r == nil {
		return &InvalidError{Field: "Runner", Problem: "is nil"}
	}
	if err := op.validate(); err != nil {
		return err
	}
	if outer, ok := ctx.Value(unitKey{r}).(*Tx); ok && !outer.ended.Load() {
		return &NestedError{Outer: outer.op, Inner: op.Name}
	}
	limit := op.MaxAttempts
	if limit == 0 {
		limit = r.cfg.MaxAttempts
	}
	var causes []error
	for {
		err := r.attempt(ctx, op, len(causes)+1, fn)
		if !r.retries(err) {
			return err
		}
		causes = append(causes, err)
		if len(causes) >= limit {
			return &ExhaustedError{Op: op.Name, Causes: causes}
		}
		delay := r.delay(len(causes) - 1)
		r.cfg.Logger.DebugContext(ctx, "transaction is tried again",
			"op", op.Name, "attempt", len(causes), "delay", delay, "cause", err)
		if err := backoff.Wait(ctx, delay); err != nil {
			return &ExhaustedError{Op: op.Name, Causes: causes, Interrupted: err}
		}
	}
}
