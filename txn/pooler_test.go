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
