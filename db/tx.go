package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// tx is pgx's, and gives its connection back when it ends.
type tx struct{ typedTx }

// Pool tells package txn where the transaction's connection is from.
func (t *tx) Pool() any { return t.lease.d }

// Begin starts a transaction with the server's default options. See [DB.BeginTx].
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) { return d.BeginTx(ctx, pgx.TxOptions{}) }

// BeginTx starts a transaction on a connection of its own. It must be ended by
// Commit or Rollback, which give the connection back, whatever they return. ctx
// is for BEGIN alone. Package txn does all this, and retries.
//
// BEGIN is sent once more when its connection proves dead: nothing was done on
// it. The errors are those of [DB.Exec].
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	for again := options.BeginQuery == ""; ; again = false {
		l, err := d.acquire(ctx, "")
		if err != nil {
			return nil, err
		}
		begun, err := l.begin(ctx, options)
		if err == nil {
			return begun, nil
		}
		again = again && l.died(err)
		l.done(err)
		if !again || ctx.Err() != nil {
			return nil, pgerr.Typed(err)
		}
	}
}

// begin sends BEGIN. The lease then belongs to the transaction, unless there is
// an error.
func (l *lease) begin(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	returned := false
	defer func() {
		if !returned { // a panic, in a tracer for one
			l.done(nil)
		}
	}()
	inner, err := l.beginAdmitted(ctx, options)
	returned = true
	return &tx{typedTx{inner, l}}, err
}

func (l *lease) beginAdmitted(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	for _, sql := range [...]string{options.BeginQuery, options.CommitQuery} {
		if sql == "" {
			continue // pgx's own
		}
		if err := l.admit(sql); err != nil {
			return nil, err
		}
	}
	return l.conn.BeginTx(ctx, options)
}

// Commit commits, as pgx's Commit does.
func (t *tx) Commit(ctx context.Context) (err error) {
	defer func() { t.lease.done(err) }() // also when a tracer panics
	return t.typedTx.Commit(ctx)
}

// Rollback rolls back, as pgx's Rollback does.
func (t *tx) Rollback(ctx context.Context) (err error) {
	defer func() { t.lease.done(err) }()
	return t.Tx.Rollback(ctx)
}
