package txn

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// advisory is how many advisory locks are held in the test's database.
func (l *lab) advisory() int {
	l.t.Helper()
	return l.number(`SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
		WHERE locktype = 'advisory' AND granted AND datname = current_database()`)
}

func TestALockIsTakenBeforeTheSnapshotAndReleasedAfter(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	op := Op{Name: "take turns", Iso: pgx.RepeatableRead, Locks: []int64{7, -3, 7}, MaxAttempts: 1}
	// All read before one writes, unless they take turns.
	const callers = 6
	errs := make(chan error, callers)
	for range callers {
		go func() {
			errs <- Run(bounded(t), l.runner, op, func(ctx context.Context, tx *Tx) error {
				var n, held int
				if err := tx.QueryRow(ctx, `SELECT n, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) FROM items`).Scan(&n, &held); err != nil {
					return err
				}
				if held != 2 {
					return fmt.Errorf("%d locks are held", held)
				}
				_, err := tx.Exec(ctx, `UPDATE items SET n = $1`, n+1)
				return err
			})
		}()
	}
	var all []error
	for range callers {
		all = append(all, <-errs)
	}
	if err := errors.Join(all...); err != nil {
		t.Fatal(err)
	}
	if n := l.number(`SELECT n FROM items`); n != callers {
		t.Fatalf("n = %d", n)
	}
	if err := differ("locks held afterwards", l.advisory(), 0); err != nil {
		t.Error(err)
	}
}

func TestLocksAreReleasedWhateverHappens(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for name, out := range map[string]func() error{
		"error": func() error { return errBoom }, "panic": func() error { panic(errBoom) }, "Goexit": func() error { runtime.Goexit(); return nil },
	} {
		_, _, _ = leave(bounded(t), l.runner, Op{Name: "leave", Locks: []int64{1}}, func(ctx context.Context, tx *Tx) error {
			if err := insert(ctx, tx, 1); err != nil {
				t.Error(err)
			}
			return out()
		})
		if n := l.advisory(); n != 0 || l.rows() != 0 {
			t.Errorf("%s: %d locks, %d rows", name, n, l.rows())
		}
	}
}

func TestTheWaitForALockIsBounded(t *testing.T) {
	t.Parallel()
	l := setup(t)
	op := Op{Name: "wait", Locks: []int64{1}, LockTimeout: 10 * time.Millisecond}
	err := Run(t.Context(), l.runner, op, func(context.Context, *Tx) error {
		called := false
		err := Run(t.Context(), l.runner, op, func(context.Context, *Tx) error { called = true; return nil })
		if pgerr.KindOf(err) != pgerr.LockTimeout || called {
			t.Errorf("called %t, error %v", called, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		op.LockTimeout = 0
		if err := Run(ctx, l.runner, op, func(context.Context, *Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// The session whose wait was cut short may be given the lock before it ends.
	l.await(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, 0)
}

func TestLocksWorkOverASingleConnection(t *testing.T) {
	t.Parallel()
	l := setup(t)
	r := newRunner(t, l.db.Conn(), Config{})
	for i := range 2 {
		err := Run(t.Context(), r, Op{Name: "x", Locks: []int64{1, 2}}, func(ctx context.Context, tx *Tx) error {
			if n := l.advisory(); n != 2 {
				t.Errorf("%d locks", n)
			}
			return insert(ctx, tx, i)
		})
		if err != nil || l.advisory() != 0 {
			t.Errorf("%d locks, error %v", l.advisory(), err)
		}
	}
}
