package txn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Savepoint runs fn as a part of the transaction, which is kept when fn returns
// nil and undone when it returns an error, panics or ends its goroutine. The
// part's statements go through the same Tx. An error of fn is returned as it
// is; after it the transaction can go on. Savepoints may be nested. ctx is
// passed to fn; the rollback does not depend on it.
//
// A conflict (40001, 40P01) cannot be mended by a part: a new try would see the
// same snapshot. After one inside fn the transaction stays failed, and [Do]
// starts it anew whatever is returned.
func (tx *Tx) Savepoint(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		return errNilFunc
	}
	p := part{tx: tx, hooks: tx.hooks.mark()}
	if err := p.begin(ctx); err != nil {
		return err
	}
	defer func() { _ = tx.count(-1) }()
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
}

func (p *part) begin(ctx context.Context) error {
	tx := p.tx
	if err := tx.enter("SAVEPOINT"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	tx.depth++
	tx.parts++
	p.name = "sqlkeel_part_" + strconv.Itoa(tx.depth)
	if _, err := tx.pgx.Exec(ctx, "SAVEPOINT "+p.name); err != nil {
		tx.depth--
		tx.parts--
		return fmt.Errorf("txn: %s: savepoint: %w", tx.op.Name, tx.note(err))
	}
	return nil
}

// end ends a part whose function returned err.
func (p *part) end(ctx context.Context, err error) error {
	tx := p.tx
	if held := tx.hold("RELEASE"); held != nil {
		return errors.Join(err, held)
	}
	if isConflict(tx.doomed) {
		defer func() { tx.depth-- }()
		doomed := tx.doomed
		tx.calls.Unlock()
		if err == nil {
			return tx.swallowed(doomed)
		}
		return err
	}
	if err == nil && tx.state() == stateFailed {
		err = tx.swallowed(tx.fault)
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
	tx.look()
	if _, err := tx.pgx.Exec(ctx, "RELEASE SAVEPOINT "+p.name); err != nil {
		return fmt.Errorf("txn: %s: release savepoint: %w", tx.op.Name, tx.note(err))
	}
	tx.depth--
	return nil
}

// undo undoes the part, and makes sure that what it cannot undo is never
// committed.
func (p *part) undo(ctx context.Context) error {
	tx := p.tx
	if err := tx.hold("ROLLBACK"); err != nil {
		return err
	}
	defer tx.calls.Unlock()
	tx.look()
	tx.depth--
	tx.hooks.drop(p.hooks)
	ctx, cancel := tx.runner.detached(ctx)
	defer cancel()
	before := tx.doomed
	tx.doom(ErrNotReturned) // should a tracer panic
	// Both in one round trip. Without the release a loop would pile up
	// savepoints, each inside the one before.
	_, err := tx.pgx.Exec(ctx, "ROLLBACK TO SAVEPOINT "+p.name+"; RELEASE SAVEPOINT "+p.name)
	tx.doomed = before
	tx.joined.undone(tx.depth + 1)
	if err != nil {
		err = fmt.Errorf("txn: %s: roll back to savepoint: %w", tx.op.Name, tx.note(err))
		tx.doom(err)
	}
	return err
}
