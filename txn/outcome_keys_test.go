package txn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// Fuzz: contexts that end at any point, goroutines left behind.
func TestContextsThatEndAnywhere(t *testing.T) {
	t.Parallel()
	for name, op := range map[string]Op{"ReturnUnknown": {Name: "a"}, "Resolve": {Name: "a", Commit: Resolve}, "Idempotent": order("k")} {
		t.Run(name, func(t *testing.T) {
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			l.exec(MarkerSchema("public.sqlkeel_commits"))
			pool := l.db.Pool(func(cfg *pgxpool.Config) { cfg.MaxConns = 2 })
			r := newRunner(t, pool, Config{CommitTimeout: 3 * time.Second})
			want := 0
			for i := range 150 {
				op := op.key("%d", i)
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(40000))*time.Microsecond)
				var wg sync.WaitGroup
				err := Run(ctx, r, op, func(ctx context.Context, tx *Tx) error {
					if err := increment(ctx, tx); err != nil {
						return err
					}
					if i%3 == 0 {
						wg.Go(func() {
							for range 3 {
								_, _ = tx.Exec(context.Background(), `SELECT 1`)
							}
						})
					}
					return nil
				})
				wg.Wait()
				cancel()
				if err == nil {
					want++
				}
				var unknown *CommitUnknownError
				if errors.As(err, &unknown) {
					t.Errorf("%v", err)
				}
			}
			if n := l.number(`SELECT n FROM items`); n != want {
				t.Errorf("applied %d, reported %d", n, want)
			}
			l.await(advisory, 0)
			for ctx := bounded(t); pool.Stat().AcquiredConns() != 0 && ctx.Err() == nil; {
				l.number(`SELECT 1`)
			}
			if n := pool.Stat().AcquiredConns(); n != 0 {
				t.Errorf("%d connections acquired", n)
			}
			t.Logf("%d of 150", want)
		})
	}
}

func TestKeyOfTwoProcessesAtOnce(t *testing.T) {
	t.Parallel()
	l := setup(t, (&wire{}).attach)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	network := &wire{}
	ra := newRunner(t, l.db.Pool(network.attach), impatient)
	rb := newRunner(t, l.db.Pool(), impatient)
	for i := range 60 {
		op := order(fmt.Sprint(i))
		op.RetryLost = true
		network.plan(fate(i % int(fates)))
		var wg sync.WaitGroup
		var ea, eb error
		wg.Go(func() { ea = Run(bounded(t), ra, op, increment) })
		wg.Go(func() { eb = Run(bounded(t), rb, op, increment) })
		wg.Wait()
		network.plan()
		network.release()
		if (ea == nil) == (eb == nil) || (ea != nil && !errors.Is(ea, ErrAlreadyCommitted)) || (eb != nil && !errors.Is(eb, ErrAlreadyCommitted)) {
			t.Errorf("fate %d: %v / %v", i%int(fates), ea, eb)
		}
		if n := l.number(`SELECT n FROM items`); n != i+1 {
			t.Fatalf("n = %d after %d", n, i+1)
		}
	}
}

// the pool's only slot is held by the driver's good-bye (15 s) while Resolve asks for a
// connection.
func TestResolveInAPoolOfOne(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := &wire{}
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			l.exec(MarkerSchema("public.sqlkeel_commits"))
			cfg := l.pool.Config().ConnConfig
			proxy := pgtest.NewProxy(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
			_ = network
			pool := openPool(t, proxy.DSN(l.db.DSN()), one)
			proxy.OnCommit(func() pgtest.CommitFate { return pgtest.CommitSilent })
			start := time.Now()
			err := Run(bounded(t), newRunner(t, pool, Config{CommitTimeout: 300 * time.Millisecond, ResolveTimeout: 10 * time.Second}), op.key("a"), increment)
			if err != nil {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
			t.Log(time.Since(start))
		})
	}
}

// make, replicated and nameSetting keep their connection when a tracer panics.
func TestMakePanicLeaks(t *testing.T) {
	t.Parallel()
	b := &bomb{at: "CREATE TABLE IF NOT EXISTS"}
	l := setup(t, b.attach)
	b.arm()
	err := recovered(func() error { return Run(bounded(t), l.runner, order("k"), increment) })
	if n := l.pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are acquired after %v", n, err)
		l.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)
	}
}

// a session whose search_path was changed makes a table of its own, and the key is free there.
func TestKeyIsFreeInAnotherSearchPath(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0); CREATE SCHEMA tenant`)
	work := func(ctx context.Context, tx *Tx) error {
		if err := increment(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SET search_path TO tenant, public`) // SET LOCAL was meant
		return err
	}
	l.exec(`SET search_path TO public`)
	first := Run(bounded(t), l.runner, order("k"), work)
	l.exec(`CREATE TABLE IF NOT EXISTS tenant.sqlkeel_commits (LIKE public.sqlkeel_commits INCLUDING ALL)`) // another tenant's service made it
	second := Run(bounded(t), l.runner, order("k"), work)
	if n := l.number(`SELECT n FROM public.items`); n != 1 {
		t.Errorf("one key, applied %d times: %v, %v", n, first, second)
	}
}
