package txn

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A place that is given up before the end, for the removal of old keys, say, does not
// hide the commit from the gate.
func TestIdempotentCommitsCountBehindAGate(t *testing.T) {
	t.Parallel()
	for _, mode := range []CommitMode{ReturnUnknown, Idempotent} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			g := r.gates.add(gateKey{op: "x"})
			g.set(2)
			start := time.Now()
			var work sync.WaitGroup
			for i := range 32 {
				work.Go(func() {
					for j := range 100 {
						op := Op{Name: "x", Commit: mode}
						if mode == Idempotent {
							op.Key = fmt.Sprint(i, "/", j)
						}
						if err := Run(t.Context(), r, op, tenMilliseconds); err != nil {
							t.Error(err)
						}
					}
				})
			}
			work.Wait()
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("mode %v: nobody collides, and it took %v instead of 1s; limit %d", mode, took, g.limit)
			}
		})
	}
}

func tenMilliseconds(context.Context, *Tx) error {
	time.Sleep(10 * time.Millisecond)
	return nil
}

// The hot item is sold out: everybody is told so, and nobody collides.
func TestErrorsOfTheFunctionOpenAGate(t *testing.T) {
	t.Parallel()
	took := map[error]time.Duration{}
	for _, end := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			if failed := (&crowd{each: 10 * time.Millisecond}).rush(t.Context(), r, Op{Name: "x"}, 32, 40); failed != nil {
				t.Error(failed)
			}
			start := time.Now()
			var work sync.WaitGroup
			for range 32 {
				work.Go(func() {
					for range 200 {
						_ = Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
							_ = tenMilliseconds(ctx, tx)
							return end
						})
					}
				})
			}
			work.Wait()
			took[end] = time.Since(start)
		})
	}
	if took[errBoom] > 2*took[nil] {
		t.Errorf("nobody collides: units that commit took %v, units that fail %v", took[nil], took[errBoom])
	}
}

func TestAnIdleNightDoesNotDisarmAGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		lose := func(times int) {
			err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
				time.Sleep(time.Millisecond)
				if tx.Attempt() <= times {
					return serverError("40001")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		lose(1)
		time.Sleep(10 * time.Hour)
		lose(13)
		if g := r.gates.all[gateKey{op: "x"}]; g != nil && time.Until(g.until) > time.Minute {
			t.Errorf("calm for %v", time.Until(g.until))
		}
		time.Sleep(24 * time.Hour)
		c := &crowd{each: 10 * time.Millisecond}
		if failed := c.rush(t.Context(), r, Op{Name: "x"}, 32, 40); failed != nil {
			t.Error(failed)
		}
		if c.attempts > 2*1280 {
			t.Errorf("a day later: %d attempts for 1280 commits", c.attempts)
		}
	})
}

func TestAGateOpensForBurstsThatDoNotCollide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		r.gates.add(gateKey{op: "x"}).set(2)
		var last time.Duration
		for range 200 {
			start := time.Now()
			var work sync.WaitGroup
			for range 32 {
				work.Go(func() { _ = Run(t.Context(), r, Op{Name: "x"}, tenMilliseconds) })
			}
			work.Wait()
			last = time.Since(start)
			time.Sleep(time.Second - last)
		}
		if last > 40*time.Millisecond {
			t.Errorf("after 200 bursts without a conflict one took %v instead of 10ms", last)
		}
	})
}

func TestThoseWhoComeAgainAreInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		r.gates.add(gateKey{op: "x"}).set(1)
		holder := r.pass(t.Context(), &Op{Name: "x"})
		_, _ = holder.enter(t.Context())
		var order []int
		var work sync.WaitGroup
		for i := range 5 {
			work.Go(func() {
				p := r.pass(t.Context(), &Op{Name: "x"})
				p.again = true // as after a wait
				_, _ = p.enter(t.Context())
				order = append(order, i)
				p.leave()
			})
			synctest.Wait()
		}
		holder.leave()
		work.Wait()
		if !slices.IsSorted(order) {
			t.Errorf("they came in the order %v", order)
		}
	})
}
