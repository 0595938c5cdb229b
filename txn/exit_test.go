package txn

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
)

// leave runs Run in a goroutine of its own, which may end, and returns how it
// went.
func leave(ctx context.Context, r *Runner, op Op, fn func(context.Context, *Tx) error) (returned bool, panicked any, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		err = Run(ctx, r, op, fn)
		returned = true
	}()
	<-done
	return returned, panicked, err
}

// steps are the points at which a function is left; each calls out there.
var steps = map[string]func(ctx context.Context, tx *Tx, out func() error) error{
	"before any statement": func(_ context.Context, _ *Tx, out func() error) error { return out() },
	"after a write": func(ctx context.Context, tx *Tx, out func() error) error {
		return errors.Join(insert(ctx, tx, 1), out())
	},
	"while reading rows": func(ctx context.Context, tx *Tx, out func() error) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id FROM items`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := out(); err != nil {
				return err
			}
		}
		return rows.Err()
	},
	"inside a savepoint": func(ctx context.Context, tx *Tx, out func() error) error {
		return tx.Savepoint(ctx, func(ctx context.Context) error { return errors.Join(insert(ctx, tx, 1), out()) })
	},
	"after a failed statement": func(ctx context.Context, tx *Tx, out func() error) error {
		err := insert(ctx, tx, 1)
		_, _ = tx.Exec(ctx, `SELECT 1/0`)
		return errors.Join(err, out())
	},
}

func TestHoweverTheFunctionIsLeftNothingIsCommittedAndTheConnectionIsFree(t *testing.T) {
	t.Parallel()
	shared := setup(t, one)
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			l := *shared
			l.t = t
			l.leaveByPanic(step)
			l.leaveByGoexit(step)
			l.leaveByContext(step, context.Canceled)
			l.leaveByContext(step, context.DeadlineExceeded)
		})
	}
}

type step func(ctx context.Context, tx *Tx, out func() error) error

func (l *lab) leaveByPanic(fn step) {
	l.t.Helper()
	_, value, _ := leave(context.Background(), l.runner, Op{Name: "leave"}, func(ctx context.Context, tx *Tx) error {
		return fn(ctx, tx, func() error { panic(errBoom) })
	})
	if value != errBoom {
		l.t.Errorf("panic: its value became %v", value)
	}
	l.untouched("panic")
}

func (l *lab) leaveByGoexit(fn step) {
	l.t.Helper()
	returned, value, err := leave(context.Background(), l.runner, Op{Name: "leave"}, func(ctx context.Context, tx *Tx) error {
		return fn(ctx, tx, func() error { runtime.Goexit(); return nil })
	})
	if returned || value != nil {
		l.t.Errorf("Goexit: returned %v with error %v, panic %v", returned, err, value)
	}
	l.untouched("Goexit")
}

// leaveByContext ends the context and lets the function go on as if it had not
// noticed, then again with the context's error returned.
func (l *lab) leaveByContext(fn step, how error) {
	l.t.Helper()
	for _, notice := range []bool{false, true} {
		ctx, end := context.WithCancelCause(context.Background())
		inner, cancel := context.WithCancel(ctx)
		if how == context.DeadlineExceeded {
			inner, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
		}
		_, _, err := leave(inner, l.runner, Op{Name: "leave"}, func(ctx context.Context, tx *Tx) error {
			return fn(ctx, tx, func() error {
				if how == context.Canceled {
					cancel()
				}
				<-ctx.Done()
				if notice {
					return ctx.Err()
				}
				return nil
			})
		})
		cancel()
		end(nil)
		if !errors.Is(err, how) {
			l.t.Errorf("%v (noticed: %v): error is %v", how, notice, err)
		}
		l.untouched(how.Error())
	}
}

func (l *lab) untouched(how string) {
	l.t.Helper()
	if n := l.rows(); n != 0 {
		l.t.Errorf("%s: %d rows were committed", how, n)
	}
	if n := l.pool.Stat().AcquiredConns(); n != 0 {
		l.t.Errorf("%s: %d connections are still acquired", how, n)
	}
}

func TestGoexitCommitsNothing(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	_, _, _ = leave(context.Background(), l.runner, Op{Name: "leave"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		runtime.Goexit() // as t.FailNow does
		return nil
	})
	if err := differ("rows", l.rows(), 0); err != nil {
		t.Error(err)
	}
}

func TestTenCancelledTransactionsCostNoDial(t *testing.T) {
	t.Parallel()
	net := &wire{}
	l := setup(t, one, net.attach)
	before, _ := net.counts()
	for range 10 {
		ctx, cancel := context.WithCancel(bounded(t))
		err := Run(ctx, l.runner, Op{Name: "leave"}, func(ctx context.Context, tx *Tx) error {
			defer cancel()
			return insert(ctx, tx, 1)
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v", err)
		}
	}
	if n := l.rows(); n != 0 {
		t.Fatalf("%d rows", n)
	}
	after, _ := net.counts()
	if err := differ("dials", after, before); err != nil {
		t.Error(err)
	}
}

func TestNothingIsBegunOnAnEndedContext(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Run(ctx, l.runner, Op{Name: "late"}, func(context.Context, *Tx) error {
		t.Error("the function was called")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestACancelledStatementIsReportedAndReleased(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := Run(ctx, l.runner, Op{Name: "slow"}, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(60)`)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if n := l.rows(); n != 0 { // waits for the connection to be replaced
		t.Errorf("%d rows", n)
	}
}

func TestAFailedRollbackIsLoggedAndHidesNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := setup(t)
	r := newRunner(t, l.pool, Config{Logger: slog.New(slog.NewTextHandler(&out, nil))})
	err := Run(t.Context(), r, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
		var pid int
		if err := tx.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		if _, err := l.pool.Exec(ctx, `SELECT pg_terminate_backend($1, 10000)`, pid); err != nil {
			return err
		}
		return errBoom
	})
	if err != errBoom || !strings.Contains(out.String(), "rollback failed") || !strings.Contains(out.String(), "op=add") {
		t.Errorf("error %v, log %q", err, &out)
	}
}

func TestRollbackDoesNotRunOnTheCallersContext(t *testing.T) {
	t.Parallel()
	db := &fakeDB{}
	ctx, cancel := context.WithCancel(t.Context())
	_ = Run(ctx, newRunner(t, db, Config{}), Op{Name: "x"}, func(context.Context, *Tx) error { cancel(); return errBoom })
	if db.rollbackCtxErr != nil {
		t.Fatalf("ROLLBACK was given a context that had ended: %v", db.rollbackCtxErr)
	}
	if !db.rollbackBounded {
		t.Fatal("ROLLBACK was given a context without an end")
	}
	if err := differ("rollbacks", db.rollbacks, 1); err != nil {
		t.Error(err)
	}
}
