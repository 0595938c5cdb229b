package txn

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// Tx is the transaction of one attempt. It has the methods that sqlc's generated
// code asks for, so queries.New(tx) works; they do what the methods of the same
// name of [pgx.Tx] do, and return [pgx.ErrTxClosed] after the attempt.
//
// Like a connection, a Tx is for one goroutine at a time: rows and batches are
// to be read or closed before the next statement.
type Tx struct {
	pgx     pgx.Tx
	runner  *Runner
	op      string
	attempt int
	depth   int // of savepoints

	// fault is the error that broke the transaction, while it is broken.
	fault error
	// doomed is why the transaction must not be committed even if a savepoint
	// mended it: a conflict, or a rollback to a savepoint that failed.
	doomed error

	ended atomic.Bool
}

// Attempt returns the number of this attempt, from 1.
func (tx *Tx) Attempt() int { return tx.attempt }

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	tx.look()
	tag, err := tx.pgx.Exec(ctx, sql, args...)
	return tag, tx.note(err)
}

// Query runs a statement that returns rows. The rows are never nil, and have
// the error too.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	tx.look()
	result, err := tx.pgx.Query(ctx, sql, args...)
	return &rows{Rows: result, tx: tx}, tx.note(err)
}

// QueryRow runs a statement that returns a row. Its error is Scan's.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	tx.look()
	return &row{Row: tx.pgx.QueryRow(ctx, sql, args...), tx: tx}
}

// CopyFrom loads rows by COPY and returns how many there were. pgx asks source on
// a goroutine of its own: a panic of source ends the process.
func (tx *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	tx.look()
	n, err := tx.pgx.CopyFrom(ctx, table, columns, source)
	return n, tx.note(err)
}

// SendBatch sends several statements in one round trip. The results must be
// closed.
func (tx *Tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	tx.look()
	return &batchResults{BatchResults: tx.pgx.SendBatch(ctx, batch), tx: tx}
}

// look forgets a fault from which the transaction has recovered by a rollback
// to a savepoint, before the next statement can bring another.
func (tx *Tx) look() {
	if tx.fault != nil && !tx.ended.Load() && tx.state() == stateOpen {
		tx.fault = nil
	}
}

// note remembers err if it is the first to break the transaction, and returns
// it, typed.
func (tx *Tx) note(err error) error {
	err = pgerr.Typed(err)
	if err == nil || tx.ended.Load() {
		return err
	}
	var pg *pgconn.PgError
	if tx.fault == nil && (errors.As(err, &pg) || tx.state() == stateFailed || pgerr.KindOf(err) == pgerr.Disconnected) {
		tx.fault = err
	}
	if isConflict(err) {
		tx.doom(err)
	}
	return err
}

func (tx *Tx) doom(err error) {
	if tx.doomed == nil {
		tx.doomed = err
	}
}
