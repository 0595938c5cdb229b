package txn

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// begun is a transaction of pgx and how its connection is given back.
type begun struct {
	pgx.Tx
	pooled *pgxpool.Conn // to be released, or nil
	// direct says that the connection stays in hand until it is released, so that
	// it may be touched after COMMIT or ROLLBACK.
	direct bool
}

// beginOn begins a transaction as db does. From a pool the connection is taken
// first and given back last.
func beginOn(ctx context.Context, db Beginner, options pgx.TxOptions) (begun, error) {
	pool, ok := db.(*pgxpool.Pool)
	if !ok {
		tx, err := db.BeginTx(ctx, options)
		_, direct := db.(*pgx.Conn)
		return begun{Tx: tx, direct: direct}, err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return begun{}, err
	}
	b := begun{pooled: conn, direct: true}
	done := false
	defer func() {
		if !done { // an error, or a panic in a tracer
			conn.Release()
		}
	}()
	b.Tx, err = conn.Conn().BeginTx(ctx, options)
	done = err == nil
	return b, err
}

// commit sends COMMIT and waits for the answer, for limit at most. ctx must have no
// end of its own: a context with one costs allocations, a deadline of the
// connection costs none.
func (b *begun) commit(ctx context.Context, limit time.Duration) error {
	defer b.release()
	if !b.direct {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return b.Tx.Commit(ctx)
	}
	net := b.Conn().PgConn().Conn()
	_ = net.SetDeadline(time.Now().Add(limit))
	err := b.Tx.Commit(ctx)
	_ = net.SetDeadline(time.Time{})
	return err
}

// rollback sends ROLLBACK, and gives the connection back in any case.
func (b *begun) rollback(ctx context.Context) error {
	defer b.release()
	return b.Tx.Rollback(ctx)
}

func (b *begun) release() {
	if b.pooled != nil {
		b.pooled.Release()
	}
}
