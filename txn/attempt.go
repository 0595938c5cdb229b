package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// attempt is one try at a transaction: it owns the connection, the Tx that the
// function gets, and the result. Whatever the way out of run, end gives the
// connection back and reports the writes.
type attempt struct {
	Tx
	do    *transaction
	stage stage

	outcome  stmt.Outcome
	err      error         // nil when it was committed
	cause    error         // the first error, which decides about a retry
	died     bool          // an open connection was lost at BEGIN: nothing was done on it
	lost     bool          // the connection, or the answer to COMMIT
	since    time.Time     // when the token was left with the key
	token    int64         // of Idempotent
	id       xact          // of Resolve
	resolved time.Duration // in which the outcome was found out
}

// stage is how far an attempt has come. It only grows.
type stage uint8

const (
	starting stage = iota // no transaction has begun
	running               // the function runs, or its transaction is to be rolled back
	sent                  // COMMIT was sent
)

func newAttempt(ctx context.Context, t *transaction) *attempt {
	a := &attempt{do: t, err: ErrNotReturned, cause: ErrNotReturned}
	a.runner, a.op, a.target, a.number = t.runner, t.op, t.target, len(t.causes)+1
	a.ctx = unitContext{ctx, &a.Tx}
	a.unit.Op, a.unit.Pool, a.unit.Tx, a.unit.Outer = t.op.Name, t.target.Pool, &a.Tx, unit.Of(ctx)
	if !t.op.ReadOnly {
		a.writes.Listener = t.target.Listener
	}
	return a
}

// run makes the attempt.
func (a *attempt) run(ctx context.Context) {
	defer a.end(ctx)
	if a.begin(ctx); a.err != nil {
		return
	}
	a.fail(ErrNotReturned, ErrNotReturned) // unless it does
	err := a.do.fn(&a.ctx, &a.Tx)
	a.seal()
	a.fail(a.verdict(ctx, err))
	if a.err == nil && a.op.Commit == Resolve {
		a.fail(a.identify(ctx))
	}
	a.lost = a.session.closed()
	if a.err == nil {
		a.commit(ctx)
	}
}

// fail sets why the attempt may not be committed, or that it may.
func (a *attempt) fail(err, cause error) { a.err, a.cause = err, cause }

// end ends the transaction unless COMMIT was sent, gives the connection back, and
// reports the writes. It is deferred: the function, a tracer or an argument may panic
// or end the goroutine.
func (a *attempt) end(ctx context.Context) {
	defer a.close()
	if a.stage != running {
		return
	}
	if !a.ended.Load() {
		a.seal()
	}
	if a.over() {
		a.outcome = stmt.Unknown
		a.writes.Before()
	}
	closed := a.session.closed()
	// Without its connection the server has rolled back by itself.
	if err := a.session.rollback(ctx, a.runner.cfg.RollbackTimeout); err != nil && !closed {
		a.runner.cfg.Logger.WarnContext(ctx, "rollback failed, the connection is closed", "op", a.op.Name, "error", err)
	}
}

func (a *attempt) close() {
	settled := a.session.settled(a.cause)
	defer func() { // also after a panic of a log's handler
		a.writes.After(a.outcome)
		if settled {
			a.writes.After(stmt.Ended)
		}
	}()
	a.session.release(a.cause)
}

// begin begins the transaction with the operation's settings.
func (a *attempt) begin(ctx context.Context) {
	err := a.tryBegin(ctx)
	if err == nil {
		a.stage, a.do.latest = running, a
		a.fail(nil, nil)
		if conn := a.session.peek(); conn != nil {
			a.writes.PID = conn.PgConn().PID()
		}
		return
	}
	var connect *pgconn.ConnectError
	a.died = pgerr.KindOf(err) == pgerr.Disconnected && !errors.As(err, &connect) && ctx.Err() == nil
	var config *ConfigError
	if errors.As(err, &config) {
		a.fail(err, err)
		return
	}
	if advice := pgerr.Advice(err); advice != "" {
		err = fmt.Errorf("%w: %s", err, advice)
	}
	a.fail(&unit.BeginError{Op: a.op.Name, Err: err}, err)
}

func (a *attempt) tryBegin(ctx context.Context) error {
	r, t := a.runner, a.do
	if a.op.Commit == Idempotent {
		if err := t.endLostSessions(ctx); err != nil {
			return err
		}
		a.token, a.since = r.token(), time.Now()
		t.tokens = append(t.tokens, a.token)
	}
	options := r.beginOptions(a.op, a.token)
	err := a.session.begin(ctx, a.target, a.op.Name, options)
	if a.op.Commit == Idempotent && pgerr.Code(err) == "42P01" {
		if err = r.makeMarkers(ctx, a.target); err == nil {
			err = a.session.begin(ctx, a.target, a.op.Name, options)
		}
	}
	if err != nil {
		return t.nameSetting(ctx, err)
	}
	return nil
}

// endLostSessions ends the sessions of attempts that lost their connection, of which
// the server may know nothing yet: BEGIN would wait for their keys.
func (t *transaction) endLostSessions(ctx context.Context) error {
	if len(t.causes) == 0 || pgerr.RemedyFor(t.causes[len(t.causes)-1]) != pgerr.RetryElsewhere {
		return nil
	}
	return t.runner.inReadTx(ctx, t.target, func(tx pgx.Tx) error {
		_, err := t.runner.fenceTokens(ctx, tx, t.tokens)
		return err
	})
}

// nameSetting adds the setting of op that the server refuses, if that is what
// err is about. The server's error has no place for it.
func (t *transaction) nameSetting(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.SeverityUnlocalized != "ERROR" || pgerr.RemedyFor(err) != pgerr.NoRemedy {
		return err
	}
	ctx, cancel := t.runner.detached(ctx)
	defer cancel()
	for name, value := range t.op.Settings {
		options := pgx.TxOptions{BeginQuery: setLocal(name, value) + "; begin"}
		refused := t.runner.inTx(ctx, t.target, options, func(pgx.Tx) error { return errNotMeant })
		if refused != nil && pgerr.Code(refused) == pg.Code {
			return fmt.Errorf("%w: %w", &ConfigError{Package: "txn", Field: settingField(name), Problem: "is refused by the server"}, refused)
		}
	}
	return err
}

// errNotMeant ends a transaction that is not to change anything.
var errNotMeant = errors.New("not meant")

// verdict returns why the attempt may not be committed, given what its function
// returned, and the first error that led to it.
func (a *attempt) verdict(ctx context.Context, err error) (failed, cause error) {
	switch {
	case a.over(): // whatever it returned: some of it may be committed
		if !errors.Is(err, a.byHand) {
			err = errors.Join(a.byHand, err)
		}
		return &CommitUnknownError{Op: a.op.Name, Err: err}, a.byHand
	case isFinal(err):
		return err, err
	case a.misuse.Load() != nil:
		return a.misuse.Load(), a.misuse.Load()
	case a.parts > 0 && err == nil:
		misuse := &MisuseError{Op: a.op.Name, Statement: "SAVEPOINT", Problem: concurrentUse}
		return misuse, misuse
	case isConflict(a.doomed):
		return a.doomed, a.doomed
	case err != nil && (a.fault == nil || pgerr.Code(err) != codeFailedTx):
		return err, a.first(err)
	case err != nil:
		return a.swallowed(a.fault), a.fault
	case ctx.Err() != nil:
		err := fmt.Errorf("txn: %s: not committed: %w", a.op.Name, ctx.Err())
		return err, err
	case a.doomed != nil:
		return a.swallowed(a.doomed), a.doomed
	case a.joined.err != nil:
		return a.swallowed(a.joined.err), a.joined.err
	}
	switch state := a.state(); {
	case state == stateFailed:
		return a.swallowed(a.fault), a.fault
	case state == stateBusy:
		err = fmt.Errorf("txn: %s: %w", a.op.Name, ErrOpenRows)
	case len(a.open) > 0:
		err = fmt.Errorf("txn: %s: %w", a.op.Name, ErrOpenSavepoint)
	}
	return err, err
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

// commit ends the transaction with COMMIT. The caller's context was checked for the
// last time: from here on the answer is what counts, so the wait for it is bounded by
// CommitTimeout alone. Until the answer is here the outcome is unknown.
func (a *attempt) commit(ctx context.Context) {
	a.writes.Before()
	a.stage, a.lost, a.outcome = sent, true, stmt.Unknown
	err := a.session.commit(context.WithoutCancel(ctx), a.runner.cfg.CommitTimeout)
	switch {
	case err == nil:
		a.outcome = stmt.Committed
	case errors.Is(err, pgx.ErrTxCommitRollback):
		a.outcome = stmt.Aborted
		a.fail(a.swallowed(a.fault), a.fault)
	case exec.Aborted(err):
		a.outcome = stmt.Aborted
		a.fail(fmt.Errorf("txn: %s: commit: %w", a.op.Name, err), err)
	default:
		a.runner.cfg.Logger.WarnContext(ctx, "the answer to COMMIT was lost", "op", a.op.Name, "error", err)
		a.fail(&CommitUnknownError{Op: a.op.Name, Err: err}, err)
	}
}
