package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Savepoint runs fn as a part of the transaction. The part is rolled back when fn
// returns an error, panics or ends its goroutine. Its statements go through the same
// Tx. An error of fn is returned as it is; the transaction can go on after it.
// Savepoints may be nested. ctx is passed to fn; the rollback does not depend on it.
//
// A retry inside a part cannot mend a conflict (40001, 40P01): it would see the same
// snapshot. After a conflict in fn the transaction stays failed, and [Do] retries it
// whatever is returned. What a part wrote may still be reported to an Invalidator
// after the part was rolled back.
func (tx *Tx) Savepoint(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		return errNilFunc
	}
	p := &part{tx: tx}
	if err := p.begin(ctx, 1); err != nil {
		return err
	}
	defer func() { _ = tx.countPart(-1) }()
	returned := false
	defer func() {
		if !returned {
			_ = p.undo(ctx)
		}
	}()
	err := fn(ctx)
	returned = true
	return p.end(ctx, err)
}

// part is a part of a transaction that can be undone.
type part struct {
	tx    *Tx
	name  string
	hooks mark // those that were given before it
	over  atomic.Bool
}

// begin begins the part, for as many functions: 1 or none.
func (p *part) begin(ctx context.Context, functions int) error {
	tx := p.tx
	if err := tx.acquire("SAVEPOINT"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	p.name, p.hooks = "sqlkeel_part_"+strconv.Itoa(len(tx.open)+1), tx.hooks.mark()
	tag, err := tx.session.tx.Exec(ctx, "SAVEPOINT "+p.name)
	if err := tx.checkAnswer("SAVEPOINT", tag, err); err != nil {
		return fmt.Errorf("txn: %s: savepoint: %w", tx.op.Name, err)
	}
	tx.open = append(tx.open, p)
	tx.parts += functions
	return nil
}

// close ends the part, and those that were begun in it, for the Tx. It returns their
// depth.
func (p *part) close() int {
	open := p.tx.open
	depth := slices.Index(open, p)
	for _, inner := range open[depth:] {
		inner.over.Store(true)
	}
	p.tx.open = open[:depth]
	return depth + 1
}

// end ends a part whose function returned err.
func (p *part) end(ctx context.Context, err error) error {
	tx := p.tx
	if locked := tx.lock("RELEASE"); locked != nil {
		return errors.Join(err, locked)
	}
	switch {
	case p.over.Load(): // with the one around it
		tx.calls.Unlock()
		return errors.Join(err, pgx.ErrTxClosed)
	case isConflict(tx.doomed):
		defer tx.calls.Unlock()
		p.close()
		if err == nil {
			return tx.swallowed(tx.doomed)
		}
		return err
	case err == nil && tx.state() == stateFailed:
		err = tx.swallowed(tx.fault)
	case err == nil && tx.open[len(tx.open)-1] != p:
		err = fmt.Errorf("txn: %s: %w", tx.op.Name, ErrOpenSavepoint)
	}
	if err != nil {
		tx.calls.Unlock()
		return errors.Join(err, p.undo(ctx))
	}
	if err = p.release(ctx); err != nil {
		return errors.Join(err, p.undo(ctx))
	}
	return nil
}

// release keeps the part. It is called with tx.calls locked, and unlocks it.
func (p *part) release(ctx context.Context) error {
	tx := p.tx
	defer tx.calls.Unlock()
	if err := tx.admit("RELEASE"); err != nil {
		return err
	}
	tag, err := tx.session.tx.Exec(ctx, "RELEASE SAVEPOINT "+p.name)
	if err := tx.checkAnswer("RELEASE", tag, err); err != nil {
		return fmt.Errorf("txn: %s: release savepoint: %w", tx.op.Name, err)
	}
	p.close()
	return nil
}

// undo undoes the part, and makes sure that what it cannot undo is never
// committed.
func (p *part) undo(ctx context.Context) error {
	tx := p.tx
	if err := tx.lock("ROLLBACK"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	if p.over.Load() {
		return pgx.ErrTxClosed
	}
	depth := p.close()
	tx.hooks.drop(p.hooks)
	if isConflict(tx.doomed) { // the transaction stays failed
		return nil
	}
	if err := tx.admit("ROLLBACK TO"); err != nil {
		return err
	}
	ctx, cancel := tx.runner.detached(ctx)
	defer cancel()
	before := tx.doomed
	tx.doom(ErrNotReturned) // should a tracer panic
	// Both in one round trip. Without the release a loop would pile up
	// savepoints, each inside the one before.
	sql := "ROLLBACK TO SAVEPOINT " + p.name + "; RELEASE SAVEPOINT " + p.name
	tag, err := tx.session.tx.Exec(ctx, sql)
	tx.doomed = before
	tx.joined.rolledBack(depth)
	if err := tx.checkAnswer(sql, tag, err); err != nil {
		err = fmt.Errorf("txn: %s: roll back to savepoint: %w", tx.op.Name, err)
		tx.doom(err)
		return err
	}
	return nil
}
