package txn

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PgxTx returns the transaction as a [pgx.Tx], for code that asks for one: the
// WithTx of sqlc's generated code, and functions of libraries. What is sent through
// it passes the same checks as what is sent through the Tx, and it is of use as long.
//
// Commit and Rollback are refused with a [MisuseError] of [ErrEndedByHand], and then
// nothing of the attempt is committed, whatever the function returns: code that asked
// for either relies on it. So a function that gets the transaction and ends it by
// itself, also by a deferred Rollback alone, must be changed to leave that to its
// caller, or be given a savepoint.
//
// Begin begins a savepoint, whose Commit releases it and whose Rollback rolls back to
// it; afterwards its methods return [pgx.ErrTxClosed]. What is said of conflicts at
// [Tx.Savepoint] holds here too. Ending a savepoint ends those that were begun in it:
// Commit rolls back and returns [ErrOpenSavepoint] when one of them is open, and so
// does [Do] when the function leaves one open.
//
// Conn returns nil: what is done on the connection itself is not seen. Large objects
// are pgx's own; their errors reach the Tx with its next statement, and two goroutines
// are not told apart.
func (tx *Tx) PgxTx() pgx.Tx { return &pgxTx{tx: tx} }

// pgxTx is a transaction, or the part of it that a savepoint began.
type pgxTx struct {
	tx   *Tx
	part *part // nil for the transaction
}

// closed returns [pgx.ErrTxClosed] after the part.
func (b *pgxTx) closed() error {
	if b.part != nil && b.part.over.Load() {
		return pgx.ErrTxClosed
	}
	return nil
}

// Begin begins a savepoint.
func (b *pgxTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := b.closed(); err != nil {
		return nil, err
	}
	p := &part{tx: b.tx}
	if err := p.begin(ctx, 0); err != nil {
		return nil, err
	}
	return &pgxTx{b.tx, p}, nil
}

// Commit releases the savepoint. For the transaction it is refused, as the statement
// is.
func (b *pgxTx) Commit(ctx context.Context) error {
	if b.part == nil {
		return b.tx.enter("COMMIT")
	}
	return b.part.end(ctx, nil)
}

// Rollback rolls back to the savepoint. For the transaction it is refused, as the
// statement is.
func (b *pgxTx) Rollback(ctx context.Context) error {
	if b.part == nil {
		return b.tx.enter("ROLLBACK")
	}
	return b.part.undo(ctx)
}

// Exec is [Tx.Exec].
func (b *pgxTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := b.closed(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return b.tx.Exec(ctx, sql, args...)
}

// Query is [Tx.Query].
func (b *pgxTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := b.closed(); err != nil {
		return &rows{tx: b.tx, sql: sql, misuse: err}, err
	}
	return b.tx.Query(ctx, sql, args...)
}

// QueryRow is [Tx.QueryRow].
func (b *pgxTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := b.closed(); err != nil {
		return &row{tx: b.tx, sql: sql, misuse: err}
	}
	return b.tx.QueryRow(ctx, sql, args...)
}

// CopyFrom is [Tx.CopyFrom].
func (b *pgxTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := b.closed(); err != nil {
		return 0, err
	}
	return b.tx.CopyFrom(ctx, table, columns, source)
}

// SendBatch is [Tx.SendBatch].
func (b *pgxTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := b.closed(); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return b.tx.SendBatch(ctx, batch)
}

// Prepare prepares a statement under a name, which stands for its text from then on,
// in other transactions on the connection too.
func (b *pgxTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := b.closed(); err != nil {
		return nil, err
	}
	if err := b.tx.enter(sql); err != nil {
		return nil, err
	}
	defer b.tx.calls.Unlock()
	description, err := b.tx.pgx.Prepare(ctx, name, sql)
	return description, b.tx.heed(sql, pgconn.CommandTag{}, err)
}

// LargeObjects are pgx's own.
func (b *pgxTx) LargeObjects() pgx.LargeObjects { return b.tx.pgx.LargeObjects() }

// Conn is nil: the connection is the transaction's.
func (*pgxTx) Conn() *pgx.Conn { return nil }
