package exec

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// BatchName is what stands for a batch where a statement's name would.
const BatchName = "batch"

// Batch is a batch as it is sent. The caller's own is not changed.
type Batch struct {
	pgx   pgx.Batch
	owner Owner
	texts []string    // as they are sent
	keys  []*Returned // by statement, up to the last that returns some
	read  int         // how many results were read
}

// NewBatch resolves the statements of a batch. admit is called with each and may
// change it. The first error refuses the batch.
func NewBatch(owner Owner, registry *stmt.Registry, queued *pgx.Batch, admit func(*Call) error) (*Batch, error) {
	b := &Batch{owner: owner, texts: make([]string, 0, len(queued.QueuedQueries))}
	var err error
	b.pgx, err = choose(registry, queued, func(c *Call, q *pgx.QueuedQuery) error {
		err := admit(c)
		b.texts = append(b.texts, c.SQL)
		if c.Returned != nil {
			b.keys = append(b.keys, make([]*Returned, len(b.texts)-len(b.keys))...)
			b.keys[len(b.texts)-1] = c.Returned
		}
		fn := q.Fn
		q.Fn = b.skip
		if fn != nil {
			q.Fn = func(results pgx.BatchResults) error { return fn(b.inCallback(results)) }
		}
		return err
	})
	return b, err
}

// Choose returns a batch with the variants of its statements. queued is not changed.
func Choose(registry *stmt.Registry, queued *pgx.Batch) *pgx.Batch {
	chosen, _ := choose(registry, queued, func(*Call, *pgx.QueuedQuery) error { return nil })
	return &chosen
}

// choose copies a batch. each is called with the copy of each statement.
func choose(registry *stmt.Registry, queued *pgx.Batch, each func(*Call, *pgx.QueuedQuery) error) (pgx.Batch, error) {
	n := len(queued.QueuedQueries)
	chosen := *queued
	chosen.QueuedQueries = make([]*pgx.QueuedQuery, n)
	copies := make([]pgx.QueuedQuery, n)
	for i, q := range queued.QueuedQueries {
		copies[i] = *q
		chosen.QueuedQueries[i] = &copies[i]
		call := Resolve(registry, q.SQL, q.Arguments)
		if err := each(&call, &copies[i]); err != nil {
			return chosen, err
		}
		copies[i].SQL, copies[i].Arguments = call.SQL, call.Args
	}
	return chosen, nil
}

// Pgx returns the batch to send.
func (b *Batch) Pgx() *pgx.Batch { return &b.pgx }

// Texts returns what is sent, in order.
func (b *Batch) Texts() []string { return b.texts }

// Results returns the results that pgx returned for the batch.
func (b *Batch) Results(inner pgx.BatchResults) *Results { return &Results{inner: inner, batch: b} }

func (b *Batch) inCallback(inner pgx.BatchResults) *Results {
	return &Results{inner: inner, batch: b, held: true}
}

// skip reads the result of a statement that has no callback.
func (b *Batch) skip(results pgx.BatchResults) error {
	_, _ = b.inCallback(results).Exec() // results keep the error
	return nil
}

// next returns the text whose result is read now, and what collects its keys.
func (b *Batch) next() (sql string, keys *Returned) {
	if b.read == len(b.texts) {
		return BatchName, nil
	}
	b.read++
	if b.read <= len(b.keys) {
		keys = b.keys[b.read-1]
	}
	return b.texts[b.read-1], keys
}

// Results are the results of a batch, in the order of its statements.
type Results struct {
	Begun pgx.Tx // what Tx returns

	inner  pgx.BatchResults
	batch  *Batch
	held   bool // by a callback, while Close uses the connection
	closed bool
	err    error // of Close
}

func (b *Results) enter() error {
	if b.held {
		return nil
	}
	return b.batch.owner.Enter(BatchName)
}

func (b *Results) leave() {
	if !b.held {
		b.batch.owner.Leave()
	}
}

// Exec reads the next result.
func (b *Results) Exec() (pgconn.CommandTag, error) {
	if err := b.enter(); err != nil {
		return pgconn.CommandTag{}, err
	}
	defer b.leave()
	sql, _ := b.batch.next()
	tag, err := b.inner.Exec()
	return tag, b.batch.owner.Answered(sql, tag, err)
}

// Query reads the next result.
func (b *Results) Query() (pgx.Rows, error) {
	r := b.query()
	return r, r.Err()
}

// QueryRow reads the next result.
func (b *Results) QueryRow() pgx.Row { return (*Row)(b.query()) }

func (b *Results) query() *Rows {
	if err := b.enter(); err != nil {
		return Failed(err)
	}
	defer b.leave()
	r := &Rows{owner: b.batch.owner, part: true, held: b.held}
	r.sql, r.keys = b.batch.next()
	var err error
	if r.inner, err = b.inner.Query(); err != nil {
		r.finish(err)
	}
	return r
}

// Close reads the results that are left and calls the callbacks.
func (b *Results) Close() (err error) {
	if b.held {
		return b.inner.Close()
	}
	if err := b.batch.owner.Enter(BatchName); err != nil {
		return err
	}
	defer b.batch.owner.Leave()
	if b.closed {
		return b.err
	}
	b.closed = true
	defer func() { // also when a callback panics
		b.err = b.batch.owner.Closed(err)
		err = b.err
	}()
	return b.batch.owner.Answered(BatchName, pgconn.CommandTag{}, b.inner.Close())
}

// Tx returns the transaction that the batch began, or nil.
func (b *Results) Tx() pgx.Tx { return b.Begun }
