package txn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// order is an operation that is to be done once.
func order(key string) Op { return Op{Name: "order", Commit: Idempotent, Key: key} }

func TestAKeyIsCommittedOnce(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	for _, key := range []string{"a", "b", `quo'te\`, "ä\U0001F600", "a"} {
		calls := 0
		got, err := Do(t.Context(), l.runner, order(key), func(ctx context.Context, tx *Tx) (int, error) {
			calls++
			return 7, increment(ctx, tx)
		})
		if errors.Is(err, ErrAlreadyCommitted) != (l.number(`SELECT count(*) FROM sqlkeel_commits WHERE key = $1`, key) == 1 && calls == 0) {
			t.Errorf("%q: result %d, error %v", key, got, err)
		}
	}
	if n := l.number(`SELECT n FROM items`); n != 4 {
		t.Errorf("done %d times, want once for each of 4 keys", n)
	}
	another := newRunner(t, l.pool, Config{}) // as after a restart of the program
	err := Run(t.Context(), another, order("b"), increment)
	const want = `txn: order: key "b": the work with this key is committed already`
	if err == nil || err.Error() != want {
		t.Errorf("error is %v", err)
	}
}

func TestAKeyWhoseWorkFailedIsFree(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	err := Run(t.Context(), l.runner, order("a"), func(ctx context.Context, tx *Tx) error { return errors.Join(increment(ctx, tx), errBoom) })
	if !errors.Is(err, errBoom) {
		t.Errorf("error is %v", err)
	}
	if err := Run(t.Context(), l.runner, order("a"), increment); err != nil || l.number(`SELECT n FROM items`) != 1 {
		t.Errorf("n = %d, error %v", l.number(`SELECT n FROM items`), err)
	}
}

func TestOfTwoAtOnceWithOneKeyOneIsDone(t *testing.T) {
	t.Parallel()
	for _, iso := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.Serializable} {
		l := setup(t)
		l.exec(`INSERT INTO items VALUES (1, 0)`)
		if err := Run(t.Context(), l.runner, order("makes the table"), increment); err != nil {
			t.Fatal(err)
		}
		op := order("a")
		op.Iso = iso
		var second atomic.Pointer[error]
		err := Run(bounded(t), l.runner, op, func(ctx context.Context, tx *Tx) error {
			waiting := make(chan struct{})
			go func() {
				defer close(waiting)
				err := Run(bounded(t), l.runner, op, increment)
				second.Store(&err)
			}()
			l.await(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`, 1)
			t.Cleanup(func() { <-waiting })
			tx.AfterCommit(func(context.Context) { <-waiting })
			return increment(ctx, tx)
		})
		if err != nil || second.Load() == nil || !errors.Is(*second.Load(), ErrAlreadyCommitted) || l.number(`SELECT n FROM items`) != 2 {
			t.Errorf("%s: first %v, second %v, n = %d", iso, err, second.Load(), l.number(`SELECT n FROM items`))
		}
	}
}

// await asks until the answer is want.
func (l *lab) await(sql string, want int) {
	l.t.Helper()
	ctx := bounded(l.t)
	for ctx.Err() == nil {
		if l.number(sql) == want {
			return
		}
	}
	l.t.Fatalf("%s: never %d", sql, want)
}

func TestAMarkerOfSomebodyElseIsNoProofOfThisCommit(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, net.attach)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	r := newRunner(t, l.pool, impatient)
	var first int64
	r.token = func() int64 { first++; return first }
	net.plan(cutBefore)
	op := order("a")
	op.RetryLost = true
	r.cfg.Observer = &spy{attemptEnd: func(e AttemptEnd) {
		if e.Retry { // another session is faster than our second attempt
			l.exec(`INSERT INTO sqlkeel_commits (key, token) VALUES ('a', 99)`)
		}
	}}
	err := Run(bounded(t), r, op, increment)
	if !errors.Is(err, ErrAlreadyCommitted) || l.number(`SELECT n FROM items`) != 0 {
		t.Errorf("n = %d, error %v", l.number(`SELECT n FROM items`), err)
	}
}

func TestATableOfMarkersThatMayNotBeMadeIsAskedForClearly(t *testing.T) {
	t.Parallel()
	l := setupOn(t, pgtest.NewServer(t).DSN())
	l.exec(`CREATE ROLE app LOGIN; GRANT ALL ON items TO app; CREATE SCHEMA ours; GRANT USAGE ON SCHEMA ours TO app; INSERT INTO items VALUES (1, 0)`)
	r := newRunner(t, openPool(t, asRole(t, l.pool.Config().ConnString(), "app")), Config{Markers: "ours.commits"})
	err := Run(t.Context(), r, order("a"), increment)
	if pgerr.Code(err) != "42501" || !strings.Contains(err.Error(), "txn.MarkerSchema") || !strings.Contains(err.Error(), `"ours"."commits"`) {
		t.Errorf("error is %v", err)
	}
	l.exec(MarkerSchema("ours.commits") + `GRANT SELECT, INSERT, DELETE ON ours.commits TO app`)
	l.exec(MarkerSchema("ours.commits")) // again does no harm
	if err := Run(t.Context(), r, order("a"), increment); err != nil || l.number(`SELECT n FROM items`) != 1 {
		t.Errorf("n = %d, error %v", l.number(`SELECT n FROM items`), err)
	}
	if err := Run(t.Context(), r, order("a"), increment); !errors.Is(err, ErrAlreadyCommitted) {
		t.Errorf("error is %v", err)
	}
}

func TestARoleOrSearchPathOfTheOperationSaysNothingAboutTheMarkers(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`CREATE SCHEMA other; CREATE TABLE other.items (id int, n int); INSERT INTO other.items VALUES (1, 0)`)
	op := order("a")
	op.Settings = map[string]string{"search_path": "other"}
	if err := Run(t.Context(), l.runner, op, increment); err != nil {
		t.Fatal(err)
	}
	if n := l.number(`SELECT n FROM other.items`); n != 1 || l.number(`SELECT count(*) FROM public.sqlkeel_commits`) != 1 {
		t.Errorf("n = %d", n)
	}
	if err := Run(t.Context(), l.runner, op, increment); !errors.Is(err, ErrAlreadyCommitted) {
		t.Errorf("error is %v", err)
	}
}

func TestOldMarkersAreDeletedAndYoungOnesKept(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	r := newRunner(t, l.pool, Config{MarkerRetention: time.Hour})
	fill := func() {
		l.exec(`INSERT INTO sqlkeel_commits SELECT 'old' || i, 0, now() - interval '61 minutes' FROM generate_series(1, $1) i`, pruneMost+10)
	}
	fill()
	l.exec(`INSERT INTO sqlkeel_commits SELECT 'young' || i, 0, now() - interval '59 minutes' FROM generate_series(1, 10) i`)
	const old = `SELECT count(*) FROM sqlkeel_commits WHERE key LIKE 'old%'`
	for i := range pruneEvery + 1 {
		if err := Run(t.Context(), r, order(fmt.Sprint("new", i)), func(context.Context, *Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if i == 0 || i == pruneEvery-1 {
			if n := l.number(old); n != 10 {
				t.Errorf("after %d commits %d old markers are left", i+1, n)
			}
		}
	}
	if n := l.number(old); n != 0 {
		t.Errorf("%d old markers are left", n)
	}
	if n := l.number(`SELECT count(*) FROM sqlkeel_commits`); n != 10+pruneEvery+1 {
		t.Errorf("%d markers are left", n)
	}
}

func TestTheTableOfMarkersMayBeMadeByManyAtOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		l := setup(t)
		errs := make(chan error, 8)
		for i := range cap(errs) {
			go func() {
				errs <- Run(bounded(t), l.runner, order(fmt.Sprint(i)), func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, i) })
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := l.rows(); n != cap(errs) {
			t.Errorf("%d rows", n)
		}
	}
}
