package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// end is how an attempt ended.
type end struct {
	tx       *Tx // nil when nothing was begun
	outcome  stmt.Outcome
	err      error         // nil when it was committed
	cause    error         // the first error, which decides about another attempt
	idle     bool          // an open connection was lost at BEGIN: nothing was done on it
	resolved time.Duration // in which the outcome was found out
}

// once runs the function once, in a transaction of its own on db that has ended,
// or has been sent its COMMIT, when once is left, in whatever way.
func (u *work) once(ctx context.Context, db Beginner) (e end) {
	r := u.runner
	tx, err := u.begin(ctx, db)
	if err != nil {
		var connect *pgconn.ConnectError
		idle := pgerr.KindOf(err) == pgerr.Disconnected && !errors.As(err, &connect) && ctx.Err() == nil
		return end{err: err, cause: err, idle: idle}
	}
	u.last = tx // for the hooks, should the function not return
	returned := false
	defer func() {
		// Not by recover: runtime.Goexit is nothing to recover, and a panic is
		// to go on as it was.
		if !returned {
			r.abandon(ctx, tx)
		}
	}()
	err = u.fn(&tx.ctx, tx)
	tx.seal()
	e = tx.verdict(ctx, err)
	if e.err == nil && u.op.Commit == Resolve {
		e = tx.identify(ctx)
	}
	tx.lost = tx.closed()
	if e.err == nil || e.outcome == stmt.Unknown {
		tx.lower = tx.unit.Raise()
	}
	returned = true // and neither did a tracer or a fence keep it from here
	if e.err != nil {
		r.rollback(ctx, tx)
		return e
	}
	return r.commit(ctx, tx)
}

// begin begins a transaction with the operation's settings.
func (u *work) begin(ctx context.Context, db Beginner) (*Tx, error) {
	r, op := u.runner, u.op
	var token int64
	var since time.Time
	if op.Commit == Idempotent {
		if err := u.fenceLost(ctx, db); err != nil {
			return nil, &unit.BeginError{Op: op.Name, Err: err}
		}
		token, since = r.token(), time.Now()
		u.tokens = append(u.tokens, token)
	}
	begun, err := beginOn(withName(ctx, db, op), db, r.beginOptions(op, token))
	if op.Commit == Idempotent && pgerr.Code(err) == "42P01" {
		if err = r.makeMarkers(ctx, db); err == nil {
			begun, err = beginOn(withName(ctx, db, op), db, r.beginOptions(op, token))
		}
	}
	if err != nil {
		return nil, &unit.BeginError{Op: op.Name, Err: pgerr.Typed(r.nameSetting(ctx, db, op, err))}
	}
	tx := r.newTx(ctx, begun, op, len(u.causes)+1)
	tx.token, tx.since = token, since
	return tx, nil
}

// fenceLost ends the sessions of attempts that lost their connection, of which the
// server may know nothing yet: their keys would be waited for.
func (u *work) fenceLost(ctx context.Context, db Beginner) error {
	if len(u.causes) == 0 || pgerr.RemedyFor(u.causes[len(u.causes)-1]) != pgerr.RunAgainElsewhere {
		return nil
	}
	return u.runner.look(ctx, db, func(look pgx.Tx) error {
		_, err := u.runner.fenceTokens(ctx, look, u.tokens)
		return err
	})
}

// nameSetting tells which setting of op the server does not take, if that is what
// err is about. The server's error has no place for it.
func (r *Runner) nameSetting(ctx context.Context, db Beginner, op *Op, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.SeverityUnlocalized != "ERROR" || pgerr.RemedyFor(err) != pgerr.NoRemedy {
		return err
	}
	ctx, cancel := r.detached(ctx)
	defer cancel()
	for name, value := range op.Settings {
		options := pgx.TxOptions{BeginQuery: setLocal(name, value) + "; begin"}
		refused := r.inTx(ctx, db, options, func(pgx.Tx) error { return errNotMeant })
		if refused != nil && pgerr.Code(refused) == pg.Code {
			return &SettingError{Op: op.Name, Setting: name, Err: refused}
		}
	}
	return err
}

// errNotMeant ends a transaction that was only to see whether it can be begun.
var errNotMeant = errors.New("not meant")

// abandon ends a transaction whose function did not return.
func (r *Runner) abandon(ctx context.Context, tx *Tx) {
	if !tx.ended.Load() {
		tx.seal()
	}
	if tx.over() {
		tx.lower = tx.unit.Raise()
	}
	r.rollback(ctx, tx)
}

// verdict returns why the attempt may not be committed, given what its function
// returned, or no error.
func (tx *Tx) verdict(ctx context.Context, err error) end {
	failed := func(err, cause error) end { return end{tx: tx, err: err, cause: cause} }
	switch {
	case tx.over(): // whatever it returned: some of it may be committed
		if !errors.Is(err, tx.byHand) {
			err = errors.Join(tx.byHand, err)
		}
		return end{tx: tx, outcome: stmt.Unknown, err: err, cause: ErrEndedByHand}
	case isFinal(err):
		return failed(err, err)
	case tx.misuse.Load() != nil:
		return failed(tx.misuse.Load(), tx.misuse.Load())
	case tx.parts > 0 && err == nil:
		misuse := &MisuseError{Op: tx.op.Name, Statement: "SAVEPOINT", Err: ErrConcurrentUse}
		return failed(misuse, misuse)
	case isConflict(tx.doomed):
		return failed(tx.doomed, tx.doomed)
	case err != nil && (tx.fault == nil || pgerr.Code(err) != codeFailedTx):
		return failed(err, tx.first(err))
	case err != nil:
		return failed(tx.swallowed(tx.fault), tx.fault)
	case ctx.Err() != nil:
		err := fmt.Errorf("txn: %s: not committed: %w", tx.op.Name, ctx.Err())
		return failed(err, err)
	case tx.doomed != nil:
		return failed(tx.swallowed(tx.doomed), tx.doomed)
	case tx.joined.err != nil:
		return failed(tx.swallowed(tx.joined.err), tx.joined.err)
	}
	switch state := tx.state(); {
	case state == stateFailed:
		return failed(tx.swallowed(tx.fault), tx.fault)
	case state == stateBusy:
		err = fmt.Errorf("txn: %s: %w", tx.op.Name, ErrOpenRows)
	case len(tx.open) > 0:
		err = fmt.Errorf("txn: %s: %w", tx.op.Name, ErrOpenSavepoint)
	}
	return failed(err, err)
}

// first returns the error that broke the transaction, if it is still broken, else
// err. What a function makes of a failed transaction is not what counts.
func (tx *Tx) first(err error) error {
	if tx.fault != nil && tx.state() == stateFailed {
		return tx.fault
	}
	return err
}

func (tx *Tx) swallowed(first error) error {
	if first == nil {
		return fmt.Errorf("txn: %s: %w", tx.op.Name, ErrSwallowed)
	}
	return fmt.Errorf("txn: %s: %w: %w", tx.op.Name, ErrSwallowed, first)
}

// rollback ends the transaction and gives its connection back. On ctx itself,
// which may have ended, it would cost the connection.
func (r *Runner) rollback(ctx context.Context, tx *Tx) {
	dead := tx.closed()
	ctx, cancel := r.detached(ctx)
	defer cancel()
	// Without its connection the server has rolled back by itself; the call
	// only gives the connection back.
	if err := tx.pgx.rollback(ctx); err != nil && !dead {
		r.cfg.Logger.WarnContext(ctx, "rollback failed, the connection is closed", "op", tx.op.Name, "error", err)
	}
}
