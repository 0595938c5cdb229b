package db

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// lease is a connection in use, and what its statement needs. It is all that a
// statement allocates.
type lease struct {
	use
	d      *DB
	pooled *pgxpool.Conn
	conn   *pgx.Conn
	info   *connInfo
	since  time.Time
	noted  atomic.Bool // its callers are; not those of a known statement without open rows
	glance glance

	call   exec.Call   // the statement, if it is for one
	batch  *exec.Batch // that is under way
	rows   exec.Rows
	writes *exec.Writes // nil when there is no Invalidator
	inTx   bool         // it is given back by the end of a transaction
	tried  tries
	shares *pace // of a statement whose reads share connections when they are quick; else nil
	lost   bool  // the statement may be run once more, on another connection

	left   mark
	warned atomic.Bool // that it is held for long
	lent   bool        // a caller has it, or had
	back   atomic.Bool
}

// use is the reason for a checkout.
type use struct {
	op   string    // the operation of package txn, or ""
	sql  string    // "" for a transaction, say
	gate turnstile // of its kind of use; nil unless reads have connections of their own

	// A statement that generated code knows is found by its name. The callers are noted
	// all the same once they hold rows, as they may forget to close them.
	named bool
}

// hold notes the callers that hold the connection. skip is how many frames are between.
func (l *lease) hold(skip int) {
	l.info.mu.Lock()
	defer l.info.mu.Unlock()
	l.info.holders.note(skip + 1)
	l.noted.Store(true)
}

// holders are the callers that hold the connection, as far as they were noted.
func (l *lease) holders() (who callers) {
	l.info.mu.Lock()
	defer l.info.mu.Unlock()
	if l.noted.Load() && l.info.lease.Load() == l { // else it was given back meanwhile
		who = l.info.holders
	}
	return who
}

// take notes the connection that was taken for the lease.
func (l *lease) take(conn *pgxpool.Conn, info *connInfo) {
	l.pooled, l.conn, l.info = conn, conn.Conn(), info
}

// lend makes a lease of what was taken for it, for a caller who has waited from start
// until now. The error is ErrClosed.
func (d *DB) lend(l *lease, start, now time.Time) (*lease, error) {
	if d.life.Err() != nil { // Close began meanwhile
		return nil, ErrClosed
	}
	l.since = now
	d.waits.add(now.Sub(start))
	if d.listener != nil {
		l.writes = &exec.Writes{Listener: d.listener, PID: l.conn.PgConn().PID()}
	}
	d.types.teach(&l.info.types)
	if !l.named {
		l.hold(3)
	}
	d.events.checkOut(l)
	d.ledger.add(l)
	l.lent = true
	return l, nil
}

// unlent gives back what was taken for a lease that no caller got, as after a panic of a
// tracer or of the log's handler.
func (l *lease) unlent() {
	if l.lent {
		return
	}
	defer l.d.leave(l.use)
	if l.pooled != nil {
		l.d.release(l.pooled)
	}
}

// done ends the use: it draws the conclusions from the use's error and gives
// the connection back. Only the first call counts.
func (l *lease) done(err error) {
	if !l.back.CompareAndSwap(false, true) {
		return
	}
	judged := false
	defer func() {
		if !judged { // a panic, in the log's handler for one
			l.info.reason = cmp.Or(l.info.reason, ClosedDirty)
			sever(l.conn)
		}
		l.giveBack()
	}()
	l.info.lastUsed = time.Now()
	switch {
	case err == nil && l.shares != nil:
		l.shares.ran(l.info.lastUsed.Sub(l.since), &l.d.shares.trip)
	case err != nil && l.info.reason == "":
		l.judge(err)
	}
	if l.info.reason == "" && l.conn.IsClosed() {
		l.info.reason = ClosedDead // and its error was kept from us
		l.mourn(nil)
	}
	if l.info.reason == "" && (l.conn.PgConn().IsBusy() || l.conn.PgConn().TxStatus() != 'I') {
		l.info.reason = ClosedDirty
	}
	if l.info.reason == "" && l.left != traceless {
		l.sweep()
	}
	judged = true
	l.d.events.checkIn(l)
}

// giveBack gives the connection and its place back.
func (l *lease) giveBack() {
	defer l.d.leave(l.use)
	l.d.ledger.remove(l)
	refused := l.info.refused && l.info.reason == ""
	l.info.refused = false
	switch {
	case l.conn.IsClosed():
		l.d.closers.Go(l.await)
	case refused:
		l.d.closers.Go(l.releaseRefused)
	case l.info.reason != "":
		l.d.release(l.pooled)
	default:
		l.d.park(l.pooled, l.info)
	}
}

// leftOpen returns err, or [ErrTxLeftOpen] where what was sent left a transaction
// open: it ends with the connection.
func (l *lease) leftOpen(err error) error {
	if err != nil || l.back.Load() || l.conn.IsClosed() || l.conn.PgConn().IsBusy() || l.conn.PgConn().TxStatus() == 'I' {
		return err
	}
	return ErrTxLeftOpen
}

// await gives a broken connection's slot back once the connection is really
// gone, so that the server does not get more than MaxConns; but a peer that does
// not answer has only PingTimeout to let it go.
func (l *lease) await() {
	timer := time.NewTimer(l.d.cfg.PingTimeout)
	defer timer.Stop()
	select {
	case <-l.conn.PgConn().CleanupDone():
		l.d.release(l.pooled)
	case <-timer.C:
		l.d.discard(l.pooled, l.info.reason)
	}
}

// judge notes what an error says about the connection and the server. While
// the connection is open the error is about something else.
func (l *lease) judge(err error) {
	switch {
	case !l.conn.IsClosed():
	case l.Died(err):
		l.info.reason = ClosedDead
		l.d.monitor.note(err)
		l.mourn(err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		l.info.reason = ClosedCanceled
	default:
		l.info.reason = ClosedDead
	}
}

// mourn draws the conclusions for the other connections from the end of this one. It
// empties the pool when the server or the network is gone. Otherwise the session ended
// alone; those that were idle meanwhile are pinged before their next use.
func (l *lease) mourn(err error) {
	code := cmp.Or(l.info.end, pgerr.Code(err))
	if serverGone(code, err) || code == "" && silence(err) {
		l.d.reset(l.info, "a connection died in use")
		return
	}
	l.d.doubted.Store(time.Now().UnixNano())
}

// Died reports whether err means that the server or the network ended the
// connection.
func (l *lease) Died(err error) bool {
	return l.conn.IsClosed() && pgerr.KindOf(err) == pgerr.Disconnected
}

// Conn is the connection, for package txn.
func (l *lease) Conn() *pgx.Conn { return l.conn }

// Release is done, for package txn.
func (l *lease) Release(err error) { l.done(err) }

// describe describes the lease.
func (l *lease) describe() Lease {
	who := l.holders()
	return Lease{
		PID: l.conn.PgConn().PID(), Since: l.since, Held: time.Since(l.since),
		Op: l.op, Statement: sqltext.Name(l.sql), Stack: who.stack(),
	}
}
