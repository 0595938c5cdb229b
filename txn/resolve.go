package txn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Finding out what became of a COMMIT whose answer was lost.
//
// PostgreSQL can be asked, but its answer says nothing while the session may still
// commit: a COMMIT that was delayed on its way, or by a deferred trigger, is "in
// progress" and committed a moment later. So the session is ended first, which this
// file calls a fence. The answer of another server says nothing either, nor does one
// after a crash: PostgreSQL uses ids of transactions again that did not reach the disk.

// xact is what PostgreSQL knows a transaction by.
type xact struct {
	id     string // its xid, with the epoch
	pid    int32  // of the server's process, whatever stands between
	server string // the server's identity, see identityQuery
	waits  string // synchronous_commit, for which COMMIT waits
}

// identityQuery tells whether two answers are from one server without a crash in
// between: the system's identifier, its timeline, and when its WAL statistics
// began, which a crash restarts and an orderly restart does not. It fails on a
// standby.
const identityQuery = `(select system_identifier from pg_control_system())::text || '/' ||
	substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) || '/' ||
	(select extract(epoch from stats_reset) from pg_stat_wal)::text`

// identify asks, before COMMIT, by what the transaction will be known. The id is
// assigned if it was not: something without one, such as NOTIFY, may be waiting
// for the COMMIT too.
func (a *attempt) identify(ctx context.Context) (failed, cause error) {
	err := a.session.tx.QueryRow(ctx, "select pg_current_xact_id()::text, pg_backend_pid(), current_setting('synchronous_commit'), "+identityQuery).
		Scan(&a.id.id, &a.id.pid, &a.id.waits, &a.id.server)
	if err == nil {
		return nil, nil
	}
	a.note(identityQuery, err)
	if isConflict(err) {
		return err, err
	}
	return fmt.Errorf("txn: %s: identify the transaction before COMMIT: %w", a.op.Name, err), err
}

// Why an outcome stays unknown, in [CommitUnknownError].Unresolved.
var (
	errOtherServer   = errors.New("the server crashed since, or it is another one that answers")
	errForgotten     = errors.New("the server does not know the transaction any more")
	errOneConnection = errors.New("the Runner's only connection is closed")
)

var (
	errStillRunning  = errors.New("the transaction's session could not be ended yet")
	errForeignMarker = errors.New("the marker is another transaction's")
)

// resolve finds out what became of an attempt whose COMMIT had no answer.
func (t *transaction) resolve(ctx context.Context, a *attempt) {
	r := t.runner
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.ResolveTimeout)
	defer cancel()
	outcome, err := r.ask(ctx, a)
	a.outcome, a.resolved = outcome, time.Since(start)
	r.cfg.Logger.WarnContext(ctx, "asked for the outcome of a COMMIT without answer", "op", t.op.Name, "outcome", outcome, "took", a.resolved, "error", err)
	switch outcome {
	case stmt.Committed:
		a.fail(nil, nil)
	case stmt.Aborted:
		a.err = fmt.Errorf("txn: %s: the answer to COMMIT was lost, and the transaction was rolled back: %w", t.op.Name, a.cause)
	case stmt.Unknown:
		a.err = &CommitUnknownError{Op: t.op.Name, Err: a.cause, Unresolved: err}
		return // the writes are reported so already
	}
	a.writes.After(outcome)
}

// resolveRefused finds out which transaction left the key that BEGIN met.
func (t *transaction) resolveRefused(ctx context.Context, a *attempt) {
	outcome, err := t.runner.byMarker(ctx, t.target, t.op, time.Now(), t.tokens)
	switch {
	case errors.Is(err, errForeignMarker):
		a.err = fmt.Errorf("txn: %s: key %q: %w", t.op.Name, t.op.Key, ErrAlreadyCommitted)
	case err != nil:
		a.err = fmt.Errorf("txn: %s: look for the marker of key %q: %w", t.op.Name, t.op.Key, err)
	case outcome == stmt.Committed: // an earlier attempt of this transaction
		a.outcome, a.err = stmt.Committed, nil
		if t.latest != nil {
			t.latest.writes.After(stmt.Committed)
		}
	default: // it was deleted meanwhile, or its transaction was rolled back
		a.err = Retryable(a.err)
	}
	a.cause = a.err
}

// ask asks until there is a definite answer, or there can be none, or ctx ends.
// The error says why the outcome is unknown.
func (r *Runner) ask(ctx context.Context, a *attempt) (stmt.Outcome, error) {
	pause := backoff.Policy{Base: 10 * time.Millisecond, Max: 500 * time.Millisecond}
	var why error
	for n := 0; ; n++ {
		var outcome stmt.Outcome
		var err error
		if a.op.Commit == Idempotent {
			outcome, err = r.byMarker(ctx, a.target, a.op, a.since, []int64{a.token})
		} else {
			outcome, err = r.byStatus(ctx, a)
		}
		if err == nil && outcome == stmt.Committed {
			err = r.replicated(ctx, a)
		}
		switch {
		case err == nil:
			return outcome, nil
		case errors.Is(err, errForeignMarker):
			return stmt.Aborted, nil
		case errors.Is(err, errOtherServer), errors.Is(err, errForgotten), errors.Is(err, errOneConnection), pgerr.Code(err) == "42501":
			return stmt.Unknown, err
		}
		if ctx.Err() == nil || why == nil { // else it says only that time is up
			why = err
		}
		if backoff.Wait(ctx, pause.Delay(n)) != nil {
			return stmt.Unknown, why
		}
	}
}

// byStatus asks for the fate of the transaction's id.
func (r *Runner) byStatus(ctx context.Context, a *attempt) (outcome stmt.Outcome, err error) {
	err = r.inReadTx(ctx, a.target, func(tx pgx.Tx) error {
		var server string
		if err := tx.QueryRow(ctx, "select "+identityQuery).Scan(&server); err != nil {
			return err
		}
		if server != a.id.server {
			return errOtherServer
		}
		if err := r.fence(ctx, tx, `from pg_stat_activity a where a.pid = $2 and a.backend_xid = $3::text::xid8::xid`, a.id.pid, a.id.id); err != nil {
			return err
		}
		var status *string
		err := tx.QueryRow(ctx, "select pg_xact_status($1::text::xid8)", a.id.id).Scan(&status)
		switch {
		case pgerr.Code(err) == "22023": // it is in the future of this server
			return errOtherServer
		case err != nil:
			return err
		case status == nil:
			return errForgotten
		}
		outcome, err = outcomeOf(*status)
		return err
	})
	return outcome, err
}

// outcomeOf is the outcome that pg_xact_status names. An id in progress is that of a session that
// waits for a standby, or that this role may not see.
func outcomeOf(status string) (stmt.Outcome, error) {
	switch status {
	case "committed":
		return stmt.Committed, nil
	case "aborted":
		return stmt.Aborted, nil
	}
	return stmt.Unknown, errStillRunning
}

// fence ends the sessions that the query finds and waits until they are gone. One
// that waits for a synchronous standby is left to it: its transaction is committed
// here, and ending the wait would show it to everybody before it is safe.
func (r *Runner) fence(ctx context.Context, tx pgx.Tx, from string, args ...any) error {
	const patience = 3000 // ms
	rows, err := tx.Query(ctx, "select pg_terminate_backend(a.pid, $1) "+from+" and a.wait_event is distinct from 'SyncRep'",
		append([]any{patience}, args...)...)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	if err == nil && slices.Contains(gone, false) {
		return errStillRunning
	}
	return err
}

// byMarker looks for the marker, after the session of each attempt that may have
// left one with these tokens is gone. Their locks are seen here until then. Where
// the marker is not, the transaction is not committed: also on another server,
// unless that is a standby, which may not know yet.
func (r *Runner) byMarker(ctx context.Context, target *unit.Target, op *Op, since time.Time, tokens []int64) (outcome stmt.Outcome, err error) {
	err = r.inReadTx(ctx, target, func(tx pgx.Tx) error {
		var standby bool
		if err := tx.QueryRow(ctx, "select pg_is_in_recovery()").Scan(&standby); err != nil {
			return err
		}
		if standby {
			return errors.New("a standby answers")
		}
		running, err := r.fenceTokens(ctx, tx, tokens)
		if err != nil {
			return err
		}
		token, found, err := r.markers.find(ctx, tx, op.Key)
		switch {
		case err != nil:
			return err
		case found && slices.Contains(tokens, token):
			outcome = stmt.Committed
		case found:
			return errForeignMarker
		case running:
			return errStillRunning
		case time.Since(since) >= r.cfg.MarkerRetention:
			return errForgotten // it may have been deleted as an old one
		}
		return nil
	})
	return outcome, err
}

// fenceTokens ends the sessions that hold the tokens' locks, and reports whether
// one is left.
func (r *Runner) fenceTokens(ctx context.Context, tx pgx.Tx, tokens []int64) (running bool, err error) {
	const holders = `from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
		and l.database = (select oid from pg_database where datname = current_database())
		and (l.classid::bigint << 32) | l.objid::bigint = any($2::bigint[])`
	if err := r.fence(ctx, tx, holders, tokens); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, "select exists (select "+holders+" and $1)", true, tokens).Scan(&running)
	return running, err
}

// replicated returns when what is committed here is safe on the synchronous standbys,
// if there are to be any. A session that ended in the middle of its wait for them is
// committed all the same. A failover loses its work. A commit of our own that waits for
// them waits for all before it.
func (r *Runner) replicated(ctx context.Context, a *attempt) error {
	var names, level string
	err := r.inReadTx(ctx, a.target, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select current_setting('synchronous_standby_names'), current_setting('synchronous_commit')").Scan(&names, &level)
	})
	if set := a.op.Settings["synchronous_commit"]; set != "" {
		level = set
	}
	level = cmp.Or(a.id.waits, level)
	if err != nil || names == "" || level == "local" || level == "off" {
		return err // it did not wait either
	}
	options := pgx.TxOptions{BeginQuery: setLocal("synchronous_commit", level) + "; begin read write"}
	return r.inTx(ctx, a.target, options, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select pg_logical_emit_message(true, 'sqlkeel', '')")
		return err
	})
}
