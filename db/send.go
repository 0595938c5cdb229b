package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// A lease is the owner of results (exec.Owner): of those of one statement or batch,
// or of those of a transaction.

// Enter does nothing: a connection notices itself that it is in use.
func (*lease) Enter(string) error { return nil }

// Leave does nothing.
func (*lease) Leave() {}

// Answered tells the Invalidator how writes ended that a text made visible inside of
// what was a transaction.
func (l *lease) Answered(sql string, tag pgconn.CommandTag, err error) error {
	inBatch := l.batch != nil
	if l.inTx && sql == exec.BatchName {
		l.batch = nil
	}
	if l.inTx {
		err = advised(err)
	}
	switch {
	case !l.inTx || !l.writes.Told():
		return err
	case sql == exec.BatchName:
		l.writes.End(stmt.Unknown, l.settled(err))
	case !inBatch:
		l.writes.End(l.endedBy(sql, tag, err), l.settled(err))
	}
	return err
}

// endedBy is the outcome of writes after a text that was not to be sent in a
// transaction: it ended it, or came after its end.
func (l *lease) endedBy(sql string, tag pgconn.CommandTag, err error) stmt.Outcome {
	switch {
	case !ends(l.rules(), sql):
		return l.outcome(err, sql)
	case err != nil || l.several(sql):
		return stmt.Unknown
	case tag.String() == "COMMIT":
		return stmt.Committed
	case tag.String() == "ROLLBACK":
		return stmt.Aborted
	}
	return stmt.Unknown
}

// Closed gives the connection back after a statement or batch of its own.
func (l *lease) Closed(err error) error {
	if l.inTx {
		return err
	}
	err = l.leftOpen(err)
	told, settled, outcome := l.writes.Told(), false, stmt.Unknown
	if told {
		settled, outcome = l.settled(err), l.outcome(err, l.texts()...)
	}
	l.lost = l.call.ReadOnly() && l.tried&lost != 0
	if told {
		defer l.writes.End(outcome, settled) // also after a panic of the log's handler
	}
	l.done(err)
	return advised(err)
}

// settled reports whether the session can do no more, given its last answer. It is false
// when the lease is done: the connection may be in other hands.
func (l *lease) settled(err error) bool { return !l.back.Load() && exec.Settled(l.conn.PgConn(), err) }

// advised adds to an error what to do about it, where no retry mends it.
func advised(err error) error {
	if advice := pgerr.Advice(err); advice != "" {
		return fmt.Errorf("%w: %s", err, advice)
	}
	return err
}

func (l *lease) texts() []string {
	if l.batch != nil {
		return l.batch.Texts()
	}
	return []string{l.call.SQL}
}

func (l *lease) outcome(err error, texts ...string) stmt.Outcome {
	return exec.OutcomeOf(err, l.rules(), texts...)
}

func (l *lease) rules() sqltext.Rules { return sqltext.RulesOf(l.conn.PgConn().ParameterStatus) }

// note notifies the Invalidator of a statement that is about to be sent. In a
// transaction it is notified of all statements when one of them, or Commit, is about to
// end it.
func (l *lease) note(c *exec.Call) {
	if !l.writes.On() {
		return
	}
	l.writes.Add(c)
	if !l.inTx || l.outside(c.SQL) {
		l.writes.Before()
	}
}

// noteCopy is note for a COPY into a table.
func (l *lease) noteCopy(table pgx.Identifier, columns []string) {
	if !l.writes.On() {
		return
	}
	l.writes.AddCopy(l.d.cfg.Statements, table, columns, nil)
	if !l.inTx || l.outside("") {
		l.writes.Before()
	}
}

// outside reports whether what a text does is visible before Commit is called: the
// transaction was ended by a text, or will be by this one.
func (l *lease) outside(sql string) bool {
	if l.conn.PgConn().TxStatus() == 'I' {
		return true
	}
	return ends(l.rules(), sql)
}

func ends(rules sqltext.Rules, sql string) bool {
	for s := range rules.Statements(sql) {
		if rules.Control(s.Text(sql)).Ends() {
			return true
		}
	}
	return false
}

// announces reports whether the writes of a batch may be visible before Commit is
// called.
func (l *lease) announces(texts []string) bool {
	rules := l.rules()
	if l.inTx && l.conn.PgConn().TxStatus() != 'I' || !l.inTx && len(texts) > 0 && rules.Control(texts[0]) == sqltext.Begin {
		return slices.ContainsFunc(texts, func(sql string) bool { return ends(rules, sql) })
	}
	return true
}

// tries are reasons for sending a statement again, each of which counts once.
type tries uint8

const (
	learned tries = 1 << iota // the connection knows the types of the parameters now
	renewed                   // the prepared statement was out of date
	lost                      // the connection died before the first row
)

// again reports whether the lease's statement is to be sent again, on the same
// connection.
func (l *lease) again(ctx context.Context, err error) bool {
	switch {
	case err == nil || ctx.Err() != nil:
	case l.tried&learned == 0 && l.Retry(ctx, err, l.call.SQL, l.call.Args):
		l.tried |= learned
		return true
	case l.tried&renewed == 0 && l.unseen(err):
		l.tried |= renewed
		l.d.noteReplay(l.call.SQL, err)
		return true
	case l.Died(err):
		l.tried |= lost
	}
	return false
}

// unseen reports whether err means that the server did not run a statement which
// it had prepared. The same refusal may come out of the middle of a statement,
// from a function or after a semicolon; what ran until then may be committed. What is
// read-only may be run again in any case.
func (l *lease) unseen(err error) bool {
	var pg *pgconn.PgError
	if pgerr.KindOf(err) != pgerr.StalePlan || !errors.As(err, &pg) || !l.reusable() {
		return false
	}
	if l.call.ReadOnly() {
		return true
	}
	if exec.Rewrites(l.call.Args) {
		return false // into what may be several
	}
	return (pg.Where == "" || pg.Code == "XX000") && !l.several(l.call.SQL)
}

// several reports whether a text is more than one statement.
func (l *lease) several(sql string) bool {
	n := 0
	for range l.rules().Statements(sql) {
		n++
	}
	return n > 1
}

// reusable reports whether the lease's connection can run another statement.
func (l *lease) reusable() bool {
	pg := l.conn.PgConn()
	return !pg.IsClosed() && !pg.IsBusy() && pg.TxStatus() == 'I'
}

func (d *DB) noteReplay(sql string, err error) {
	d.counts.replays.Add(1)
	d.events.replay(sql, err)
}

// sendBatch sends a batch, and once more when nothing of it was sent because the
// connection did not know a parameter's type. It returns the transaction that the
// batch began, if it did.
func (l *lease) sendBatch(ctx context.Context, queued *pgx.Batch, send func(context.Context, *pgx.Batch) pgx.BatchResults) (*exec.Results, pgx.Tx, error) {
	returned := false
	defer func() {
		if !returned { // a panic
			_ = l.Closed(errNotReturned)
		}
	}()
	batch, err := exec.NewBatch(l, l.d.cfg.Statements, queued, func(c *exec.Call) error {
		err := l.admit(c)
		l.writes.Add(c)
		return err
	})
	if err != nil {
		returned = true
		return nil, nil, err
	}
	l.batch = batch
	if l.writes.On() && l.announces(batch.Texts()) {
		l.writes.Before()
	}
	inner := send(ctx, batch.Pgx())
	if len(l.d.types.names) > 0 && len(batch.Texts()) > 0 && !l.conn.PgConn().IsBusy() && l.RetryBatch(ctx, inner.Close(), batch.Pgx()) {
		inner = send(ctx, batch.Pgx())
	}
	returned = true
	return batch.Results(inner), inner.Tx(), nil
}
