package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// cleanSession undoes what a session can be told. It is DISCARD ALL but for
// prepared statements and plans, which pgx keeps count of.
const cleanSession = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; " +
	"SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"

// WithConn lends one connection to fn and takes it back when fn returns, panics
// or ends its goroutine. fn must not keep it. It is for what belongs to a
// session: SET, advisory locks, temporary tables, LISTEN, many statements in a row.
//
// Afterwards a transaction that fn left open is rolled back, and everything is
// undone that fn told the session, except statements it prepared by name: settings,
// role, locks, temporary tables, LISTEN with the notifications that came. What
// PREPARE TRANSACTION keeps on the server stays there. That costs one round trip,
// which ctx's end does not stop; where it fails or has no answer within
// [Config].PingTimeout the connection is closed instead.
//
// The error is fn's; [ErrTxLeftOpen] when fn returned nil and left a transaction
// open, or the connection was lost in the middle of one; or that of getting a
// connection, as for [DB.Exec], a [PoolerError] among them.
func (d *DB) WithConn(ctx context.Context, fn func(ctx context.Context, conn *pgx.Conn) error) (err error) {
	if err := d.needSession("WithConn"); err != nil {
		return err
	}
	l, err := d.acquire(ctx, "")
	if err != nil {
		return err
	}
	open := false
	defer func() {
		open = l.clean(ctx)
		l.done(err)
		if open && err == nil {
			err = ErrTxLeftOpen
		}
	}()
	return fn(unit.WithPool(ctx, d), l.conn)
}

// clean brings the connection back into the state in which it was lent, or
// closes it. It says whether a transaction was open.
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
	err := pg.Exec(ctx, sql).Close()
	switch {
	case err == nil:
		l.dropNotifications()
		return open
	case errors.Is(err, context.DeadlineExceeded):
		l.info.reason = ClosedDead
		l.d.counts.pingTimeouts.Add(1)
		l.d.reset(l.info, "a connection that came back gave no answer")
	case l.died(err):
		l.judge(err)
	default:
		l.info.reason = ClosedDirty
	}
	_ = l.conn.Close(ctx) // the cause is known, and the connection is of no use
	return open
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
