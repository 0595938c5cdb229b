//go:build unix

package txn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/bouncer"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// pooled returns a pool that leads through PgBouncer.
func (l *lab) pooled(mode string, settings ...string) *pgxpool.Pool {
	l.t.Helper()
	dsn := bouncer.Start(l.t, l.db.DSN(), mode, settings...)
	pool, err := pgxpool.New(l.t.Context(), dsn+"&default_query_exec_mode=cache_describe")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(pool.Close)
	return pool
}

// locksRefused tries an operation with locks.
func locksRefused(t *testing.T, db Beginner, remedies ...string) {
	t.Helper()
	err := Run(t.Context(), newRunner(t, db, Config{}), Op{Name: "x", Locks: []int64{1, 2}}, func(context.Context, *Tx) error {
		t.Error("the function was called")
		return nil
	})
	var pooler *PoolerError
	if !errors.As(err, &pooler) || pooler.Target != "x" || pooler.Use != "Op.Locks" {
		t.Errorf("error %v", err)
		return
	}
	for _, remedy := range remedies {
		if strings.Count(err.Error(), remedy) != 1 {
			t.Errorf("%q does not say %q once", err, remedy)
		}
	}
}

func TestLocksBehindAPoolerAreRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	// A pooler gives clients process ids of its own making.
	pool := l.db.Pool(func(cfg *pgxpool.Config) { cfg.ConnConfig.DialFunc = bouncer.Dial })
	locksRefused(t, pool, "connect to the server itself", "lock rows")
	if n := l.advisory(); n != 0 {
		t.Errorf("%d locks", n)
	}
}

func TestLocksBehindPgBouncerAreRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, mode := range []string{bouncer.Transaction, bouncer.Session, bouncer.Statement} {
		locksRefused(t, l.pooled(mode), "lock rows")
	}
	if n := l.advisory(); n != 0 {
		t.Errorf("%d locks", n)
	}
}

// noSession is a db.DB that has found a pooler.
type noSession struct{ Beginner }

// WithConn refuses.
func (noSession) WithConn(context.Context, func(context.Context, *pgx.Conn) error) error {
	return fmt.Errorf("x: %w", &PoolerError{Use: "WithConn", Target: "shop", Remedy: "set Config.Pooler"})
}

// sharedSession is a db.DB that was told that there is none.
type sharedSession struct{ pool *pgxpool.Pool }

// BeginTx begins a transaction.
func (s sharedSession) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return s.pool.BeginTx(ctx, options)
}

// WithConn lends.
func (s sharedSession) WithConn(ctx context.Context, fn func(context.Context, *pgx.Conn) error) error {
	return s.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return fn(ctx, conn.Conn()) })
}

func TestLocksOverADatabaseBehindAPoolerAreRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	locksRefused(t, noSession{l.pool}, "set Config.Pooler", "lock rows")
	pool := l.db.Pool(func(cfg *pgxpool.Config) { cfg.ConnConfig.DialFunc = bouncer.Dial })
	locksRefused(t, sharedSession{pool}, "connect to the server itself", "lock rows")
}

func TestAModeWithoutTransactionsIsNamedAndNotTriedAgain(t *testing.T) {
	t.Parallel()
	l := setup(t)
	r := newRunner(t, l.pooled(bouncer.Statement), Config{})
	err := Run(t.Context(), r, Op{Name: "x", RetryLost: true}, func(context.Context, *Tx) error {
		t.Error("the function was called")
		return nil
	})
	var exhausted *ExhaustedError
	if pgerr.KindOf(err) != pgerr.Refused || errors.As(err, &exhausted) || !strings.Contains(err.Error(), "pool_mode to transaction") {
		t.Errorf("error %v", err)
	}
}

func TestTransactionsWorkBehindATransactionPooler(t *testing.T) {
	t.Parallel()
	l := setup(t)
	r := newRunner(t, l.pooled(bouncer.Transaction, "default_pool_size = 2"), Config{})
	errs := make(chan error, 8)
	for worker := range cap(errs) {
		go func() {
			var err error
			for n := 0; n < 10 && err == nil; n++ {
				op := Op{Name: "x", Settings: map[string]string{"app.tenant": fmt.Sprint(worker)}}
				err = Run(t.Context(), r, op, func(ctx context.Context, tx *Tx) error {
					var tenant int
					if err := tx.QueryRow(ctx, "SELECT current_setting('app.tenant')::int + 0 * $1", n).Scan(&tenant); err != nil {
						return err
					}
					return differ("the tenant", tenant, worker)
				})
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestATableThatChangesBehindAPoolerCostsAnAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t)
	r := newRunner(t, l.pooled(bouncer.Transaction), Config{})
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	for _, change := range []string{`SELECT 1`, `ALTER TABLE items ADD more text DEFAULT 'x'`, `ALTER TABLE items DROP more`} {
		l.exec(change)
		for range 2 {
			err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				rows, err := tx.Query(ctx, `SELECT * FROM items WHERE id = $1`, 1)
				if err != nil {
					return err
				}
				_, err = pgx.CollectRows(rows, pgx.RowToMap)
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", change, err)
			}
		}
	}
}
