package txn

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// PgxTx returns the transaction as a [pgx.Tx], for code that asks for one: the
// WithTx of sqlc's generated code, and functions of libraries. Its calls pass the same
// checks as those of the Tx, and it can be used as long.
//
// does declares what the calls write, for Config.Invalidator. A text that is in
// Config.Statements counts as what it does in any case. Without does, every other
// call may write anything.
//
// Commit and Rollback are refused with a [MisuseError], and then nothing of the attempt
// is committed, whatever the function returns: code that asked for either relies on it.
// A function that ends the transaction it gets, also by a deferred Rollback alone, must
// leave that to its caller, or get a savepoint.
//
// Begin begins a savepoint. Its Commit releases it and its Rollback rolls back to
// it; afterwards its methods return [pgx.ErrTxClosed]. What [Tx.Savepoint] says of
// conflicts holds here too. Ending a savepoint ends those that were begun in it:
// Commit rolls back and returns [ErrOpenSavepoint] when one of them is open, and so
// does [Do] when the function leaves one open.
//
// Conn returns nil: the Tx cannot see what is done on the connection itself. Large
// objects are pgx's own. Their errors reach the Tx with its next statement, and use by
// two goroutines is not detected.
func (tx *Tx) PgxTx(does ...stmt.Effects) pgx.Tx {
	b := &pgxTx{tx: tx}
	if len(does) > 0 {
		b.does = new(stmt.Effects)
		for _, e := range does {
			b.does.Writes = append(b.does.Writes, e.Writes...)
			b.does.Reaches = append(b.does.Reaches, e.Reaches...)
			b.does.Anything = b.does.Anything || e.Anything
		}
	}
	return b
}

// pgxTx is a transaction, or the part of it that a savepoint began.
type pgxTx struct {
	tx   *Tx
	part *part         // nil for the transaction
	does *stmt.Effects // of texts of which nothing is known, or nil
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
	return &pgxTx{b.tx, p, b.does}, nil
}

// Commit releases the savepoint. For the transaction it is refused, as the statement
// is.
func (b *pgxTx) Commit(ctx context.Context) error {
	if b.part == nil {
		return b.tx.acquire("COMMIT")
	}
	return b.part.end(ctx, nil)
}

// Rollback rolls back to the savepoint. For the transaction it is refused, as the
// statement is.
func (b *pgxTx) Rollback(ctx context.Context) error {
	if b.part == nil {
		return b.tx.acquire("ROLLBACK")
	}
	return b.part.undo(ctx)
}

// Exec is [Tx.Exec].
func (b *pgxTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := b.closed(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return b.tx.exec(ctx, b.does, sql, args)
}

// Query is [Tx.Query].
func (b *pgxTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := b.closed(); err != nil {
		return exec.Failed(err), err
	}
	r := b.tx.query(ctx, b.does, sql, args)
	return r, r.Err()
}

// QueryRow is [Tx.QueryRow].
func (b *pgxTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := b.closed(); err != nil {
		return exec.FailedRow(err)
	}
	return (*exec.Row)(b.tx.query(ctx, b.does, sql, args))
}

// CopyFrom is [Tx.CopyFrom].
func (b *pgxTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if err := b.closed(); err != nil {
		return 0, err
	}
	return b.tx.copyFrom(ctx, b.does, table, columns, source)
}

// SendBatch is [Tx.SendBatch].
func (b *pgxTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if err := b.closed(); err != nil {
		return pgx.FailedBatchResults(batch, err)
	}
	return b.tx.sendBatch(ctx, b.does, batch)
}

// Prepare prepares a statement under a name, which stands for its text from then on,
// in other transactions on the connection too.
func (b *pgxTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if err := b.closed(); err != nil {
		return nil, err
	}
	if err := b.tx.acquire(sql); err != nil {
		return nil, err
	}
	defer b.tx.calls.Unlock()
	if err := b.tx.session.lease.Admit(nil, sql, nil); err != nil {
		return nil, err
	}
	description, err := b.tx.session.tx.Prepare(ctx, name, sql)
	return description, b.tx.checkAnswer(sql, pgconn.CommandTag{}, err)
}

// LargeObjects are pgx's own.
func (b *pgxTx) LargeObjects() pgx.LargeObjects {
	if b.tx.lock("large object") == nil {
		b.tx.writes.AddNamed("large object", cmp.Or(b.does, exec.Anything))
		b.tx.calls.Unlock()
	}
	return b.tx.session.tx.LargeObjects()
}

// Conn is nil: the connection is the transaction's.
func (*pgxTx) Conn() *pgx.Conn { return nil }
