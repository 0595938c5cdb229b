package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// twice runs attempt, and once more when its failure says that the connection
// and not the statement is to blame. It is for statements that may be run twice,
// and does not decide which these are. attempt has the lease of its last run.
func (d *DB) twice(ctx context.Context, sql string, attempt func(*lease) error) (*lease, error) {
	l, err := d.acquire(ctx, sql)
	if err != nil {
		return nil, err
	}
	returned := false
	defer func() {
		if !returned { // a panic
			l.done(nil)
		}
	}()
	err = attempt(l)
	switch {
	case err == nil || ctx.Err() != nil:
	case pgerr.KindOf(err) == pgerr.StalePlan && l.reusable():
		// pgx has forgotten the statement and will prepare it anew; any other
		// connection may have the same old plan.
		d.noteReplay(sql, err)
		err = attempt(l)
	case l.died(err):
		d.noteReplay(sql, err)
		l.done(err)
		next, acquireErr := d.acquire(ctx, sql)
		if acquireErr != nil {
			returned = true
			return nil, acquireErr
		}
		l = next
		err = attempt(l)
	}
	returned = true
	return l, err
}

// reusable says whether the lease's connection can run another statement.
func (l *lease) reusable() bool {
	pg := l.conn.PgConn()
	return !pg.IsClosed() && !pg.IsBusy() && pg.TxStatus() == 'I'
}

func (d *DB) noteReplay(sql string, err error) {
	d.counts.replays.Add(1)
	d.events.replay(sql, err)
}

func (d *DB) readExec(ctx context.Context, sql string, args []any) (tag pgconn.CommandTag, err error) {
	l, err := d.twice(ctx, sql, func(l *lease) (err error) {
		if err := l.admitCall(sql, args); err != nil {
			return err
		}
		tag, err = l.exec(ctx, sql, args)
		return err
	})
	if l != nil {
		l.done(err)
	}
	return tag, pgerr.Typed(err)
}

func (d *DB) readQuery(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	var result *rows
	l, err := d.twice(ctx, sql, func(l *lease) error {
		if err := l.admitCall(sql, args); err != nil {
			return err
		}
		inner, err := l.send(ctx, sql, args)
		result = &rows{Rows: inner, lease: l}
		if err != nil {
			return err
		}
		return result.prime()
	})
	switch {
	case l == nil:
		return failed{err}, err
	case err != nil:
		l.done(err)
		err = pgerr.Typed(err)
		return failed{err}, err // and not pgx's, which go on reading the connection's state
	}
	return result, nil
}
