package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// A violation of a constraint gets its type where its error leaves the package.
// These do it for what transactions and batches hand out.

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
	if err := t.lease.admit(sql); err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := t.Tx.Exec(ctx, sql, args...)
	return tag, pgerr.Typed(err)
}

// Query runs a statement that returns rows.
func (t typedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.lease.admit(sql); err != nil {
		return failed{err}, err
	}
	result, err := t.Tx.Query(ctx, sql, args...)
	return typedRows{result}, pgerr.Typed(err)
}

// QueryRow runs a statement that returns a row.
func (t typedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.lease.admit(sql); err != nil {
		return row{failed{err}}
	}
	return typedRow{t.Tx.QueryRow(ctx, sql, args...)}
}

// CopyFrom loads rows by COPY.
func (t typedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	n, err := t.Tx.CopyFrom(ctx, table, columns, source)
	return n, pgerr.Typed(err)
}

// SendBatch sends several statements.
func (t typedTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := t.lease.admitBatch(batch); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return typedBatch{t.Tx.SendBatch(ctx, batch)}
}

type typedRows struct{ pgx.Rows }

// Err is the error that ended the rows.
func (r typedRows) Err() error { return pgerr.Typed(r.Rows.Err()) }

type typedRow struct{ pgx.Row }

// Scan reads the row.
func (r typedRow) Scan(dest ...any) error { return pgerr.Typed(r.Row.Scan(dest...)) }

type typedBatch struct{ pgx.BatchResults }

// Exec reads the next result.
func (b typedBatch) Exec() (pgconn.CommandTag, error) {
	tag, err := b.BatchResults.Exec()
	return tag, pgerr.Typed(err)
}

// Query reads the next result.
func (b typedBatch) Query() (pgx.Rows, error) {
	result, err := b.BatchResults.Query()
	return typedRows{result}, pgerr.Typed(err)
}

// QueryRow reads the next result.
func (b typedBatch) QueryRow() pgx.Row { return typedRow{b.BatchResults.QueryRow()} }

// Close reads the results that are left.
func (b typedBatch) Close() error { return pgerr.Typed(b.BatchResults.Close()) }
