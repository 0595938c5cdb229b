package txn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// loseUpdate adds 1 to item 1 by read and write; on the first attempt another session
// adds 100 in between.
func loseUpdate(l *lab, ctx context.Context, tx *Tx) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT n FROM items WHERE id = 1`).Scan(&n); err != nil {
		return err
	}
	if tx.Attempt() == 1 {
		if _, err := l.pool.Exec(ctx, `UPDATE items SET n = n + 100 WHERE id = 1`); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE items SET n = $1 WHERE id = 1`, n+1)
	return err
}

func TestALostUpdateSucceedsOnAFreshSnapshot(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	attempt, err := Do(t.Context(), l.runner, Op{Name: "add", Iso: pgx.RepeatableRead}, func(ctx context.Context, tx *Tx) (int, error) {
		return tx.Attempt(), loseUpdate(l, ctx, tx)
	})
	if n := l.number(`SELECT n FROM items`); err != nil || attempt != 2 || n != 101 {
		t.Errorf("attempt %d, n = %d, error %v", attempt, n, err)
	}
}

// both runs fn at once for two callers, 1 and 2, whose first attempts meet
// wherever fn waits, and returns their errors.
func both(t *testing.T, r *Runner, op Op, fn func(ctx context.Context, tx *Tx, me int, meet func() error) error) [2]error {
	t.Helper()
	ctx := bounded(t)
	meeting := newBarrier(2)
	var errs [2]error
	var work sync.WaitGroup
	for i := range errs {
		work.Go(func() {
			errs[i] = Run(ctx, r, op, func(ctx context.Context, tx *Tx) error {
				return fn(ctx, tx, i+1, func() error {
					if tx.Attempt() > 1 {
						return nil
					}
					return meeting.wait(ctx)
				})
			})
		})
	}
	work.Wait()
	return errs
}

// goOffCall takes the doctor off call if that leaves another on call.
func goOffCall(ctx context.Context, tx *Tx, me int, meet func() error) error {
	var onCall int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM items WHERE n = 1`).Scan(&onCall); err != nil {
		return err
	}
	if err := meet(); err != nil {
		return err
	}
	if onCall < 2 {
		return errBoom
	}
	_, err := tx.Exec(ctx, `UPDATE items SET n = 0 WHERE id = $1`, me)
	return err
}

func TestWriteSkewIsResolvedByRunningTheDecisionAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		iso       pgx.TxIsoLevel
		remaining int
	}{
		{pgx.Serializable, 1},
		{pgx.RepeatableRead, 0}, // the anomaly is real: the test would see it
	} {
		l := setup(t)
		l.exec(`INSERT INTO items VALUES (1, 1), (2, 1)`)
		errs := both(t, l.runner, Op{Name: "off call", Iso: tc.iso}, goOffCall)
		if n := l.number(`SELECT count(*) FROM items WHERE n = 1`); n != tc.remaining {
			t.Errorf("%s: %d remain on call, errors %v", tc.iso, n, errs)
		}
		refused := 0
		for _, err := range errs {
			if errors.Is(err, errBoom) {
				refused++
			} else if err != nil {
				t.Errorf("%s: %v", tc.iso, err)
			}
		}
		if refused != tc.remaining {
			t.Errorf("%s: %d were refused", tc.iso, refused)
		}
	}
}

func TestADeadlockIsRetried(t *testing.T) {
	t.Parallel()
	l := setup(t, func(cfg *pgxpool.Config) { cfg.ConnConfig.RuntimeParams["deadlock_timeout"] = "20ms" })
	l.exec(`INSERT INTO items VALUES (1, 0), (2, 0)`)
	var attempts atomic.Int32
	errs := both(t, l.runner, Op{Name: "cross"}, func(ctx context.Context, tx *Tx, me int, meet func() error) error {
		attempts.Add(1)
		return cross(ctx, tx, me, meet)
	})
	if errs != [2]error{} || l.number(`SELECT min(n) FROM items`) != 2 {
		t.Errorf("errors %v, least n %d", errs, l.number(`SELECT min(n) FROM items`))
	}
	if n := attempts.Load(); n < 3 {
		t.Errorf("%d attempts: there was no deadlock", n)
	}
}

func TestContendedTransfersConserveTheSumAndNoneIsExhausted(t *testing.T) {
	t.Parallel()
	for _, processes := range []int{1, 2} { // as far as the database can tell
		t.Run(fmt.Sprint(processes), func(t *testing.T) {
			t.Parallel()
			const workers, each, accounts = 32, 8, 10
			l := setup(t, func(cfg *pgxpool.Config) { cfg.MaxConns = 16 })
			l.exec(`INSERT INTO items SELECT id, 1000 FROM generate_series(0, $1 - 1) id`, accounts)
			runners := []*Runner{l.runner, newRunner(t, l.pool, Config{})}[:processes]
			ctx := bounded(t)
			var attempts atomic.Int64
			var work sync.WaitGroup
			for i := range workers {
				work.Go(func() {
					for range each {
						// In the order of ids: this is about conflicts, not deadlocks.
						from := rand.IntN(accounts - 1)
						to := from + 1 + rand.IntN(accounts-1-from)
						err := Run(ctx, runners[i%processes], Op{Name: "transfer", Iso: pgx.Serializable}, func(ctx context.Context, tx *Tx) error {
							attempts.Add(1)
							return transfer(ctx, tx, from, to)
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			work.Wait()
			t.Logf("%d transfers in %d attempts", workers*each, attempts.Load())
			if sum := l.number(`SELECT sum(n) FROM items`); sum != accounts*1000 {
				t.Errorf("the sum is %d", sum)
			}
			if moved := l.number(`SELECT count(*) FROM moves`); moved != workers*each {
				t.Errorf("%d transfers are in the book", moved)
			}
		})
	}
}

// Both callers of each pair want what the other one has. None of the two is committed
// when the server ends the other.
func TestDeadlocksThatEndWellUseNoTokensUp(t *testing.T) {
	t.Parallel()
	l := setup(t, func(cfg *pgxpool.Config) { cfg.ConnConfig.RuntimeParams["deadlock_timeout"] = "10ms" })
	l.exec(`INSERT INTO items VALUES (1, 0), (2, 0)`)
	r := newRunner(t, l.pool, Config{RetryBudget: (defaultAttempts - 1) * costRetry}) // what one unit may need
	const times = 25
	for range times {
		errs := both(t, r, Op{Name: "cross"}, cross)
		if errs != [2]error{} {
			t.Fatal(errs)
		}
	}
	if n := l.number(`SELECT min(n) FROM items`); n != 2*times {
		t.Errorf("n is %d", n)
	}
}

// cross adds to both items, to its own first.
func cross(ctx context.Context, tx *Tx, me int, meet func() error) error {
	for i, id := range []int{me, 3 - me} {
		if _, err := tx.Exec(ctx, `UPDATE items SET n = n + 1 WHERE id = $1`, id); err != nil {
			return err
		}
		if i == 0 {
			if err := meet(); err != nil {
				return err
			}
		}
	}
	return nil
}

func transfer(ctx context.Context, tx *Tx, from, to int) error {
	rows, _ := tx.Query(ctx, `SELECT n FROM items WHERE id IN ($1, $2) ORDER BY id`, from, to)
	balances, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for i, id := range []int{from, to} {
		if _, err := tx.Exec(ctx, `UPDATE items SET n = $2 WHERE id = $1`, id, balances[i]+int64(2*i-1)); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO moves VALUES ($1, $2)`, from, to)
	return err
}
