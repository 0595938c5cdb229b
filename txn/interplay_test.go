package txn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/db"
)

// One unit alone waits for itself: outer and inner are of one Name, on two targets.
func TestGateNestedOnTwoTargetsWaitsForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeSet{Beginner: beginnerFunc(func() *fakeDB { return &fakeDB{} }), name: (*db.Set)(nil).Target}, Config{})
		shut(r, gateKey{target: "a"}, "copy", 1)
		shut(r, gateKey{target: "b"}, "copy", 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := Run(db.WithTarget(ctx, "a"), r, Op{Name: "copy"}, func(ctx context.Context, _ *Tx) error {
			return Run(db.WithTarget(ctx, "b"), r, Op{Name: "copy"}, nothing)
		})
		if err != nil {
			t.Errorf("waited for itself: %v", err)
		}
	})
}

// Two units, each inside of one gate and before the other's.
func TestGatesOfTwoDatabasesDeadlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r1, r2 := gateRunner(t), gateRunner(t)
		shut(r1, gateKey{}, "x", 1)
		shut(r2, gateKey{}, "x", 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		both := newBarrier(2)
		nest := func(outer, inner *Runner) error {
			return Run(ctx, outer, Op{Name: "x"}, func(ctx context.Context, _ *Tx) error {
				if err := both.wait(ctx); err != nil {
					return err
				}
				return Run(ctx, inner, Op{Name: "x"}, nothing)
			})
		}
		first := async(func() error { return nest(r1, r2) })
		second := nest(r2, r1)
		if err := errors.Join(<-first, second); err != nil {
			t.Errorf("they waited for one another: %v", err)
		}
	})
}

// A closed gate that is not used any more stays, and is never among those removed.
func TestClosedGatesAreKeptForEver(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	for i := range 4 * gatesMost {
		p := r.pass(t.Context(), &Op{Name: "x", ConflictKey: fmt.Sprint(i)})
		for range 2 * laneWhile {
			p.collided()
		}
		p.leave()
	}
	if n := len(r.gates.all); n > gatesMost {
		t.Errorf("%d gates are kept", n)
	}
}

// Conflicts that do not come from the operation's own concurrency: being few does not help.
func TestAGateThatDoesNotHelpIsGivenUp(t *testing.T) {
	t.Parallel()
	// Which unit draws which number is up to the scheduler, so that one run tells little:
	// the middle one of several is compared.
	const runs = 7
	for _, p := range []float64{0.15, 0.20, 0.35, 0.5} {
		took := map[bool]time.Duration{}
		for _, gated := range []bool{true, false} {
			var all []time.Duration
			for seed := range uint64(runs) {
				all = append(all, colliding(t, p, gated, seed))
			}
			slices.Sort(all)
			took[gated] = all[runs/2]
		}
		t.Logf("p=%v: with the gate %v, without %v", p, took[true], took[false])
		if took[true] > 4*took[false] {
			t.Errorf("p=%v: with the gate %v, without %v", p, took[true], took[false])
		}
	}
}

// A place is kept through backoff after an error that is no conflict.
func TestAPlaceIsKeptDuringBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }),
			Config{MaxAttempts: 5, BackoffBase: time.Hour, BackoffMax: time.Hour})
		shut(r, gateKey{}, "x", 1)
		done := async(func() error {
			return Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() < 5 {
					return Retryable(errBoom)
				}
				return nil
			})
		})
		synctest.Wait()
		start := time.Now()
		if err := Run(t.Context(), r, Op{Name: "x"}, nothing); err != nil {
			t.Error(err)
		}
		if waited := time.Since(start); waited > time.Minute {
			t.Errorf("waited %v for one who slept", waited)
		}
		<-done
	})
}

// An error that has nothing to do with the connection is taken for a lost one.
func TestRetryLostWantsALostConnection(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"truncated JSON": io.ErrUnexpectedEOF,
		"end of a file":  io.EOF,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, one)
			attempts := 0
			err := Run(t.Context(), l.runner, Op{Name: "x", RetryLost: true, MaxAttempts: 3}, func(ctx context.Context, tx *Tx) error {
				attempts++
				return fmt.Errorf("read the input: %w", cause)
			})
			if attempts != 1 {
				t.Errorf("%d attempts, error %v", attempts, err)
			}
		})
	}
}

// The COMMIT of another database, by plain pgx, whose answer was lost, is sent again.
func TestRetryLostRepeatsALostCommitOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	other := setup(t)
	attempts := 0
	_ = Run(t.Context(), l.runner, Op{Name: "x", RetryLost: true, MaxAttempts: 3}, func(ctx context.Context, tx *Tx) error {
		attempts++
		if _, err := other.pool.Exec(ctx, `INSERT INTO moves VALUES (1, 1)`); err != nil {
			return err
		}
		if attempts == 1 {
			return fmt.Errorf("other database: commit: %w", io.ErrUnexpectedEOF) // what pgx says of an answer that was lost
		}
		return nil
	})
	if n := other.number(`SELECT count(*) FROM moves`); n != 1 {
		t.Errorf("applied %d times", n)
	}
}

// Tokens are taken for retries that do not take place.
func TestTokensAreForRetriesOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{RetryBudget: 100, BackoffBase: time.Hour, BackoffMax: time.Hour})
		attempts := 0
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_ = Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { attempts++; return Retryable(errBoom) })
			cancel()
		}
		err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			if tx.Attempt() == 1 {
				return Retryable(errBoom)
			}
			return nil
		})
		if err != nil {
			t.Errorf("after %d attempts of 100 units, none of them a retry: %v", attempts, err)
		}
	})
}

// Retries that are no conflicts count as attempts that went well, and open the gate.
func TestRetryableIsNoCommitForTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{MaxAttempts: 101})
		g, op := shut(r, gateKey{}, "x", 2)
		_ = Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { return Retryable(errBoom) })
		if op.share.n+g.short.n != 0 {
			t.Errorf("%d attempts were counted, without a commit", g.short.n)
		}
	})
}

// A part that is still under way on another goroutine is committed by half.
func TestAPartThatIsUnderWayIsNotCommittedByHalf(t *testing.T) {
	t.Parallel()
	for _, nest := range []Propagation{Savepoint, Join} {
		t.Run(fmt.Sprint(nest), func(t *testing.T) {
			t.Parallel()
			l := setup(t, one)
			inside, over := make(chan struct{}), make(chan struct{})
			var part <-chan error
			err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
				part = async(func() error {
					return Run(ctx, l.runner, Op{Name: "inner", Propagation: nest}, func(ctx context.Context, tx *Tx) error {
						err := insert(ctx, tx, 1)
						close(inside)
						<-over
						return errors.Join(err, errBoom)
					})
				})
				<-inside
				return nil
			})
			close(over)
			t.Logf("part: %v", <-part)
			if n := l.rows(); n != 0 {
				t.Errorf("%d rows of a part that failed, error %v", n, err)
			}
		})
	}
}

// What joined and failed was undone with the part in which it was.
func TestAJoinThatFailedInAPartIsUndoneWithIt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
		_ = Run(ctx, l.runner, Op{Name: "part", Propagation: Savepoint}, func(ctx context.Context, tx *Tx) error {
			return Run(ctx, l.runner, Op{Name: "joined", Propagation: Join}, func(context.Context, *Tx) error { return errBoom })
		})
		return insert(ctx, tx, 1)
	})
	if err != nil || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

// Two values of a comparable type need not be comparable.
func TestHomeThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	r := newRunner(t, wrapped{beginnerFunc(func() *fakeDB { return &fakeDB{} })}, Config{})
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("panic: %v", p)
		}
	}()
	err := Run(t.Context(), r, Op{Name: "outer"}, func(ctx context.Context, _ *Tx) error {
		return Run(ctx, r, Op{Name: "inner", Propagation: Join}, nothing)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestATracerThatPanicsAtReleaseHangsDo(t *testing.T) {
	t.Parallel()
	p := &panicky{}
	l := setup(t, traced(p))
	if !within(5*time.Second, func() {
		_ = Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			p.on = "RELEASE"
			return tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, 1) })
		})
	}) {
		t.Error("Do does not return")
	}
}

func TestAPartWhoseRollbackPanicsIsNotCommitted(t *testing.T) {
	t.Parallel()
	p := &panicky{}
	l := setup(t, one, traced(p))
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		p.on = "ROLLBACK TO"
		func() {
			defer func() { _ = recover() }()
			_ = tx.Savepoint(ctx, func(ctx context.Context) error { return errors.Join(insert(ctx, tx, 1), errBoom) })
		}()
		return nil
	})
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows of a part that failed, error %v", n, err)
	}
}

func TestATracerThatPanicsAtIdentifyLeaksTheConnection(t *testing.T) {
	t.Parallel()
	p := &panicky{}
	l := setup(t, traced(p))
	_ = within(time.Minute, func() {
		_ = Run(t.Context(), l.runner, Op{Name: "x", Commit: Resolve}, func(ctx context.Context, tx *Tx) error {
			p.on = "select pg_current_xact_id"
			return insert(ctx, tx, 1)
		})
	})
	if n := l.pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are lent", n)
	}
}

// colliding returns how long 32 callers take for 50 units each that collide with a
// probability of p, after a storm in which all do.
func colliding(t *testing.T, p float64, gated bool, seed uint64) (took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		if !gated {
			keepOpen(r, "x")
		}
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(1, seed))
		storm := 40
		start := time.Now()
		var work sync.WaitGroup
		for range 32 {
			work.Go(func() {
				for range 50 {
					if err := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
						time.Sleep(10 * time.Millisecond)
						mu.Lock()
						defer mu.Unlock()
						storm--
						if storm > 0 || random.Float64() < p {
							return serverError("40001")
						}
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		took = time.Since(start)
	})
	return took
}
