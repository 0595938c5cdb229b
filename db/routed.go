package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// routed is an [Executor] that chooses the database for each use. It is
// comparable, as the executors of a DB are.
type routed struct {
	set   *Set
	reads bool
}

func (r routed) of(d *DB) Executor {
	if r.reads {
		return d.Reads()
	}
	return d
}

// Exec runs the statement on the database that ctx chooses.
func (r routed) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	d, err := r.set.DB(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return r.of(d).Exec(ctx, sql, args...)
}

// Query runs the statement on the database that ctx chooses.
func (r routed) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	d, err := r.set.DB(ctx)
	if err != nil {
		return failed{err}, err
	}
	return r.of(d).Query(ctx, sql, args...)
}

// QueryRow runs the statement on the database that ctx chooses.
func (r routed) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	d, err := r.set.DB(ctx)
	if err != nil {
		return row{failed{err}}
	}
	return r.of(d).QueryRow(ctx, sql, args...)
}

// CopyFrom loads rows into the database that ctx chooses.
func (r routed) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	d, err := r.set.DB(ctx)
	if err != nil {
		return 0, err
	}
	return r.of(d).CopyFrom(ctx, table, columns, source)
}

// SendBatch sends the batch to the database that ctx chooses.
func (r routed) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	d, err := r.set.DB(ctx)
	if err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return r.of(d).SendBatch(ctx, batch)
}
