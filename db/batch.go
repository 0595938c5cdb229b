package db

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// batchResults are pgx's, and give their connection back when they are closed.
type batchResults struct {
	typedBatch
	tx pgx.Tx // has the lease instead, when the batch began a transaction
}

func (l *lease) sendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	sent := false
	defer func() {
		if !sent { // a panic
			l.done(nil)
		}
	}()
	results := &batchResults{typedBatch: typedBatch{l.resend(ctx, batch, l.conn.SendBatch), l}}
	if inner := results.BatchResults.Tx(); inner != nil {
		results.tx = &tx{typedTx{inner, l}}
	}
	sent = true
	return results
}

// Close gives the connection back.
func (b *batchResults) Close() (err error) {
	if b.tx != nil {
		return b.typedBatch.Close()
	}
	defer func() { b.lease.done(err) }() // also when a callback panics
	return b.lease.leftOpen(b.typedBatch.Close())
}

// Tx returns the transaction that the batch began, or nil.
func (b *batchResults) Tx() pgx.Tx {
	if b.tx == nil {
		return nil
	}
	return b.tx
}

// resend sends a batch, and once more when nothing of it was sent because the
// connection did not know a parameter's type.
func (l *lease) resend(ctx context.Context, batch *pgx.Batch, send func(context.Context, *pgx.Batch) pgx.BatchResults) pgx.BatchResults {
	results := send(ctx, batch)
	if len(l.d.types.names) == 0 || l.conn.PgConn().IsBusy() || len(batch.QueuedQueries) == 0 {
		return results
	}
	// It is over already, so it failed, and Close tells why; so do all other methods.
	var statements []string
	for _, q := range batch.QueuedQueries {
		if !slices.Contains(statements, q.SQL) && plain(q.Arguments) {
			statements = append(statements, q.SQL)
		}
	}
	if l.learnParams(ctx, results.Close(), statements...) {
		return send(ctx, batch)
	}
	return results
}
