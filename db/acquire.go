package db

import (
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

// acquire checks out a connection. Every use of the pool comes through here.
//
// The error is an *inTransactionError, ErrClosed, an *AcquireTimeoutError, or ctx's
// with the last failure to connect, if there was one. A failure to connect that waiting
// does not heal is returned at once.
func (d *DB) acquire(ctx context.Context, what use) (*lease, error) {
	if d.life.Err() != nil {
		return nil, ErrClosed
	}
	if u := unit.Over(ctx, d); u != nil {
		return nil, &inTransactionError{Target: d.cfg.Name, Op: u.Op, Statement: sqltext.Name(what.sql)}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, err)
	}
	start := time.Now()
	l := &lease{d: d, use: what}
	conn := d.takeIdle(ctx, &l.glance)
	if conn == nil {
		var err error
		if conn, err = d.takeWithin(ctx); err != nil {
			return nil, err
		}
	}
	if d.life.Err() != nil {
		d.release(conn) // Close began meanwhile
		return nil, ErrClosed
	}
	d.waits.add(time.Since(start))
	d.lend(l, conn)
	return l, nil
}

// takeIdle returns a connection that is idle and needs no ping, or nil. It does not
// wait, and so needs no context with an end, which would cost allocations.
func (d *DB) takeIdle(ctx context.Context, g *glance) *pgxpool.Conn {
	if d.waiting.Load() > 0 || d.open.Load() <= d.taken.Load() || d.acquireTraced {
		return nil
	}
	g.Context = ctx
	conn, err := d.pool.Acquire(g)
	if err != nil {
		return nil
	}
	d.taken.Add(1)
	if d.fresh(conn) {
		return conn
	}
	d.release(conn) // to be taken again by a caller who can wait for its ping
	return nil
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

// takeWithin returns a connection that is alive, within AcquireTimeout.
func (d *DB) takeWithin(ctx context.Context) (*pgxpool.Conn, error) {
	bound, cancel := context.WithTimeout(ctx, d.cfg.AcquireTimeout)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	d.waiting.Add(1)
	conn, err := d.take(bound)
	d.waiting.Add(-1)
	if err == nil {
		return conn, nil
	}
	var hook *registerTypesError
	switch {
	case d.life.Err() != nil:
		return nil, ErrClosed
	case ctx.Err() != nil:
		err = fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, err)
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, err
		}
		d.counts.acquireTimeouts.Add(1) // its deadline was the shorter one
	case bound.Err() != nil:
		d.counts.acquireTimeouts.Add(1)
		err = d.acquireTimeout(err)
	case errors.As(err, &hook): // it says all of that
	default:
		err = fmt.Errorf("db: connect to %q: %w", d.cfg.Name, advised(err))
	}
	d.monitor.note(err)
	return nil, err
}

// take gets a connection that is alive from the pool. It tries until ctx ends,
// and then returns ctx's error with the last failure to connect of any caller.
func (d *DB) take(ctx context.Context) (*pgxpool.Conn, error) {
	for {
		conn, err := d.pool.Acquire(ctx)
		if err == nil {
			d.taken.Add(1)
		}
		switch {
		case err == nil && d.alive(ctx, conn):
			return conn, nil
		case ctx.Err() != nil:
			if last := d.dials.last(); last != nil {
				return nil, fmt.Errorf("%w: %w", ctx.Err(), last)
			}
			return nil, ctx.Err()
		case err == nil: // it was dead, there are others
		case heals(err): // the next dial is held back
		default:
			return nil, err
		}
	}
}

// release gives a connection back to the pool.
func (d *DB) release(conn *pgxpool.Conn) {
	conn.Release()
	d.taken.Add(-1)
}

func (d *DB) acquireTimeout(err error) error {
	return &AcquireTimeoutError{
		Target: d.cfg.Name, Timeout: d.cfg.AcquireTimeout, Max: d.cfg.MaxConns, InUse: d.ledger.count(),
		Waiting: int(d.waiting.Load()), Oldest: d.ledger.oldest(), Err: err,
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
