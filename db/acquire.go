package db

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// acquire checks out a connection. Every use of the pool comes through here, or through
// acquireIdle and acquireWithin.
//
// The error is an *inTransactionError, ErrClosed, an *AcquireTimeoutError, or ctx's
// with the last failure to connect, if there was one. A failure to connect that waiting
// does not heal is returned at once.
func (d *DB) acquire(ctx context.Context, what use) (*lease, error) {
	if err := d.usable(ctx, what.sql); err != nil {
		return nil, err
	}
	start := time.Now()
	switch {
	case d.pooler() == Transaction: // where no reads share; Config may not have known of it
		what.gate = nil
	case what.gate == nil:
		what.gate = d.others
	}
	l, err := d.acquireIdle(ctx, what, start)
	if l != nil || err != nil {
		return l, err
	}
	return d.acquireWithin(ctx, what, start)
}

// usable returns why a use of the DB, by a text or by none, is refused, or nil.
func (d *DB) usable(ctx context.Context, sql string) error {
	if d.life.Err() != nil {
		return ErrClosed
	}
	if u := unit.Over(ctx, d); u != nil {
		return &inTransactionError{Target: d.cfg.Name, Op: u.Op, Statement: sqltext.Name(sql)}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, err)
	}
	return nil
}

// acquireIdle checks out a connection that is ready, or returns nil when the caller
// must wait for one.
func (d *DB) acquireIdle(ctx context.Context, what use, start time.Time) (*lease, error) {
	if !d.enterNow(what) {
		return nil, nil
	}
	l := &lease{d: d, use: what}
	defer l.unlent()
	if !d.takeIdle(ctx, l, start) {
		return nil, nil
	}
	return d.lend(l, start, start) // the clock is not read again for so little
}

// acquireWithin waits for a connection until AcquireTimeout after start.
func (d *DB) acquireWithin(ctx context.Context, what use, start time.Time) (*lease, error) {
	if err := d.enter(ctx, what, start); err != nil {
		return nil, err
	}
	l := &lease{d: d, use: what}
	defer l.unlent()
	if !d.takeIdle(ctx, l, time.Now()) {
		conn, err := d.takeWithin(ctx, start)
		if err != nil {
			return nil, err
		}
		l.take(conn, infoOf(conn.Conn()))
	}
	return d.lend(l, start, time.Now())
}

// enterNow passes the turnstiles if nothing must be waited for.
func (d *DB) enterNow(what use) bool {
	if !what.gate.try() {
		return false
	}
	if d.slots.try() {
		return true
	}
	what.gate.leave()
	return false
}

// enter waits for a place among the uses, of which there are as many as connections.
// Callers wait here rather than in the pool, where each wait would need contexts.
func (d *DB) enter(ctx context.Context, what use, start time.Time) error {
	if d.enterNow(what) {
		return nil
	}
	if d.wait(ctx, what, start) {
		return nil
	}
	return d.notEntered(ctx)
}

// wait waits for what enter is about. It reports false when the wait ended in vain.
func (d *DB) wait(ctx context.Context, what use, start time.Time) bool {
	d.queued.Add(1)
	defer d.queued.Add(-1)
	end := d.endOf(ctx, start)
	defer end.late.Stop()
	if !what.gate.wait(end) {
		return false
	}
	if d.slots.wait(end) {
		return true
	}
	what.gate.leave()
	return false
}

// notEntered is the error of a caller that waited for its place in vain.
func (d *DB) notEntered(ctx context.Context) error {
	return d.notAcquired(ctx, true, d.withLastDial(cmp.Or(ctx.Err(), context.DeadlineExceeded)))
}

// leave gives a place among the uses back.
func (d *DB) leave(what use) {
	d.slots.leave()
	what.gate.leave()
}

// takeIdle takes a connection for a lease if there is one that is idle and needs no ping.
// It does not wait, and so needs no context with an end, which would cost allocations.
func (d *DB) takeIdle(ctx context.Context, l *lease, now time.Time) bool {
	if d.waiting.Load() > 0 {
		return false
	}
	conn := d.parked.take()
	if conn == nil {
		conn = d.borrowIdle(ctx, l, now)
	}
	if conn == nil {
		return false
	}
	if info := infoOf(conn.Conn()); d.fresh(info, now) {
		l.take(conn, info)
		return true
	}
	d.release(conn) // to be taken again by a caller who can wait for its ping
	return false
}

// borrowIdle takes a connection that is idle in the pool, or returns nil.
func (d *DB) borrowIdle(ctx context.Context, l *lease, now time.Time) *pgxpool.Conn {
	if d.open.Load() <= d.taken.Load() || d.acquireTraced {
		return nil
	}
	l.glance.Context = ctx
	conn, err := d.pool.Acquire(&l.glance)
	if err != nil {
		return nil
	}
	d.borrowed(conn, now)
	return conn
}

// borrowed notes that a connection is not in the pool from now on.
func (d *DB) borrowed(conn *pgxpool.Conn, now time.Time) {
	d.taken.Add(1)
	infoOf(conn.Conn()).borrowed = now
}

// glance is a context with which a pool is asked for a connection that is idle. When
// the pool looks for the first time the context goes on; when the pool would wait, and
// looks again, it has ended.
type glance struct {
	context.Context
	looked atomic.Bool
}

// Done returns a channel that is closed, but for the first call.
func (g *glance) Done() <-chan struct{} {
	if g.looked.Swap(true) {
		return atOnce
	}
	return g.Context.Done()
}

// Err is the error of the wait.
func (g *glance) Err() error {
	if g.looked.Load() {
		return context.Canceled
	}
	return g.Context.Err()
}

var atOnce = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// takeWithin returns a connection that is alive, until AcquireTimeout after start. It
// connects if need be.
func (d *DB) takeWithin(ctx context.Context, start time.Time) (*pgxpool.Conn, error) {
	bound, cancel := context.WithDeadline(ctx, start.Add(d.cfg.AcquireTimeout))
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	d.waiting.Add(1)
	conn, err := func() (*pgxpool.Conn, error) {
		defer d.waiting.Add(-1) // also after a panic
		return d.take(bound)
	}()
	if err != nil {
		return nil, d.notAcquired(ctx, bound.Err() != nil, err)
	}
	return conn, nil
}

// notAcquired returns what a caller gets that waited in vain. late says that
// AcquireTimeout passed, unless ctx or the DB ended.
func (d *DB) notAcquired(ctx context.Context, late bool, err error) error {
	var hook *registerTypesError
	switch {
	case d.life.Err() != nil:
		return ErrClosed
	case ctx.Err() != nil:
		err = fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, err)
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return err
		}
		d.counts.acquireTimeouts.Add(1) // its deadline was the shorter one
	case late:
		d.counts.acquireTimeouts.Add(1)
		err = d.acquireTimeout(err)
	case errors.As(err, &hook): // it says all of that
	default:
		err = fmt.Errorf("db: connect to %q: %w", d.cfg.Name, advised(err))
	}
	d.monitor.note(err)
	return err
}

// take gets a connection that is alive from the pool. It tries until ctx ends,
// and then returns ctx's error with the last failure to connect of any caller.
func (d *DB) take(ctx context.Context) (*pgxpool.Conn, error) {
	for {
		conn, err := d.parked.take(), error(nil)
		if conn == nil {
			if conn, err = d.pool.Acquire(ctx); err == nil {
				d.borrowed(conn, time.Now())
			}
		}
		switch {
		case err == nil && d.alive(ctx, conn):
			return conn, nil
		case ctx.Err() != nil:
			return nil, d.withLastDial(ctx.Err())
		case err == nil: // it was dead, there are others
		case heals(err): // the next dial is held back
		default:
			return nil, err
		}
	}
}

// withLastDial adds the last failure to connect, of any caller, to the end of a wait.
func (d *DB) withLastDial(err error) error {
	if last := d.dials.last(); last != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return err
}

// release gives a connection back to the pool. A parked one keeps its handle: a second
// release would take the connection from its next user.
func (d *DB) release(conn *pgxpool.Conn) {
	conn.Release()
	d.taken.Add(-1)
}

func (d *DB) acquireTimeout(err error) error {
	return &AcquireTimeoutError{
		Target: d.cfg.Name, Timeout: d.cfg.AcquireTimeout, Max: d.cfg.MaxConns, InUse: d.ledger.count(),
		Waiting: d.waiters(), Oldest: d.ledger.oldest(), Err: err,
	}
}

// waiters returns how many callers want a connection.
func (d *DB) waiters() int { return int(d.waiting.Load()+d.queued.Load()) + d.shares.queue.waiters() }

// turnstile lets a number of callers pass at a time, first come, first served. A nil one
// lets everybody pass.
type turnstile chan struct{}

// shut returns a turnstile for one caller, which waits there until a leave.
func shut() turnstile {
	t := make(turnstile, 1)
	t <- struct{}{}
	return t
}

// try passes if there is room.
func (t turnstile) try() bool {
	if t == nil {
		return true
	}
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

// waitEnd is what ends a wait: the caller, its time, the DB.
type waitEnd struct {
	ctx, life <-chan struct{}
	late      *time.Timer
}

// endOf returns what ends a wait that began at start. Its timer is to be stopped.
func (d *DB) endOf(ctx context.Context, start time.Time) waitEnd {
	late := time.NewTimer(time.Until(start.Add(d.cfg.AcquireTimeout)))
	return waitEnd{ctx: ctx.Done(), life: d.life.Done(), late: late}
}

// wait passes as soon as there is room, or reports that the wait ended before.
func (t turnstile) wait(end waitEnd) bool {
	if t == nil {
		return true
	}
	select {
	case t <- struct{}{}:
		return true
	case <-end.ctx:
	case <-end.life:
	case <-end.late.C:
	}
	return false
}

// leave makes room.
func (t turnstile) leave() {
	if t != nil {
		<-t
	}
}

// heals says whether a failure to connect may go away by waiting.
func heals(err error) bool {
	var pg *pgconn.PgError
	var cert *tls.CertificateVerificationError
	var hook *registerTypesError
	switch {
	case errors.As(err, &hook):
		return false
	case pgerr.KindOf(err) == pgerr.Refused, errors.As(err, &cert):
		return false
	case errors.As(err, &pg):
		// A start-up parameter that the server does not know or like.
		return !strings.HasPrefix(pg.Code, "22") && !strings.HasPrefix(pg.Code, "42")
	}
	return true
}
