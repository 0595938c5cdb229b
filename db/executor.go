package db

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// Executor runs statements: what sqlc's generated code asks for. The methods do
// what those of the same name of a *pgxpool.Pool do, except that the Query of a DB or a Set
// returns the error of the first row, and that the Conn of its rows is nil.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// errNotReturned stands for the error of a call that has not returned, or panicked.
var errNotReturned = errors.New("db: a call did not return")

// Exec runs a statement. Besides the server's errors it returns [ErrClosed],
// [ErrInTransaction], an [AcquireTimeoutError], a [pgerr.PoolerError], the failure to
// connect where waiting does not help, or ctx's error when ctx ended before a connection
// was acquired. With these nothing was sent. When ctx ends later its error is returned and
// the connection is closed. [ErrTxLeftOpen] is for a text that began a transaction.
//
// A statement is sent a second time in two cases. It is known to be read-only
// ([Config].Statements) and its connection proved dead. Or the server refused it before
// it ran, because its prepared statement was out of date or forgotten. The same holds
// for Query, up to the first row, and QueryRow.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	c := exec.Resolve(d.cfg.Statements, sql, args)
	l, err := d.start(ctx, c)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := l.exec(ctx)
	if l.lost {
		if l, err = d.restart(ctx, c, err); err == nil {
			tag, err = l.exec(ctx)
		}
	}
	return tag, err
}

// Query runs a statement that returns rows. It returns when the first row or the
// statement's error has come. The rows hold a connection until they are closed or
// read to the end, unless they came by one that reads share. They are never nil, and have
// the error too; the errors are those of [DB.Exec].
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows, err := d.query(ctx, sql, args)
	if l, leased := rows.Owner().(*lease); leased && l.named && err == nil {
		l.hold(1)
		if l.shares != nil { // how long its caller keeps the rows says nothing
			l.shares.ran(time.Since(l.since), &d.shares.trip)
			l.shares = nil
		}
	}
	return rows, err
}

// QueryRow runs a statement that returns a row. Scan must be called: it gives
// the connection back and has the error, one of those of [DB.Exec] or
// pgx.ErrNoRows.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := d.query(ctx, sql, args)
	return (*exec.Row)(rows)
}

func (d *DB) query(ctx context.Context, sql string, args []any) (*exec.Rows, error) {
	c := exec.Resolve(d.cfg.Statements, sql, args)
	of := d.shares.of(&c)
	if of == nil || of.Load() != 0 {
		return d.queryAlone(ctx, c, of)
	}
	return d.shares.query(ctx, c, of)
}

// queryAlone runs a statement on a connection of its own. of is what is known of it if
// its reads may share one, else nil.
func (d *DB) queryAlone(ctx context.Context, c exec.Call, of *pace) (*exec.Rows, error) {
	l, err := d.acquire(ctx, d.useOf(&c))
	return d.queryOn(ctx, l, err, c, of)
}

// queryOn is queryAlone once a connection was acquired, with err.
func (d *DB) queryOn(ctx context.Context, l *lease, err error, c exec.Call, of *pace) (*exec.Rows, error) {
	if err == nil {
		err = l.ready(c)
	}
	if err != nil {
		return exec.Failed(err), err
	}
	l.shares = of
	err = l.query(ctx)
	if l.lost {
		return d.queryAgain(ctx, c, err)
	}
	return &l.rows, err
}

// queryAgain runs a statement whose connection died, for the last time.
func (d *DB) queryAgain(ctx context.Context, c exec.Call, err error) (*exec.Rows, error) {
	l, err := d.restart(ctx, c, err)
	if err != nil {
		return exec.Failed(err), err
	}
	err = l.query(ctx)
	return &l.rows, err
}

// CopyFrom loads rows by COPY and returns how many there were. The errors are
// those of [DB.Exec]. pgx asks source on a goroutine of its own: a panic of source
// ends the process and cannot be recovered.
func (d *DB) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (n int64, err error) {
	l, err := d.acquire(ctx, use{sql: "COPY"})
	if err != nil {
		return 0, err
	}
	l.call.SQL = "COPY"
	l.noteCopy(table, columns)
	err = errNotReturned
	defer func() { err = l.Closed(err) }()
	n, err = l.conn.CopyFrom(ctx, table, columns, source)
	l.CopyFailed(err, table, columns)
	return n, err
}

// SendBatch sends several statements in one round trip. The results hold a
// connection until they are closed, which must be done. The errors are those of
// [DB.Exec]. A batch is not sent twice.
func (d *DB) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	l, err := d.acquire(ctx, use{sql: exec.BatchName})
	if err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	results, begun, err := l.sendBatch(ctx, batch, l.conn.SendBatch)
	if err != nil {
		l.done(nil)
		return pgx.FailedBatchResults(batch, err)
	}
	if begun != nil {
		l.inTx = true
		results.Begun = &tx{Tx: begun, lease: l}
	}
	return results
}

// start acquires a connection for a statement.
func (d *DB) start(ctx context.Context, c exec.Call) (*lease, error) {
	l, err := d.acquire(ctx, d.useOf(&c))
	if err != nil {
		return nil, err
	}
	return l, l.ready(c)
}

// useOf is the reason for a checkout of a statement.
func (d *DB) useOf(c *exec.Call) use {
	u := use{sql: c.Text(), named: c.Statement != nil}
	if d.own != nil && c.Statement != nil && mayShare(c.Statement) {
		u.gate = d.own
	}
	return u
}

// ready makes the lease ready for a statement. After an error it is done.
func (l *lease) ready(c exec.Call) error {
	l.call = c
	if err := l.admit(&l.call); err != nil {
		l.done(nil)
		return err
	}
	l.note(&l.call)
	return nil
}

// restart is start for a statement whose connection died.
func (d *DB) restart(ctx context.Context, c exec.Call, err error) (*lease, error) {
	d.noteReplay(c.SQL, err)
	return d.start(ctx, c)
}

// exec runs the lease's statement and gives the connection back.
func (l *lease) exec(ctx context.Context) (tag pgconn.CommandTag, err error) {
	err = errNotReturned
	defer func() { err = l.Closed(err) }()
	for again := true; again; again = l.again(ctx, err) {
		tag, err = l.conn.Exec(ctx, l.call.SQL, l.call.Args...)
	}
	return tag, err
}

// query runs the lease's statement up to its first row. The lease then belongs to its
// rows, unless there is an error.
func (l *lease) query(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if !returned { // a panic, in an argument's own encoding for one
			_ = l.Closed(errNotReturned)
		}
	}()
	for again := true; again; again = l.again(ctx, err) {
		var inner pgx.Rows
		inner, err = l.conn.Query(ctx, l.call.SQL, l.call.Args...)
		l.rows.Init(l, l.call.SQL, l.call.Returned, inner)
		if err == nil {
			err = l.rows.Prime()
		}
	}
	returned = true
	if err != nil {
		return l.rows.Fail(err)
	}
	return nil
}

// Over returns an executor that runs statements on a bare pool, connection or
// transaction of pgx as a [DB] chooses them: without the optional parts that their
// arguments do not need. Everything else is passed on as it is.
func Over(inner Executor, statements *stmt.Registry) Executor { return &over{inner, statements} }

type over struct {
	inner      Executor
	statements *stmt.Registry
}

// Exec runs a statement.
func (o *over) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	c := exec.Resolve(o.statements, sql, args)
	return o.inner.Exec(ctx, c.SQL, c.Args...)
}

// Query runs a statement that returns rows.
func (o *over) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c := exec.Resolve(o.statements, sql, args)
	return o.inner.Query(ctx, c.SQL, c.Args...)
}

// QueryRow runs a statement that returns a row.
func (o *over) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	c := exec.Resolve(o.statements, sql, args)
	return o.inner.QueryRow(ctx, c.SQL, c.Args...)
}

// CopyFrom loads rows by COPY.
func (o *over) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	return o.inner.CopyFrom(ctx, table, columns, source)
}

// SendBatch sends several statements. batch is not changed.
func (o *over) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return o.inner.SendBatch(ctx, exec.Choose(o.statements, batch))
}
