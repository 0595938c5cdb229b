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
	tx.depth++
	defer func() { tx.depth-- }()
	name := "txn_" + strconv.Itoa(tx.depth)
	if _, err := tx.Exec(ctx, "SAVEPOINT "+name); err != nil {
		return fmt.Errorf("txn: %s: savepoint: %w", tx.op, err)
	}
	returned := false
	defer func() {
		if !returned {
			_ = tx.rollbackTo(ctx, name)
		}
	}()
	err := fn(ctx)
	returned = true
	return tx.leave(ctx, name, err, fn)
}

// leave ends a savepoint whose function returned err.
func (tx *Tx) leave(ctx context.Context, name string, err error, fn func(context.Context) error) error {
	if isConflict(tx.doomed) {
		if tx.runner.is(retriesSavepoints) {
			return tx.leaveAgain(ctx, name, fn)
		}
		if err == nil {
			return tx.swallowed(tx.doomed)
		}
		return err
	}
	if err == nil && tx.state() == stateFailed {
		err = tx.swallowed(tx.fault)
	}
	if err == nil {
		if _, err = tx.Exec(ctx, "RELEASE SAVEPOINT "+name); err == nil {
			return nil
		}
		err = fmt.Errorf("txn: %s: release savepoint: %w", tx.op, err)
	}
	if failed := tx.rollbackTo(ctx, name); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// rollbackTo undoes a part, and makes sure that what it cannot undo is never
// committed.
func (tx *Tx) rollbackTo(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tx.runner.cfg.RollbackTimeout)
	defer cancel()
	// Both in one round trip. Without the release a loop would pile up
	// savepoints, each inside the one before.
	_, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT "+name+"; RELEASE SAVEPOINT "+name)
	if err != nil {
		err = fmt.Errorf("txn: %s: roll back to savepoint: %w", tx.op, err)
		tx.doom(err)
	}
	return err
}
