package txn

import (
	"context"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// Observer is notified of transactions and their attempts, for traces and metrics. Its
// methods are called on the goroutine of [Do], one after another, and may be called for
// many transactions at the same time. They should be quick and must not panic. A Do
// that joins an outer one, or is a savepoint of it, is part of that.
//
// Module github.com/sqlkeel/sqlkeel/otel has one for OpenTelemetry.
type Observer interface {
	// TransactionStart is called before anything is done. The context it returns is
	// used for all that follows, the function and the hooks included.
	TransactionStart(ctx context.Context, op Op) context.Context
	// AttemptStart is called before each attempt, when it has been admitted, with
	// the transaction's context. The context it returns is the attempt's.
	AttemptStart(ctx context.Context, op Op, attempt int) context.Context
	// AttemptEnd is called once for each AttemptStart, with the attempt's context,
	// also when the function panics or ends its goroutine.
	AttemptEnd(ctx context.Context, op Op, end AttemptEnd)
	// TransactionEnd is called once for each TransactionStart, with the transaction's
	// context, before the user's hooks.
	TransactionEnd(ctx context.Context, op Op, end TransactionEnd)
}

// AttemptEnd is how an attempt ended.
type AttemptEnd struct {
	Attempt  int // from 1
	Outcome  stmt.Outcome
	Err      error         // why it was not committed, or nil
	Cause    error         // the first error of the attempt, which decided what came next; nil when committed
	Retry    bool          // another attempt follows, unless ctx ends before it
	Backoff  time.Duration // before it
	Duration time.Duration // from the admission to the outcome
	GateWait time.Duration // for the admission
	Resolve  time.Duration // the part of Duration in which the outcome of a lost COMMIT was found out
}

// TransactionEnd is how a transaction ended, after all its attempts.
type TransactionEnd struct {
	Attempts int
	Outcome  stmt.Outcome
	Err      error // what Do returns, or nil
	Duration time.Duration
	GateWait time.Duration // of all attempts together
}

// watch notifies an Observer of one transaction. Without one it does nothing and reads
// no clock.
type watch struct {
	to    Observer
	op    *Op
	unit  context.Context
	ctx   context.Context // the attempt's
	began time.Time
	tried time.Time
	gate  time.Duration // of this attempt
	gates time.Duration
	open  bool // an attempt is under way
	n     int
}

func (w *watch) start(ctx context.Context) context.Context {
	if w.to == nil {
		return ctx
	}
	w.began = time.Now()
	w.unit = w.to.TransactionStart(ctx, *w.op)
	return w.unit
}

func (w *watch) attempt(ctx context.Context, n int) context.Context {
	w.n = n
	if w.to == nil {
		return ctx
	}
	w.tried = time.Now()
	w.ctx = w.to.AttemptStart(ctx, *w.op, n)
	w.open = true // a start that panics has no end
	return w.ctx
}

func (w *watch) waited(d time.Duration) {
	w.gate = d
	w.gates += d
}

func (w *watch) attempted(outcome stmt.Outcome, err, cause error, retry bool, delay, resolved time.Duration) {
	if w.to == nil || !w.open {
		return
	}
	w.open = false
	w.to.AttemptEnd(w.ctx, *w.op, AttemptEnd{
		Attempt: w.n, Outcome: outcome, Err: err, Cause: cause, Retry: retry, Backoff: delay,
		Duration: time.Since(w.tried), GateWait: w.gate, Resolve: resolved,
	})
	w.gate = 0
}

func (w *watch) end(outcome stmt.Outcome, err error) {
	if w.to == nil {
		return
	}
	w.to.TransactionEnd(w.unit, *w.op, TransactionEnd{
		Attempts: w.n, Outcome: outcome, Err: err, Duration: time.Since(w.began), GateWait: w.gates,
	})
}
