package db

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Executor runs statements: what sqlc's generated code asks for. The methods do
// what those of the same name of a *pgxpool.Pool do.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// Exec runs a statement. Besides the server's errors it returns [ErrClosed], an
// [AcquireTimeoutError], or ctx's error when ctx ended before a connection could
// be had; with these nothing was sent. [ErrTxLeftOpen] is for a text that began a
// transaction.
//
// A prepared statement that the session no longer honours, because a table was
// changed or the session was told DISCARD ALL, is prepared anew and run then; so
// it is by Query and QueryRow. The server refused it unseen.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	l, err := d.acquire(ctx, sql)
	if err != nil {
		return tag, err
	}
	defer func() { l.done(err) }()
	if err := l.admitCall(sql, args); err != nil {
		return tag, err
	}
	tag, err = l.exec(ctx, sql, args)
	if err != nil && l.unseen(ctx, err, sql, args) {
		d.noteReplay(sql, err)
		tag, err = l.exec(ctx, sql, args)
	}
	return tag, pgerr.Typed(l.leftOpen(err))
}

// Query runs a statement that returns rows. It returns when the first row or the
// statement's error has come. The rows hold a connection until they are closed or
// read to the end. They are never nil, and have the error too; the errors are those
// of [DB.Exec].
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	l, err := d.acquire(ctx, sql)
	if err != nil {
		return failed{err}, err
	}
	if err := l.admitCall(sql, args); err != nil {
		l.done(nil)
		return failed{err}, err
	}
	rows, err := l.query(ctx, sql, args)
	if err != nil {
		l.done(err)
	}
	return rows, pgerr.Typed(err)
}

// QueryRow runs a statement that returns a row. Scan must be called: it gives
// the connection back and has the error, one of those of [DB.Exec] or
// pgx.ErrNoRows.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := d.Query(ctx, sql, args...)
	return row{rows}
}

// CopyFrom loads rows by COPY and returns how many there were. The errors are
// those of [DB.Exec]. pgx asks source on a goroutine of its own: a panic of source
// ends the process, and nobody can recover from it.
func (d *DB) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (n int64, err error) {
	l, err := d.acquire(ctx, "COPY")
	if err != nil {
		return 0, err
	}
	defer func() { l.done(err) }()
	n, err = l.conn.CopyFrom(ctx, table, columns, source)
	l.learnCopy(err, table, columns)
	return n, pgerr.Typed(err)
}

// SendBatch sends several statements in one round trip. The results hold a
// connection until they are closed, which must be done. The errors are those of
// [DB.Exec].
func (d *DB) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	l, err := d.acquire(ctx, "batch")
	if err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	if err := l.admitBatch(batch); err != nil {
		l.done(nil)
		return pgx.FailedBatchResults(batch, err)
	}
	return l.sendBatch(ctx, batch)
}

// query runs a statement on the lease, which then belongs to the rows, unless
// there is an error.
func (l *lease) query(ctx context.Context, sql string, args []any) (pgx.Rows, error) {
	returned := false
	defer func() {
		if !returned { // a panic, in an argument's own encoding for one
			l.done(nil)
		}
	}()
	inner, err := l.send(ctx, sql, args)
	r := &rows{Rows: inner, lease: l}
	if stale := cmp.Or(err, r.prime()); stale != nil && l.unseen(ctx, stale, sql, args) {
		l.d.noteReplay(sql, stale)
		inner, err = l.send(ctx, sql, args)
		r = &rows{Rows: inner, lease: l}
	}
	returned = true
	return r, err
}

// unseen says whether err means that the server did not run a statement which
// it had prepared. The same refusal may come out of the middle of a statement,
// from a function or after a semicolon; what ran until then may be committed.
func (l *lease) unseen(ctx context.Context, err error, sql string, args []any) bool {
	var pg *pgconn.PgError
	if pgerr.KindOf(err) != pgerr.StalePlan || !errors.As(err, &pg) || ctx.Err() != nil || !l.reusable() {
		return false
	}
	if rewrites(args) {
		return false // into what may be several
	}
	return (pg.Where == "" || pg.Code == "XX000") && !l.several(sql)
}

// several says whether a text is more than one statement.
func (l *lease) several(sql string) bool {
	n := 0
	for range sqltext.RulesOf(l.conn.PgConn().ParameterStatus).Statements(sql) {
		n++
	}
	return n > 1
}
