package txn

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// a tracer that panics in the query which identifies the transaction.
func TestAPanicBeforeCommitGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	for _, atEnd := range []bool{false, true} {
		b := &bomb{at: "pg_current_xact_id", atEnd: atEnd}
		l := setup(t, b.attach)
		b.arm()
		err := recovered(func() error {
			return Run(bounded(t), l.runner, Op{Name: "a", Commit: Resolve}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 1) })
		})
		if n := l.pool.Stat().AcquiredConns(); n != 0 {
			t.Errorf("atEnd %v: %d connections are still acquired after %v", atEnd, n, err)
			// free it for the end of the test
			l.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)
		}
	}
}

// after the panic a single connection is left in the transaction; the next Do commits it.
func TestFailedWorkIsNotCommittedByTheNextDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		bomb *bomb
		op   Op
		err  error
	}{
		{"identify", &bomb{at: "pg_current_xact_id"}, Op{Name: "a", Commit: Resolve}, nil},
		{"rollback", &bomb{at: "rollback"}, Op{Name: "a"}, errBoom},
		{"commit", &bomb{at: "commit"}, Op{Name: "a"}, nil},
		{"begin of another key", &bomb{at: "begin", atEnd: true}, order("first"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := setup(t)
			l.exec(MarkerSchema("public.sqlkeel_commits"))
			r := newRunner(t, l.tracedConn(c.bomb), Config{})
			c.bomb.arm()
			err := recovered(func() error {
				return Run(bounded(t), r, c.op, func(ctx context.Context, tx *Tx) error { return errors.Join(insert(ctx, tx, 1), c.err) })
			})
			if err == nil {
				t.Fatal("no panic")
			}
			second := Run(bounded(t), r, Op{Name: "b"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 2) })
			if n := l.number(`SELECT count(*) FROM items WHERE id = 1`); n != 0 {
				t.Errorf("the work that failed (%v) was committed by the next Do (%v)", err, second)
			}
			if n := l.number(`SELECT count(*) FROM sqlkeel_commits`); n != 0 {
				t.Errorf("the key of work that never ran is committed")
			}
		})
	}
}

// a Do on a connection that is in a transaction commits that.
func TestTheCallersTransactionIsNotCommitted(t *testing.T) {
	t.Parallel()
	l := setup(t)
	conn := l.db.Conn()
	outer, err := conn.Begin(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outer.Exec(bounded(t), `INSERT INTO items VALUES (1, 0)`); err != nil {
		t.Fatal(err)
	}
	inner := Run(bounded(t), newRunner(t, conn, Config{}), Op{Name: "b"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 2) })
	_ = outer.Rollback(bounded(t))
	if n := l.number(`SELECT count(*) FROM items WHERE id = 1`); n != 0 {
		t.Errorf("work that its owner rolled back was committed by Do (error %v)", inner)
	}
}

// the COMMIT's deadline stays on the connection when a tracer panics.
func TestTheDeadlineOfCommitDoesNotReachTheNextUser(t *testing.T) {
	t.Parallel()
	b := &bomb{at: "commit", atEnd: true}
	l := setup(t, one, b.attach)
	r := newRunner(t, l.pool, Config{CommitTimeout: 300 * time.Millisecond})
	b.arm()
	err := recovered(func() error {
		return Run(bounded(t), r, Op{Name: "a"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 1) })
	})
	if _, next := l.pool.Exec(bounded(t), `SELECT pg_sleep(1)`); next != nil {
		t.Errorf("after %v the pool's next user gets: %v", err, next)
	}
}

// a transaction ended by hand is noticed only when the function returns nil outside of one.
func TestWhatEndedByHandIsNotAppliedTwice(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{`COMMIT`, `COMMIT AND CHAIN`, `COMMIT; BEGIN`} {
		for name, op := range map[string]Op{"ReturnUnknown": {Name: "a"}, "Resolve": {Name: "a", Commit: Resolve}, "Idempotent": order("k")} {
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			l.exec(MarkerSchema("public.sqlkeel_commits"))
			fails := true
			err := Run(bounded(t), l.runner, op, func(ctx context.Context, tx *Tx) error {
				if err := increment(ctx, tx); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
				if fails {
					fails = false
					return Retryable(errBoom)
				}
				return nil
			})
			if n := l.number(`SELECT n FROM items`); n > 1 {
				t.Errorf("%s, %s: applied %d times, error %v", name, sql, n, err)
			}
		}
	}
}

// ROLLBACK AND CHAIN takes the marker (and the settings) away, and the work is
// committed without.
func TestAMarkerIsNotLostByAChain(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{`ROLLBACK AND CHAIN`, `ROLLBACK; BEGIN`} {
		l := setup(t)
		l.exec(`INSERT INTO items VALUES (1, 0)`)
		l.exec(MarkerSchema("public.sqlkeel_commits"))
		var errs [2]error
		for i := range errs {
			errs[i] = Run(bounded(t), l.runner, order("k"), func(ctx context.Context, tx *Tx) error {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
				return increment(ctx, tx)
			})
		}
		if n := l.number(`SELECT n FROM items`); n > 1 {
			t.Errorf("%s: one key, applied %d times, errors %v", sql, n, errs)
		}
	}
}

// the marker's age counts from BEGIN. One of a long transaction is too old when it is
// committed.
func TestMarkerIsPrunedBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	network := &wire{}
	l := setup(t, network.attach)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	cfg := Config{CommitTimeout: 300 * time.Millisecond, ResolveTimeout: 5 * time.Second, MarkerRetention: 6 * time.Second}
	r := newRunner(t, l.pool, cfg)
	other := newRunner(t, l.db.Pool(), cfg) // another process, which prunes at its first commit
	op := order("k")
	op.RetryLost = true
	calls := 0
	// The other process commits something between this one's COMMIT and its question.
	r.cfg.Logger = hooked(func(msg string) {
		if strings.HasPrefix(msg, "the answer to COMMIT was lost") {
			if err := Run(bounded(t), other, order("other"), func(context.Context, *Tx) error { return nil }); err != nil {
				t.Error(err)
			}
		}
	})
	err := Run(bounded(t), r, op, func(ctx context.Context, tx *Tx) error {
		if calls++; calls == 1 {
			if _, err := tx.Exec(ctx, `SELECT pg_sleep(6.5)`); err != nil { // a long job
				return err
			}
			network.plan(cutAfter)
		}
		return increment(ctx, tx)
	})
	if n := l.number(`SELECT n FROM items`); n != 1 {
		t.Errorf("applied %d times, error %v", n, err)
	}
}

// sessions of one pool with search_paths of their own look for the marker elsewhere.
func TestMarkerIsLookedForInAnotherSchema(t *testing.T) {
	t.Parallel()
	network := &wire{}
	var sessions atomic.Int32
	l := setup(t, network.attach)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(`CREATE SCHEMA tenant; ` + MarkerSchema("public.sqlkeel_commits") + MarkerSchema("tenant.sqlkeel_commits"))
	// The pool sets the tenant's search_path for the request at hand, as multi-tenant
	// services do.
	pool := l.db.Pool(network.attach, func(cfg *pgxpool.Config) {
		cfg.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
			path := "public"
			if sessions.Add(1) == 1 { // the first user of the pool
				path = "tenant, public"
			}
			_, err := conn.Exec(ctx, `SET search_path TO `+path)
			return err == nil, err
		}
	})
	r := newRunner(t, pool, impatient)
	op := order("k")
	op.RetryLost = true
	network.plan(cutAfter)
	err := Run(bounded(t), r, op, increment)
	if n := l.number(`SELECT n FROM public.items`); n != 1 {
		t.Errorf("applied %d times, error %v", n, err)
	}
}

// Sanity: exec modes.
func TestExecModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec} {
		for name, op := range definite {
			network := &wire{}
			l := setup(t, network.attach, func(cfg *pgxpool.Config) { cfg.ConnConfig.DefaultQueryExecMode = mode })
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			l.exec(MarkerSchema("public.sqlkeel_commits"))
			r := newRunner(t, l.pool, Config{CommitTimeout: 300 * time.Millisecond, ResolveTimeout: 5 * time.Second})
			for _, f := range []fate{cutBefore, cutAfter, late} {
				before := l.number(`SELECT n FROM items`)
				network.plan(f)
				err := Run(bounded(t), r, op.key("%d", f), increment)
				network.plan()
				network.release()
				var unknown *CommitUnknownError
				if n := l.number(`SELECT n FROM items`) - before; (n == 1) != (err == nil) || errors.As(err, &unknown) {
					t.Errorf("%v %s fate %d: applied %d, error %v", mode, name, f, n, err)
				}
			}
		}
	}
}

// Sanity: default_transaction settings.
func TestDefaultsOfTheSession(t *testing.T) {
	t.Parallel()
	for _, set := range [][2]string{{"default_transaction_isolation", "serializable"}, {"default_transaction_deferrable", "on"}, {"synchronous_commit", "off"}, {"standard_conforming_strings", "off"}, {"track_activities", "off"}, {"DateStyle", "SQL, DMY"}, {"extra_float_digits", "0"}} {
		for name, op := range definite {
			network := &wire{}
			l := setup(t, network.attach, func(cfg *pgxpool.Config) { cfg.ConnConfig.RuntimeParams[set[0]] = set[1] })
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			r := newRunner(t, l.pool, impatient)
			for f := range fates {
				before := l.number(`SELECT n FROM items`)
				network.plan(f)
				err := Run(bounded(t), r, op.key(`%d\'`, f), increment)
				network.plan()
				network.release()
				var unknown *CommitUnknownError
				if n := l.number(`SELECT n FROM items`) - before; (n == 1) != (err == nil) || errors.As(err, &unknown) {
					t.Errorf("%v %s fate %d: applied %d, error %v", set, name, f, n, err)
				}
			}
		}
	}
}
