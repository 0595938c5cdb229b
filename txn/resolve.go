package txn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Finding out what became of a COMMIT whose answer was lost.
//
// PostgreSQL can be asked, but the answer is worth nothing while the session may
// still be at it: a COMMIT that was held up on its way, or by a deferred trigger,
// is "in progress" and committed a moment later. So the session is ended first.
// Nor is it worth anything on another server, or after a crash: ids of
// transactions that did not reach the disk are given out again.

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
func (tx *Tx) identify(ctx context.Context) end {
	err := tx.pgx.QueryRow(ctx, "select pg_current_xact_id()::text, pg_backend_pid(), current_setting('synchronous_commit'), "+identityQuery).
		Scan(&tx.id.id, &tx.id.pid, &tx.id.waits, &tx.id.server)
	if err == nil {
		return end{tx: tx}
	}
	cause := tx.note(identityQuery, err)
	if !isConflict(cause) {
		err = fmt.Errorf("txn: %s: identify the transaction before COMMIT: %w", tx.op.Name, cause)
	}
	return end{tx: tx, err: err, cause: cause}
}

// Why an outcome stays unknown, in [CommitUnknownError].Unresolved.
var (
	// ErrOtherServer: the server crashed since, or another one answers in its place.
	ErrOtherServer = errors.New("the server crashed since, or it is another one that answers")
	// ErrForgotten: the server does not keep the fate of a transaction that old.
	ErrForgotten = errors.New("the server does not know the transaction any more")
	// ErrOneConnection: the Runner is over a single *pgx.Conn, and that is lost.
	ErrOneConnection = errors.New("there is no other connection to ask on")
)

var (
	errStillRunning  = errors.New("the transaction's session could not be ended yet")
	errForeignMarker = errors.New("the marker is another transaction's")
)

// resolve finds out what became of an attempt whose COMMIT had no answer.
func (u *work) resolve(ctx context.Context, e end) end {
	r := u.runner
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.ResolveTimeout)
	defer cancel()
	outcome, err := r.ask(ctx, e.tx)
	e.outcome, e.resolved = outcome, time.Since(start)
	r.cfg.Logger.WarnContext(ctx, "asked for the outcome of a COMMIT without answer", "op", u.op.Name, "outcome", outcome, "took", e.resolved, "error", err)
	switch outcome {
	case stmt.Committed:
		e.err, e.cause = nil, nil
	case stmt.Aborted:
		e.err = fmt.Errorf("txn: %s: the answer to COMMIT was lost, and the transaction was rolled back: %w", u.op.Name, e.cause)
	case stmt.Unknown:
		e.err = &CommitUnknownError{Op: u.op.Name, Err: e.cause, Unresolved: err}
	}
	return e
}

// ask asks until there is a definite answer, or there can be none, or ctx ends.
// The error says why the outcome is unknown.
func (r *Runner) ask(ctx context.Context, tx *Tx) (stmt.Outcome, error) {
	switch r.db.(type) {
	case *pgx.Conn, *pgxpool.Conn:
		return stmt.Unknown, ErrOneConnection
	}
	pause := backoff.Policy{Base: 10 * time.Millisecond, Max: 500 * time.Millisecond}
	var why error
	for n := 0; ; n++ {
		var outcome stmt.Outcome
		var err error
		if tx.op.Commit == Idempotent {
			outcome, err = r.byMarker(ctx, tx.op, tx.since, []int64{tx.token})
		} else {
			outcome, err = r.byStatus(ctx, tx)
		}
		if err == nil && outcome == stmt.Committed {
			err = r.replicated(ctx, tx)
		}
		switch {
		case err == nil:
			return outcome, nil
		case errors.Is(err, errForeignMarker):
			return stmt.Aborted, nil
		case errors.Is(err, ErrOtherServer), errors.Is(err, ErrForgotten), pgerr.Code(err) == "42501":
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

// look runs fn in a transaction that sees what is committed at each statement.
func (r *Runner) look(ctx context.Context, db Beginner, fn func(tx pgx.Tx) error) error {
	err := r.inTx(ctx, db, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errNotMeant // to change anything
	})
	if err == errNotMeant {
		return nil
	}
	return err
}

// byStatus asks for the fate of the transaction's id.
func (r *Runner) byStatus(ctx context.Context, tx *Tx) (outcome stmt.Outcome, err error) {
	err = r.look(ctx, r.db, func(look pgx.Tx) error {
		var server string
		if err := look.QueryRow(ctx, "select "+identityQuery).Scan(&server); err != nil {
			return err
		}
		if server != tx.id.server {
			return ErrOtherServer
		}
		if err := r.fence(ctx, look, `from pg_stat_activity a where a.pid = $2 and a.backend_xid = $3::text::xid8::xid`, tx.id.pid, tx.id.id); err != nil {
			return err
		}
		var status *string
		err := look.QueryRow(ctx, "select pg_xact_status($1::text::xid8)", tx.id.id).Scan(&status)
		switch {
		case pgerr.Code(err) == "22023": // it is in the future of this server
			return ErrOtherServer
		case err != nil:
			return err
		case status == nil:
			return ErrForgotten
		}
		outcome, err = r.read(*status)
		return err
	})
	return outcome, err
}

// read is what pg_xact_status says. An id in progress is that of a session that
// waits for a standby, or that this role may not see.
func (r *Runner) read(status string) (stmt.Outcome, error) {
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
func (r *Runner) fence(ctx context.Context, look pgx.Tx, from string, args ...any) error {
	const patience = 3000 // ms
	rows, err := look.Query(ctx, "select pg_terminate_backend(a.pid, $1) "+from+" and a.wait_event is distinct from 'SyncRep'",
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
func (r *Runner) byMarker(ctx context.Context, op *Op, since time.Time, tokens []int64) (outcome stmt.Outcome, err error) {
	err = r.look(ctx, r.db, func(look pgx.Tx) error {
		var standby bool
		if err := look.QueryRow(ctx, "select pg_is_in_recovery()").Scan(&standby); err != nil {
			return err
		}
		if standby {
			return errors.New("a standby answers")
		}
		running, err := r.fenceTokens(ctx, look, tokens)
		if err != nil {
			return err
		}
		token, found, err := r.markers.find(ctx, look, op.Key)
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
			return ErrForgotten // it may have been deleted as an old one
		}
		return nil
	})
	return outcome, err
}

// fenceTokens ends the sessions that hold the tokens' locks, and reports whether
// one is left.
func (r *Runner) fenceTokens(ctx context.Context, look pgx.Tx, tokens []int64) (running bool, err error) {
	const holders = `from pg_locks l join pg_stat_activity a using (pid)
		where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
		and l.database = (select oid from pg_database where datname = current_database())
		and (l.classid::bigint << 32) | l.objid::bigint = any($2::bigint[])`
	if err := r.fence(ctx, look, holders, tokens); err != nil {
		return false, err
	}
	err = look.QueryRow(ctx, "select exists (select "+holders+" and $1)", true, tokens).Scan(&running)
	return running, err
}

// replicated returns when what is committed here is safe on the synchronous
// standbys, if there are to be any. A session that was ended, or ended by itself,
// in the middle of its wait for them is committed all the same, and lost by a
// failover. A commit of our own that waits for them waits for all before it.
func (r *Runner) replicated(ctx context.Context, done *Tx) error {
	var names, level string
	err := r.look(ctx, r.db, func(look pgx.Tx) error {
		return look.QueryRow(ctx, "select current_setting('synchronous_standby_names'), current_setting('synchronous_commit')").Scan(&names, &level)
	})
	if set := done.op.Settings["synchronous_commit"]; set != "" {
		level = set
	}
	level = cmp.Or(done.id.waits, level)
	if err != nil || names == "" || level == "local" || level == "off" {
		return err // it did not wait either
	}
	options := pgx.TxOptions{BeginQuery: setLocal("synchronous_commit", level) + "; begin read write"}
	return r.inTx(ctx, r.db, options, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "select pg_logical_emit_message(true, 'sqlkeel', '')")
		return err
	})
}
