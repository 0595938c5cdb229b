package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// reads is an [Executor] for statements that their caller states to be reads.
// readonly decides what is let through; what is done then is in replay.go.
type reads struct{ d *DB }

// Reads returns an executor for reads. When the connection proves dead before
// the first row has come, or its prepared statement out of date, the read is run
// once more, on another connection where that helps; the caller does not notice.
// For that, Query returns only when the first row is there.
//
// A statement is a read when it begins with SELECT, WITH, VALUES, TABLE or SHOW
// and none of the words that write or lock (INSERT, UPDATE, DELETE, MERGE, INTO,
// FOR SHARE, FOR UPDATE) is in it, outside of quotes and comments. Anything else,
// and CopyFrom, is refused with a [NotReadError]; so is a harmless column named
// like one of these words, unless it is quoted, and a pgx.QueryRewriter other than
// pgx's own. What is not seen is a function
// that writes: SELECT send_order() would be let through, and could be run twice.
//
// A batch is checked as well, but not run again. It is the same executor each
// time; the errors are those of [DB.Exec] besides.
func (d *DB) Reads() Executor {
	return reads{d}
}

// readonly returns a *NotReadError unless the statement is a read and stays one.
func (r reads) readonly(sql string, args []any) error {
	if rewrites(args) {
		return &NotReadError{Statement: stmt.Name(sql), Reason: "an argument rewrites it"}
	}
	return checkRead(sql)
}

// Exec runs a read, drops its rows and returns its tag.
func (r reads) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := r.readonly(sql, args); err != nil {
		return pgconn.CommandTag{}, err
	}
	return r.d.readExec(ctx, sql, args)
}

// Query returns once the first row is there.
func (r reads) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := r.readonly(sql, args); err != nil {
		return failed{err}, err
	}
	return r.d.readQuery(ctx, sql, args)
}

// QueryRow runs a read; its error is Scan's.
func (r reads) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := r.Query(ctx, sql, args...)
	return row{rows}
}

// CopyFrom refuses: it writes.
func (r reads) CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error) {
	return 0, &NotReadError{Statement: "COPY", Reason: "it writes"}
}

// SendBatch checks every statement of the batch before it is sent.
func (r reads) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	var list []error
	for _, q := range batch.QueuedQueries {
		list = append(list, r.readonly(q.SQL, q.Arguments))
	}
	if err := errors.Join(list...); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return r.d.SendBatch(ctx, batch)
}
