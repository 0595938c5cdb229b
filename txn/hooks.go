package txn

import (
	"context"
	"fmt"
	"sync"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// hooks are called when a transaction is over. Those of an attempt that is retried, and
// of a part that was rolled back, are dropped.
type hooks struct {
	mu       sync.Mutex // guards what follows
	commit   []func(context.Context)
	rollback []func(context.Context, error)
}

// AfterCommit registers fn, which is called once, when the transaction is known to be
// committed and [Do] is about to return. What it does is no part of the transaction,
// and may use the database. It is not called when this attempt is retried, when the
// part that registered it is rolled back, or when the outcome is unknown.
//
// Hooks are called in the order in which they were registered, on Do's goroutine. ctx
// is Do's, without its end. A panic is logged and stops neither the others nor Do.
func (tx *Tx) AfterCommit(fn func(ctx context.Context)) {
	tx.hooks.mu.Lock()
	defer tx.hooks.mu.Unlock()
	tx.hooks.commit = append(tx.hooks.commit, fn)
}

// AfterRollback is [Tx.AfterCommit] for a transaction that is known to be rolled
// back, for good. err is what Do returns, or [ErrNotReturned].
func (tx *Tx) AfterRollback(fn func(ctx context.Context, err error)) {
	tx.hooks.mu.Lock()
	defer tx.hooks.mu.Unlock()
	tx.hooks.rollback = append(tx.hooks.rollback, fn)
}

// mark is a place in the hooks to return to.
type mark struct{ commit, rollback int }

func (h *hooks) mark() mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	return mark{len(h.commit), len(h.rollback)}
}

// drop forgets the hooks that were registered since the mark.
func (h *hooks) drop(m mark) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commit, h.rollback = h.commit[:m.commit], h.rollback[:m.rollback]
}

// runHooks calls the hooks of the outcome, and those that they register.
func (tx *Tx) runHooks(ctx context.Context, outcome stmt.Outcome, err error) {
	for due := tx.due(outcome, err); len(due) > 0; due = tx.due(outcome, err) {
		tx.runAll(context.WithoutCancel(ctx), due)
	}
}

// due takes the hooks of the outcome.
func (tx *Tx) due(outcome stmt.Outcome, err error) (due []func(context.Context)) {
	tx.hooks.mu.Lock()
	defer tx.hooks.mu.Unlock()
	switch outcome {
	case stmt.Committed:
		due = tx.hooks.commit
	case stmt.Aborted:
		for _, fn := range tx.hooks.rollback {
			due = append(due, func(ctx context.Context) { fn(ctx, err) })
		}
	}
	tx.hooks.commit, tx.hooks.rollback = nil, nil
	return due
}

// runAll calls all of due, even when one of them ends the goroutine.
func (tx *Tx) runAll(ctx context.Context, due []func(context.Context)) {
	if len(due) == 0 {
		return
	}
	defer tx.runAll(ctx, due[1:])
	defer func() {
		if p := recover(); p != nil {
			tx.runner.cfg.Logger.WarnContext(ctx, "a hook panicked", "op", tx.op.Name, "panic", fmt.Sprint(p))
		}
	}()
	due[0](ctx)
}
