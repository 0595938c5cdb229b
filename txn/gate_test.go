package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
)

// gateRunner is a Runner over a database that can be used by many at once.
func gateRunner(t *testing.T) *Runner {
	return newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{MaxAttempts: 1000})
}

// keepOpen gives an operation a gate that never closes, as a yardstick for one
// that may.
func keepOpen(r *Runner, op string) {
	g := r.gates.add(gateKey{op: op})
	g.inside = 1 // so that it is not forgotten
	g.until = time.Now().Add(1000 * time.Hour)
}

type beginnerFunc func() *fakeDB

func (f beginnerFunc) BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error) {
	return f().BeginTx(ctx, o)
}

func TestAGateIsFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		g := r.gates.add(gateKey{op: "x"})
		g.set(1)
		var order []int
		var work sync.WaitGroup
		for i := range 10 {
			work.Go(func() {
				p := r.pass(t.Context(), &Op{Name: "x"})
				if _, err := p.enter(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
				order = append(order, i)
				p.leave()
			})
			synctest.Wait()
		}
		work.Wait()
		if !slices.IsSorted(order) {
			t.Errorf("they came in the order %v", order)
		}
	})
}

func TestWhoLeavesTheQueueTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		g := r.gates.add(gateKey{op: "x"})
		g.set(1)
		first, second := r.pass(t.Context(), &Op{Name: "x"}), r.pass(t.Context(), &Op{Name: "x"})
		if _, err := first.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { t.Error("it was let in"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		var waited time.Duration
		done := async(func() error {
			var err error
			waited, err = second.enter(t.Context())
			return err
		})
		time.Sleep(time.Minute)
		first.leave()
		if err := <-done; err != nil || waited != time.Minute || g.inside != 1 || len(g.queue) != 0 {
			t.Errorf("waited %v, error %v, %d inside, %d in the queue", waited, err, g.inside, len(g.queue))
		}
		second.leave()
	})
}

func TestAWaiterThatIsLetInAndLeavesAtOnceGivesItsPlaceOn(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	g := r.gates.add(gateKey{op: "x"})
	g.set(1)
	first, second, third := r.pass(t.Context(), &Op{Name: "x"}), r.pass(t.Context(), &Op{Name: "x"}), r.pass(t.Context(), &Op{Name: "x"})
	if w := first.queue(); w != nil {
		t.Fatal("the first had to wait")
	}
	waiting, next := second.queue(), third.queue()
	first.leave() // lets the second in, who
	r.gates.cancel(&second, waiting)
	select {
	case <-next.admitted:
	default:
		t.Error("the third was not let in")
	}
	third.leave()
	if g.inside != 0 || len(g.queue) != 0 {
		t.Errorf("%d inside, %d in the queue", g.inside, len(g.queue))
	}
}

func TestConflictsOfOneKeyDoNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		r.gates.add(gateKey{op: "x", key: "hot"}).set(1)
		hot := r.pass(t.Context(), &Op{Name: "x", ConflictKey: "hot"})
		if _, err := hot.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, op := range []Op{{Name: "x"}, {Name: "x", ConflictKey: "cold"}, {Name: "y", ConflictKey: "hot"}} {
			if err := Run(t.Context(), r, op, nothing); err != nil {
				t.Error(err)
			}
		}
		hot.leave()
	})
}

func TestGatesThatNobodyNeedsAreForgotten(t *testing.T) {
	t.Parallel()
	for _, conflicts := range []int{1, 10} { // the gate of a key is open, or closed
		r := gateRunner(t)
		for i := range 3 * gatesMost {
			p := r.pass(t.Context(), &Op{Name: "x", ConflictKey: fmt.Sprint(i)})
			for range conflicts {
				p.collided()
			}
			p.leave()
		}
		if n := len(r.gates.all); n > gatesMost || int(r.gates.some.Load()) != n {
			t.Errorf("%d gates are kept", n)
		}
	}
}

func TestBehindAClosedGateAttemptsAreNotBurnt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{})
		r.gates.add(gateKey{op: "x"}).set(2)
		start := time.Now()
		err := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
			if time.Since(start) < 100*time.Millisecond { // somebody elsewhere has what we need
				return serverError("40001")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAPlaceIsGivenUpForAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{BackoffBase: time.Hour, BackoffMax: time.Hour})
		g := r.gates.add(gateKey{op: "x"})
		g.set(1)
		failed := async(func() error {
			return Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() == 1 {
					return Retryable(errBoom)
				}
				return nil
			})
		})
		synctest.Wait() // it waits for its second attempt
		start := time.Now()
		if err := Run(t.Context(), r, Op{Name: "x"}, nothing); err != nil || time.Since(start) != 0 {
			t.Errorf("the next waited %v, error %v", time.Since(start), err)
		}
		if err := <-failed; err != nil || g.inside != 0 {
			t.Errorf("%d inside, error %v", g.inside, err)
		}
	})
}

func TestAUnitInsideOfAnotherDoesNotWaitForAGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, other := gateRunner(t), gateRunner(t)
		r.gates.add(gateKey{op: "x"}).set(1)
		other.gates.add(gateKey{op: "y"}).set(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		both := newBarrier(2)
		first := async(func() error {
			return Run(ctx, r, Op{Name: "x"}, func(ctx context.Context, _ *Tx) error {
				return errors.Join(both.wait(ctx), Run(ctx, other, Op{Name: "y"}, nothing))
			})
		})
		second := async(func() error {
			return Run(ctx, other, Op{Name: "y"}, func(ctx context.Context, _ *Tx) error {
				return errors.Join(both.wait(ctx), Run(ctx, r, Op{Name: "x"}, nothing))
			})
		})
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
	})
}
