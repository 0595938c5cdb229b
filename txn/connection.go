package txn

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/unit"
)

// begun is a transaction of pgx and how its connection is given back.
type begun struct {
	pgx.Tx
	pooled *pgxpool.Conn // to be released, or nil
	// direct says that the connection stays in hand until it is released, so that
	// it may be touched after COMMIT or ROLLBACK.
	direct bool
}

// peeker is a transaction of db, whose Conn is for those who use the connection.
type peeker interface{ Peek() *pgx.Conn }

// Conn returns the connection, to look at its state.
func (b begun) Conn() *pgx.Conn {
	if p, ok := b.Tx.(peeker); ok {
		return p.Peek()
	}
	return b.Tx.Conn()
}

// beginContext is a context with the operation's name.
type beginContext struct {
	context.Context
	op *Op
}

// Value returns the name, or what the context holds otherwise.
func (c *beginContext) Value(key any) any {
	if _, ok := key.(unit.OpKey); ok {
		return &c.op.Name
	}
	return c.Context.Value(key)
}

// withName returns a context with the operation's name, by which package db tells what a
// connection is used for. pgx does not ask.
func withName(ctx context.Context, db Beginner, op *Op) context.Context {
	switch db.(type) {
	case *pgx.Conn, *pgxpool.Pool:
		return ctx
	}
	return &beginContext{ctx, op}
}

// beginOn begins a transaction as db does. From a pool the connection is taken
// first and given back last.
func beginOn(ctx context.Context, db Beginner, options pgx.TxOptions) (begun, error) {
	if conn, ok := db.(*pgx.Conn); ok {
		if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
			return begun{}, &ConfigError{Field: "Beginner", Problem: "is a connection that is in a transaction already"}
		}
		return beginDirect(ctx, conn, nil, options)
	}
	pool, ok := db.(*pgxpool.Pool)
	if !ok {
		tx, err := db.BeginTx(ctx, options)
		return begun{Tx: tx}, err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return begun{}, err
	}
	return beginDirect(ctx, conn.Conn(), conn, options)
}

// beginDirect begins a transaction on a connection in hand.
func beginDirect(ctx context.Context, conn *pgx.Conn, pooled *pgxpool.Conn, options pgx.TxOptions) (begun, error) {
	b := begun{pooled: pooled, direct: true}
	done := false
	defer func() {
		if !done { // an error, or a panic in a tracer
			b.abandon(conn, conn.PgConn().TxStatus() == 'I')
		}
	}()
	var err error
	b.Tx, err = conn.BeginTx(ctx, options)
	done = err == nil
	return b, err
}

// abandon gives the connection back. Unless it is known to be clean it is closed:
// what is under way on it would be the next user's.
func (b *begun) abandon(conn *pgx.Conn, clean bool) {
	if !clean {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = conn.Close(ended)
	}
	b.release()
}

// commit sends COMMIT and waits for the answer, for limit at most. ctx must have no
// end of its own: a context with one costs allocations, a deadline of the
// connection costs none.
func (b *begun) commit(ctx context.Context, limit time.Duration) error {
	if !b.direct {
		return b.commitBy(ctx, limit)
	}
	conn := b.Conn()
	done := false
	defer func() { b.abandon(conn, done) }()
	net := conn.PgConn().Conn()
	if net.SetDeadline(time.Now().Add(limit)) != nil { // a tunnel, which has none
		err := b.commitBy(ctx, limit)
		done = true
		return err
	}
	err := b.Tx.Commit(ctx)
	done = true
	if conn.IsClosed() {
		_ = net.Close() // pgx would wait for the other side's good-bye
		return err
	}
	if net.SetDeadline(time.Time{}) != nil {
		done = false // it would end the next user's statement
	}
	return err
}

func (b *begun) commitBy(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return b.Tx.Commit(ctx)
}

// rollback sends ROLLBACK, and gives the connection back in any case.
func (b *begun) rollback(ctx context.Context) error {
	if !b.direct {
		return b.Tx.Rollback(ctx)
	}
	conn := b.Conn()
	done := false
	defer func() { b.abandon(conn, done) }()
	err := b.Tx.Rollback(ctx)
	done = true
	return err
}

func (b *begun) release() {
	if b.pooled != nil {
		b.pooled.Release()
	}
}

// detached is a context for what must be done also after ctx has ended, but not for
// ever.
func (r *Runner) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.cfg.RollbackTimeout)
}

// inTx runs fn in a transaction of the Runner's own, which is committed when fn
// returns nil.
func (r *Runner) inTx(ctx context.Context, db Beginner, options pgx.TxOptions, fn func(tx pgx.Tx) error) error {
	tx, err := beginOn(ctx, db, options)
	if err != nil {
		return err
	}
	over := false
	defer func() {
		if !over {
			ctx, cancel := r.detached(ctx)
			defer cancel()
			_ = tx.rollback(ctx)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	over = true
	limit := r.cfg.CommitTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	return tx.commit(context.WithoutCancel(ctx), limit)
}
