package txn

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// results is the transaction as the results of its statements use it. They bring
// their errors late, and use the connection.
type results Tx

// Enter begins a use of the connection.
func (r *results) Enter(sql string) error { return (*Tx)(r).lock(sql) }

// Leave ends it.
func (r *results) Leave() { r.calls.Unlock() }

// Fields passes the columns on to the lease.
func (r *results) Fields(fields []pgconn.FieldDescription) { r.session.lease.Fields(fields) }

// Unfit passes on to the lease what could not be scanned.
func (r *results) Unfit(err error, fields []pgconn.FieldDescription) {
	r.session.lease.Unfit(err, fields)
}

// Answered takes the server's word on a statement.
func (r *results) Answered(sql string, tag pgconn.CommandTag, err error) error {
	return (*Tx)(r).checkAnswer(sql, tag, err)
}

// Closed returns the error of what was read, or that of a transaction that a statement
// of a batch ended.
func (r *results) Closed(err error) error { return cmp.Or(err, r.byHand) }

// SendBatch sends several statements in one round trip. The results must be
// closed.
func (tx *Tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return tx.sendBatch(ctx, nil, batch)
}

func (tx *Tx) sendBatch(ctx context.Context, declared *stmt.Effects, queued *pgx.Batch) pgx.BatchResults {
	if err := tx.acquire(exec.BatchName); err != nil { // an empty batch too
		return pgx.FailedBatchResults(queued, err)
	}
	defer tx.calls.Unlock()
	batch, err := exec.NewBatch((*results)(tx), tx.target.Statements, queued, func(c *exec.Call) error {
		text, err := tx.admitCall(ctx, declared, c)
		c.SQL = text
		switch {
		case err != nil:
			return err
		case !tx.rules().Closed(text):
			// The simple protocol would read the next ones as a part of this one.
			return fmt.Errorf("txn: %s: %s in a batch: a quote or a comment is not closed", tx.op.Name, sqltext.Name(text))
		}
		return nil
	})
	if err != nil {
		return pgx.FailedBatchResults(queued, err)
	}
	sent := tx.session.tx.SendBatch(ctx, batch.Pgx())
	conn := tx.session.conn
	if conn != nil && len(batch.Texts()) > 0 && !conn.PgConn().IsBusy() && // nothing was sent
		tx.session.lease.RetryBatch(ctx, sent.Close(), batch.Pgx()) {
		sent = tx.session.tx.SendBatch(ctx, batch.Pgx())
	}
	return batch.Results(sent)
}
