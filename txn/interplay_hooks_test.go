package txn

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
)

// AfterRollback of an attempt whose repetition could not be begun.
func TestRollbackHooksRunWhenTheNextAttemptCannotBegin(t *testing.T) {
	t.Parallel()
	f := &fakeDB{}
	r := newRunner(t, f, Config{BackoffBase: 1, BackoffMax: 1})
	hooks := 0
	err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
		tx.AfterRollback(func(context.Context, error) { hooks++ })
		f.begin = errBoom
		return serverError("40001")
	})
	if hooks != 1 {
		t.Errorf("%d hooks, error %v", hooks, err)
	}
}

func TestAHookGivenByAHookIsCalled(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{}, Config{})
	called := false
	_ = Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
		tx.AfterCommit(func(context.Context) { tx.AfterCommit(func(context.Context) { called = true }) })
		return nil
	})
	if !called {
		t.Error("it is dropped without a word")
	}
}

func TestCallsWhileRowsAreOpenAreOnlyBusy(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for name, call := range map[string]func(ctx context.Context, tx *Tx) error{
		"Exec":      func(ctx context.Context, tx *Tx) error { _, err := tx.Exec(ctx, `SELECT 1`); return err },
		"Exec args": func(ctx context.Context, tx *Tx) error { _, err := tx.Exec(ctx, `SELECT $1::int`, 1); return err },
		"Query":     func(ctx context.Context, tx *Tx) error { _, err := tx.Query(ctx, `SELECT $1::int`, 1); return err },
		"QueryRow": func(ctx context.Context, tx *Tx) error {
			return tx.QueryRow(ctx, `SELECT $1::int`, 1).Scan(new(int))
		},
		"CopyFrom": func(ctx context.Context, tx *Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{7, 1}}))
			return err
		},
		"SendBatch": func(ctx context.Context, tx *Tx) error {
			b := &pgx.Batch{}
			b.Queue(`SELECT $1::int`, 1)
			return tx.SendBatch(ctx, b).Close()
		},
		"Savepoint": func(ctx context.Context, tx *Tx) error {
			return tx.Savepoint(ctx, func(context.Context) error { return nil })
		},
	} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM items`); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `SELECT generate_series(1, 3)`)
			if err != nil {
				return err
			}
			n := 0
			for rows.Next() {
				n++
				if busy := call(ctx, tx); busy == nil || !strings.Contains(busy.Error(), "conn busy") {
					t.Errorf("%s: %v", name, busy)
				}
			}
			if n != 3 || rows.Err() != nil {
				t.Errorf("%s: %d rows, %v", name, n, rows.Err())
			}
			return insert(ctx, tx, 1)
		})
		if err != nil || l.rows() != 1 {
			t.Errorf("%s: %d rows, error %v", name, l.rows(), err)
		}
	}
}

func TestADatabaseOfASetUsedInsideItsTransactionIsRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	set, err := db.OpenSet(t.Context(), "main", db.Config{Name: "main", DSN: l.db.DSN()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = set.Close(t.Context()) }()
	r := newRunner(t, set, Config{})
	for _, op := range []Op{{Name: "plain"}} {
		err := Run(t.Context(), r, op, func(ctx context.Context, _ *Tx) error {
			_, err := set.Exec(ctx, `SELECT 1`)
			return err
		})
		if !errors.Is(err, db.ErrInTransaction) {
			t.Errorf("%s: error is %v", op.Name, err)
		}
	}
}

// Inside a gate of two, a conflict with a session elsewhere is met again at once, until
// no attempt is left, also by a unit that is alone inside.
func TestAGateDoesNotBurnTheAttempts(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{1, 2} {
		failed := map[bool]int{}
		const rounds = 50
		for _, gated := range []bool{true, false} {
			for range rounds {
				synctest.Test(t, func(t *testing.T) {
					r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{})
					if gated {
						shut(r, gateKey{}, "x", 1)
					} else {
						keepOpen(r, "x")
					}
					end := time.Now().Add(100 * time.Millisecond) // of a transaction of another service, on the same rows
					results := make([]<-chan error, callers)
					for i := range results {
						results[i] = async(func() error {
							return Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
								time.Sleep(time.Millisecond)
								if time.Now().Before(end) {
									return serverError("40001")
								}
								return nil
							})
						})
					}
					for _, c := range results {
						if <-c != nil {
							failed[gated]++
						}
					}
				})
			}
		}
		t.Logf("%d callers: exhausted with the gate %d, without %d of %d", callers, failed[true], failed[false], callers*rounds)
		if failed[true] > failed[false]+callers*rounds/10 {
			t.Errorf("%d callers: exhausted with the gate %d, without %d of %d", callers, failed[true], failed[false], callers*rounds)
		}
	}
}

func TestAPlaceIsKeptWhileResolving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := &fakeDB{commit: func(int) error { return io.ErrUnexpectedEOF }}
		first := true
		r := newRunner(t, beginnerFunc(func() *fakeDB {
			if first {
				first = false
				return lost
			}
			return &fakeDB{begin: errBoom} // no server answers for now
		}), Config{})
		shut(r, gateKey{}, "x", 1)
		done := async(func() error { return Run(t.Context(), r, Op{Name: "x", Commit: Resolve}, nothing) })
		synctest.Wait()
		start := time.Now()
		_ = Run(t.Context(), r, Op{Name: "x"}, nothing)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("waited %v for one whose COMMIT was sent long ago", waited)
		}
		<-done
	})
}

// A connection that died while it was idle is replaced.
func TestAnIdleConnectionThatDiedIsReplaced(t *testing.T) {
	t.Parallel()
	for _, op := range []Op{{Name: "plain"}} {
		l := setup(t, one)
		admin := l.db.Conn()
		if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		if err := Run(t.Context(), l.runner, op, nothing); err != nil {
			t.Errorf("%s: %v", op.Name, err)
		}
	}
}
