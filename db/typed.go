package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// A violation of a constraint gets its type where its error leaves the package, and
// the connection gets to know the types of parameters and columns. These do it for
// what transactions and batches hand out.

// typedTx is a transaction, or a part of one.
type typedTx struct {
	pgx.Tx
	lease *lease
}

// Begin begins a part of the transaction.
func (t typedTx) Begin(ctx context.Context) (pgx.Tx, error) {
	inner, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return typedTx{inner, t.lease}, nil
}

// Commit commits.
func (t typedTx) Commit(ctx context.Context) error { return pgerr.Typed(t.Tx.Commit(ctx)) }

// Exec runs a statement.
func (t typedTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.lease.admitCall(sql, args); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := t.Tx.Exec(ctx, sql, args...)
	if err != nil && plain(args) && t.lease.learnParams(ctx, err, sql) {
		tag, err = t.Tx.Exec(ctx, sql, args...)
	}
	return tag, pgerr.Typed(err)
}

// Query runs a statement that returns rows.
func (t typedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.lease.admitCall(sql, args); err != nil {
		return failed{err}, err
	}
	result, err := t.Tx.Query(ctx, sql, args...)
	if err != nil && plain(args) && t.lease.learnParams(ctx, err, sql) {
		result, err = t.Tx.Query(ctx, sql, args...)
	}
	return &typedRows{Rows: result, lease: t.lease}, pgerr.Typed(err)
}

// QueryRow runs a statement that returns a row.
func (t typedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := t.Query(ctx, sql, args...)
	return row{rows}
}

// Prepare prepares a statement, which stays in the session by its name.
func (t typedTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := t.lease.admit(sql); err != nil {
		return nil, err
	}
	return t.Tx.Prepare(ctx, name, sql)
}

// Conn returns the connection. A change of the session made there is not seen, and undone
// as after [DB.WithConn].
func (t typedTx) Conn() *pgx.Conn {
	t.lease.left = max(t.lease.left, cleanable)
	return t.Tx.Conn()
}

// Peek returns the connection to those who only look at its state, as package txn
// does.
func (t typedTx) Peek() *pgx.Conn { return t.Tx.Conn() }

// CopyFrom loads rows by COPY.
func (t typedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	n, err := t.Tx.CopyFrom(ctx, table, columns, source)
	t.lease.learnCopy(err, table, columns)
	return n, pgerr.Typed(err)
}

// SendBatch sends several statements.
func (t typedTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := t.lease.admitBatch(batch); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return typedBatch{t.lease.resend(ctx, batch, t.Tx.SendBatch), t.lease}
}

type typedRows struct {
	pgx.Rows
	lease *lease
	typed bool // as that of rows
}

// Err is the error that ended the rows.
func (r *typedRows) Err() error { return pgerr.Typed(r.Rows.Err()) }

// Scan reads the row.
func (r *typedRows) Scan(dest ...any) error {
	r.learn()
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.lease.unfit(err, r.Rows.FieldDescriptions())
	}
	return err
}

// Values decodes the row.
func (r *typedRows) Values() ([]any, error) {
	r.learn()
	return r.Rows.Values()
}

func (r *typedRows) learn() {
	if !r.typed {
		r.typed = true
		r.lease.learnFields(r.Rows.FieldDescriptions(), false)
	}
}

type typedBatch struct {
	pgx.BatchResults
	lease *lease
}

// Exec reads the next result.
func (b typedBatch) Exec() (pgconn.CommandTag, error) {
	tag, err := b.BatchResults.Exec()
	return tag, pgerr.Typed(err)
}

// Query reads the next result.
func (b typedBatch) Query() (pgx.Rows, error) {
	result, err := b.BatchResults.Query()
	return &typedRows{Rows: result, lease: b.lease}, pgerr.Typed(err)
}

// QueryRow reads the next result.
func (b typedBatch) QueryRow() pgx.Row {
	rows, _ := b.Query()
	return row{rows}
}

// Close reads the results that are left.
func (b typedBatch) Close() error { return pgerr.Typed(b.BatchResults.Close()) }
