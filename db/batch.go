package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// batchResults are pgx's, and give their connection back when they are closed.
type batchResults struct {
	typedBatch
	lease *lease
	tx    pgx.Tx // has the lease instead, when the batch began a transaction
}

func (l *lease) sendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	sent := false
	defer func() {
		if !sent { // a panic
			l.done(nil)
		}
	}()
	results := &batchResults{typedBatch: typedBatch{l.conn.SendBatch(ctx, batch)}, lease: l}
	if inner := results.BatchResults.Tx(); inner != nil {
		results.tx = &tx{typedTx{inner, l}}
	}
	sent = true
	return results
}

// Close gives the connection back.
func (b *batchResults) Close() (err error) {
	if b.tx == nil {
		defer func() { b.lease.done(err) }() // also when a callback panics
	}
	return b.typedBatch.Close()
}

// Tx returns the transaction that the batch began, or nil.
func (b *batchResults) Tx() pgx.Tx {
	if b.tx == nil {
		return nil
	}
	return b.tx
}
