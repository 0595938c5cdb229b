package db

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// acquire lends a connection for the statement sql ("" for other uses). Every
// use of the pool comes through here.
//
// The error is an *InTransactionError, ErrClosed, ctx's (with the last failure to connect, if there was
// one), an *AcquireTimeoutError, or a failure to connect that waiting does not
// heal.
func (d *DB) acquire(ctx context.Context, sql string) (*lease, error) {
	if d.life.Err() != nil {
		return nil, ErrClosed
	}
	if u := unit.Over(ctx, d); u != nil {
		return nil, &InTransactionError{Target: d.cfg.Name, Op: u.Op, Statement: stmt.Name(sql)}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, err)
	}
	start := time.Now()
	bound, cancel := context.WithTimeout(ctx, d.cfg.AcquireTimeout)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	d.waiting.Add(1)
	conn, err := d.take(bound)
	d.waiting.Add(-1)
	if err == nil && d.life.Err() != nil {
		conn.Release() // Close began meanwhile
		return nil, ErrClosed
	}
	if err == nil {
		d.waits.add(time.Since(start))
		return d.lend(conn, use{unit.Op(ctx), sql}, 1), nil
	}
	var hook *RegisterTypesError
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
		err = fmt.Errorf("db: connect to %q: %w", d.cfg.Name, pgerr.Typed(err))
	}
	d.monitor.note(err)
	return nil, err
}

// take gets a connection that is alive from the pool. It tries until ctx ends,
// and then returns ctx's error with the last failure to connect, whoever met it.
func (d *DB) take(ctx context.Context) (*pgxpool.Conn, error) {
	for {
		conn, err := d.pool.Acquire(ctx)
		switch {
		case err == nil && d.alive(ctx, conn):
			return conn, nil
		case ctx.Err() != nil:
			if last := d.gate.last(); last != nil {
				return nil, fmt.Errorf("%w: %w", ctx.Err(), last)
			}
			return nil, ctx.Err()
		case err == nil: // it was dead, there are others
		case heals(err): // the gate knows, and holds back the next dial
		default:
			return nil, err
		}
	}
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
	var hook *RegisterTypesError
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
