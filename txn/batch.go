package txn

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

const batchName = "batch"

// SendBatch sends several statements in one round trip. The results must be
// closed.
func (tx *Tx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	w := &watched{tx: tx}
	own := *batch
	if err := tx.hold(batchName); err != nil {
		return &batchResults{BatchResults: pgx.FailedBatchResults(batch, err), watched: w}
	}
	defer tx.calls.Unlock()
	own.QueuedQueries = make([]*pgx.QueuedQuery, len(batch.QueuedQueries))
	if err := w.queue(ctx, &own, batch.QueuedQueries); err != nil {
		return &batchResults{BatchResults: pgx.FailedBatchResults(batch, err), watched: w}
	}
	return &batchResults{BatchResults: tx.pgx.SendBatch(ctx, &own), watched: w}
}

// watched are the statements of a batch, whose results are read in their order: by
// its user, or by pgx for callbacks and for what is left at Close.
type watched struct {
	tx    *Tx
	texts []string // as they are sent
	read  int
}

// queue fills a batch with what is to be sent, or refuses it.
func (w *watched) queue(ctx context.Context, own *pgx.Batch, queued []*pgx.QueuedQuery) error {
	if err := w.tx.admit(batchName); err != nil { // an empty batch too
		return err
	}
	copies := make([]pgx.QueuedQuery, len(queued))
	w.texts = make([]string, len(queued))
	for i, q := range queued {
		copies[i] = *q
		own.QueuedQueries[i] = &copies[i]
		w.texts[i], copies[i].Arguments = w.tx.rewrite(ctx, q.SQL, q.Arguments)
		if err := w.tx.admit(w.texts[i]); err != nil {
			return err
		}
		if !w.tx.rules().Closed(w.texts[i]) {
			// The simple protocol would read the next ones as a part of this one.
			return fmt.Errorf("txn: %s: %s in a batch: a quote or a comment is not closed", w.tx.op.Name, stmt.Name(w.texts[i]))
		}
		copies[i].Fn = w.exec
		if q.Fn != nil {
			copies[i].Fn = func(results pgx.BatchResults) error { return q.Fn(callbackResults{results, w}) }
		}
	}
	return nil
}

// next returns the text whose result is read now.
func (w *watched) next() string {
	if w.read == len(w.texts) {
		return batchName
	}
	w.read++
	return w.texts[w.read-1]
}

// exec reads the result of a statement that has no callback.
func (w *watched) exec(results pgx.BatchResults) error {
	_, _ = callbackResults{results, w}.Exec() // results keep the error
	return nil
}

type batchResults struct {
	pgx.BatchResults
	*watched
}

// Exec notes its error.
func (b *batchResults) Exec() (pgconn.CommandTag, error) {
	if err := b.tx.hold(batchName); err != nil {
		return pgconn.CommandTag{}, err
	}
	defer b.tx.calls.Unlock()
	return callbackResults{b.BatchResults, b.watched}.Exec()
}

// Query notes its error, and watches the rows.
func (b *batchResults) Query() (pgx.Rows, error) {
	r := b.query()
	return r, r.failed
}

// QueryRow watches the row.
func (b *batchResults) QueryRow() pgx.Row { return (*row)(b.query()) }

func (b *batchResults) query() *rows {
	if err := b.tx.hold(batchName); err != nil {
		return &rows{tx: b.tx, sql: batchName, failed: err, misuse: err}
	}
	defer b.tx.calls.Unlock()
	r := callbackResults{b.BatchResults, b.watched}.query()
	r.held = false
	return r
}

// Close notes the error of what was closed.
func (b *batchResults) Close() error {
	if err := b.tx.hold(batchName); err != nil {
		return err
	}
	defer b.tx.calls.Unlock()
	err := b.BatchResults.Close()
	if noted := b.tx.heed(batchName, pgconn.CommandTag{}, err); noted != nil {
		return noted
	}
	return b.tx.byHand
}

// callbackResults are those that a callback gets, while Close uses the transaction.
type callbackResults struct {
	pgx.BatchResults
	*watched
}

// Exec notes its error.
func (c callbackResults) Exec() (pgconn.CommandTag, error) {
	sql := c.next()
	tag, err := c.BatchResults.Exec()
	return tag, c.tx.heed(sql, tag, err)
}

// Query notes its error, and watches the rows.
func (c callbackResults) Query() (pgx.Rows, error) {
	r := c.query()
	return r, r.failed
}

// QueryRow watches the row.
func (c callbackResults) QueryRow() pgx.Row { return (*row)(c.query()) }

func (c callbackResults) query() *rows {
	r := &rows{tx: c.tx, sql: c.next(), held: true}
	var err error
	r.Rows, err = c.BatchResults.Query()
	r.failed = c.tx.note(r.sql, err)
	return r
}
