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

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// acquire lends a connection for the statement sql ("" for other uses). Every
// use of the pool comes through here.
//
// The error is ErrClosed, ctx's, an *AcquireTimeoutError, or a failure to
// connect that waiting does not heal.
func (d *DB) acquire(ctx context.Context, sql string) (*lease, error) {
	start := time.Now()
	bound, cancel := context.WithTimeout(ctx, d.cfg.AcquireTimeout)
	defer cancel()
	defer context.AfterFunc(d.life, cancel)()
	d.waiting.Add(1)
	conn, err := d.take(bound)
	d.waiting.Add(-1)
	if err == nil {
		d.waits.add(time.Since(start))
		return d.lend(conn, sql, 1), nil
	}
	switch {
	case d.life.Err() != nil:
		return nil, ErrClosed
	case ctx.Err() != nil:
		return nil, fmt.Errorf("db: wait for a connection to %q: %w", d.cfg.Name, ctx.Err())
	case bound.Err() != nil:
		d.counts.acquireTimeouts.Add(1)
		err = d.acquireTimeout(err)
	default:
		err = fmt.Errorf("db: connect to %q: %w", d.cfg.Name, err)
	}
	d.monitor.note(err)
	return nil, err
}

// take gets a connection that is alive from the pool. It tries until ctx ends,
// and then returns ctx's error joined with the last failure to connect.
func (d *DB) take(ctx context.Context) (*pgxpool.Conn, error) {
	var last error
	for {
		conn, err := d.pool.Acquire(ctx)
		switch {
		case err == nil && d.alive(ctx, conn):
			return conn, nil
		case ctx.Err() != nil:
			return nil, errors.Join(ctx.Err(), last)
		case err == nil: // it was dead, there are others
		case heals(err):
			last = err
			d.gate.failed() // which holds back the next attempt
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
	switch {
	case pgerr.KindOf(err) == pgerr.Refused, errors.As(err, &cert):
		return false
	case errors.As(err, &pg):
		// A start-up parameter that the server does not know or like.
		return !strings.HasPrefix(pg.Code, "22") && !strings.HasPrefix(pg.Code, "42")
	}
	return true
}
