package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// cleanSession resets what SQL can set in a session. It is DISCARD ALL without prepared
// statements and plans, which pgx keeps track of. It ends with the statements that pgx
// does not know, those of PREPARE.
const cleanSession = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; " +
	"SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; " +
	"SELECT FROM pg_prepared_statements WHERE from_sql"

// errPrepared is why a session is not clean: PREPARE left a statement in it.
var errPrepared = errors.New("db: the session has statements of PREPARE")

// WithConn gives fn one connection and returns it to the pool when fn returns, panics
// or ends its goroutine. fn must not keep it. It is for what belongs to a session: SET,
// advisory locks, temporary tables, LISTEN, many statements in a row.
//
// Afterwards a transaction that fn left open is rolled back, and all session state is
// reset except named prepared statements of pgx. That covers settings, role, locks,
// temporary tables, cursors, and LISTEN with its notifications. It costs one round
// trip, which ctx's end does not stop. If it fails, gets no answer within
// [Config].PingTimeout, or finds statements of PREPARE, the connection is closed
// instead. Libraries (LOAD), the seed of random() and what PREPARE TRANSACTION left on
// the server stay.
//
// does names what fn changes in the database, for [Config].Invalidator; it may be
// [stmt.Effects]{} for nothing. Without it fn may change anything, and counts as one
// write from before it is called until it has returned.
//
// The error is fn's; [ErrTxLeftOpen] when fn returned nil and left a transaction
// open, or the connection was lost in the middle of one; or that of getting a
// connection, as for [DB.Exec], a [pgerr.PoolerError] among them.
func (d *DB) WithConn(ctx context.Context, fn func(ctx context.Context, conn *pgx.Conn) error, does ...stmt.Effects) (err error) {
	if err := d.needSession("WithConn"); err != nil {
		return err
	}
	l, err := d.acquire(ctx, use{})
	if err != nil {
		return err
	}
	for i := range does {
		l.writes.AddNamed("WithConn", &does[i])
	}
	if len(does) == 0 {
		l.writes.AddUnseen("WithConn")
	}
	l.writes.Before()
	defer func() {
		if open := l.handBack(ctx, err); open && err == nil {
			err = ErrTxLeftOpen
		}
	}()
	return fn(unit.WithPool(ctx, d), l.conn)
}

// handBack gives the connection back, with a clean session, after a use that ended with
// err. It reports whether a transaction was open.
func (l *lease) handBack(ctx context.Context, err error) (open bool) {
	outcome, settled := stmt.Unknown, false
	defer func() { l.writes.End(outcome, settled) }()
	defer l.done(err)
	defer func() {
		if outcome == stmt.Unknown { // after a panic, of the log's handler for one, or closed
			sever(l.conn)
		}
	}()
	open = l.clean(ctx)
	if !l.conn.IsClosed() {
		outcome = stmt.Committed // as far as the use wanted it
	}
	settled = l.settled(nil)
	return open
}

// clean resets the connection's session or closes the connection. It reports whether a
// transaction was open.
func (l *lease) clean(ctx context.Context) (open bool) {
	pg := l.conn.PgConn()
	open = pg.TxStatus() != 'I' // which a closed connection had last
	if pg.IsClosed() {
		return open
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.d.cfg.PingTimeout)
	defer cancel()
	sql := cleanSession
	if open {
		sql = "ROLLBACK; " + sql
	}
	// A connection that is busy, with rows that were not closed, fails here.
	err := scrub(ctx, pg, sql)
	switch {
	case err == nil:
		l.dropNotifications()
		return open
	case errors.Is(err, context.DeadlineExceeded):
		l.info.reason = ClosedDead
		l.d.counts.pingTimeouts.Add(1)
		l.d.reset(l.info, "a connection that came back gave no answer")
	case l.Died(err):
		l.judge(err)
	default:
		l.info.reason = ClosedDirty
	}
	_ = l.conn.Close(ctx) // the cause is known, and the connection is of no use
	return open
}

// scrub runs statements of which the last one must find nothing.
func scrub(ctx context.Context, pg *pgconn.PgConn, sql string) error {
	results := pg.Exec(ctx, sql)
	var last pgconn.CommandTag
	for results.NextResult() {
		last, _ = results.ResultReader().Close()
	}
	if err := results.Close(); err != nil {
		return err
	}
	if last.RowsAffected() > 0 {
		return errPrepared
	}
	return nil
}

// dropNotifications takes what the connection has received, so that the next
// user does not get it. Nothing more comes after UNLISTEN.
func (l *lease) dropNotifications() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // what is there already is returned all the same
	for {
		if _, err := l.conn.WaitForNotification(ctx); err != nil {
			return
		}
	}
}
