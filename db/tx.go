package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// BeginTx starts a transaction on a connection of its own. It must be ended by
// Commit or Rollback, which give the connection back, whatever they return. ctx
// is for BEGIN alone. Package txn does all this, and retries.
//
// BEGIN is sent once more when its connection proves dead: nothing was done on
// it. The errors are those of [DB.Exec].
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	for again := options.BeginQuery == ""; ; again = false {
		l, err := d.acquire(ctx, use{})
		if err != nil {
			return nil, err
		}
		begun, err := l.begin(ctx, options)
		if err == nil {
			return begun, nil
		}
		again = again && l.Died(err)
		l.done(err)
		if !again || ctx.Err() != nil {
			return nil, advised(err)
		}
	}
}

// begin sends BEGIN. The lease then belongs to the transaction, unless there is
// an error.
func (l *lease) begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	returned := false
	defer func() {
		if !returned { // a panic, in a tracer for one
			l.done(nil)
		}
	}()
	inner, err := l.Begin(ctx, options)
	returned = true
	l.inTx = err == nil
	return &tx{Tx: inner, lease: l}, err
}

// Begin begins a transaction of pgx.
func (l *lease) Begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	for _, sql := range [...]string{options.BeginQuery, options.CommitQuery} {
		if sql == "" {
			continue // pgx's own
		}
		if err := l.Admit(nil, sql, nil); err != nil {
			return nil, err
		}
	}
	return l.conn.BeginTx(ctx, options)
}

// tx is a transaction of pgx, or a part of one, that gives its connection back when
// it ends.
type tx struct {
	pgx.Tx
	lease *lease
	part  bool // a savepoint
}

// Begin begins a part of the transaction.
func (t *tx) Begin(ctx context.Context) (pgx.Tx, error) {
	inner, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &tx{inner, t.lease, true}, nil
}

// Commit commits, as pgx's Commit does.
func (t *tx) Commit(ctx context.Context) (err error) {
	if t.part {
		return t.Tx.Commit(ctx)
	}
	l := t.lease
	l.writes.Before()
	err = errNotReturned
	defer func() { // also when a tracer panics
		settled := l.settled(err)
		defer l.writes.End(committed(err), settled) // also after a panic of the log's handler
		l.done(err)
	}()
	return t.Tx.Commit(ctx)
}

// committed is the outcome of a transaction, given the error of its COMMIT.
func committed(err error) stmt.Outcome {
	switch {
	case err == nil:
		return stmt.Committed
	case errors.Is(err, pgx.ErrTxCommitRollback), errors.Is(err, pgx.ErrTxClosed), exec.Aborted(err):
		return stmt.Aborted
	}
	return stmt.Unknown
}

// Rollback rolls back, as pgx's Rollback does.
func (t *tx) Rollback(ctx context.Context) (err error) {
	if t.part {
		return t.Tx.Rollback(ctx)
	}
	l := t.lease
	if !l.writes.Told() { // else a text whose answer was not read may have committed
		l.writes.Drop()
	}
	defer func() {
		settled := l.settled(err)
		defer l.writes.End(stmt.Unknown, settled)
		l.done(err)
	}()
	return t.Tx.Rollback(ctx)
}

// admit decides what is sent for a statement.
func (t *tx) admit(sql string, args []any) (exec.Call, error) {
	c := exec.Resolve(t.lease.d.cfg.Statements, sql, args)
	err := t.lease.admit(&c)
	if err == nil {
		t.lease.note(&c)
	}
	return c, err
}

// Exec runs a statement.
func (t *tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	c, err := t.admit(sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := t.Tx.Exec(ctx, c.SQL, c.Args...)
	if err != nil && t.lease.Retry(ctx, err, c.SQL, c.Args) {
		tag, err = t.Tx.Exec(ctx, c.SQL, c.Args...)
	}
	return tag, t.lease.Answered(c.SQL, tag, err)
}

// Query runs a statement that returns rows.
func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	rows := t.query(ctx, sql, args)
	return rows, rows.Err()
}

// QueryRow runs a statement that returns a row.
func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return (*exec.Row)(t.query(ctx, sql, args))
}

func (t *tx) query(ctx context.Context, sql string, args []any) *exec.Rows {
	c, err := t.admit(sql, args)
	if err != nil {
		return exec.Failed(err)
	}
	inner, err := t.Tx.Query(ctx, c.SQL, c.Args...)
	if err != nil && t.lease.Retry(ctx, err, c.SQL, c.Args) {
		inner, err = t.Tx.Query(ctx, c.SQL, c.Args...)
	}
	return exec.NewRows(t.lease, c.SQL, c.Returned, inner, err)
}

// Prepare prepares a statement, which stays in the session by its name.
func (t *tx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := t.lease.Admit(nil, sql, nil); err != nil {
		return nil, err
	}
	return t.Tx.Prepare(ctx, name, sql)
}

// Conn returns the connection. What is done there is not seen: the session is cleaned
// as after [DB.WithConn], and it counts as a write of anything.
func (t *tx) Conn() *pgx.Conn {
	t.lease.left = max(t.lease.left, cleanable)
	t.lease.writes.AddUnseen("tx.Conn")
	return t.Tx.Conn()
}

// LargeObjects are pgx's own.
func (t *tx) LargeObjects() pgx.LargeObjects {
	t.lease.writes.AddUnseen("large object")
	return t.Tx.LargeObjects()
}

// CopyFrom loads rows by COPY.
func (t *tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	t.lease.noteCopy(table, columns)
	n, err := t.Tx.CopyFrom(ctx, table, columns, source)
	t.lease.CopyFailed(err, table, columns)
	return n, t.lease.Answered("COPY", pgconn.CommandTag{}, err)
}

// SendBatch sends several statements.
func (t *tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	results, _, err := t.lease.sendBatch(ctx, batch, t.Tx.SendBatch)
	if err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return results
}
