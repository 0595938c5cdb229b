package txn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd is a database in memory in which an attempt collides with all others that were
// begun while it ran, except the first to end.
type crowd struct {
	mu       sync.Mutex
	most     int // attempts at the same time
	running  int
	attempts int
	each     time.Duration // that an attempt takes
	shares   int           // how many rows there are: only attempts on the same one collide
	versions map[int]int
}

func (c *crowd) work(ctx context.Context, row int, d time.Duration) error {
	c.mu.Lock()
	if c.versions == nil {
		c.versions = map[int]int{}
	}
	c.running++
	c.attempts++
	c.most = max(c.most, c.running)
	seen := c.versions[row]
	c.mu.Unlock()
	time.Sleep(d) // of the bubble's clock
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.versions[row] != seen {
		return serverError("40001")
	}
	c.versions[row]++
	return ctx.Err()
}

// rush has many callers do many units each, and returns their errors.
func (c *crowd) rush(ctx context.Context, r *Runner, op Op, callers, each int) error {
	errs := make([]error, callers)
	var work sync.WaitGroup
	for i := range callers {
		work.Go(func() {
			for range each {
				errs[i] = errors.Join(errs[i], Run(ctx, r, op, func(ctx context.Context, tx *Tx) error { return c.work(ctx, i%max(c.shares, 1), c.each) }))
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

func TestAGateClosesWhenConflictsAreManyAndOpensAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		c := &crowd{each: time.Second}
		if failed := c.rush(t.Context(), r, Op{Name: "hot"}, 32, 20); failed != nil {
			t.Error(failed)
		}
		// Alone, 640 attempts would do. Each caller's first may collide, and a few until
		// the gate has found its width.
		if c.attempts > 640+160 {
			t.Errorf("%d attempts for 640 commits", c.attempts)
		}
		// The same callers, each with a row of its own: the gate must let them go.
		free := &crowd{each: time.Second, shares: 32}
		if failed := free.rush(t.Context(), r, Op{Name: "hot"}, 32, 200); failed != nil {
			t.Error(failed)
		}
		if free.most < 32 || r.gates.some.Load() != 0 {
			t.Errorf("at most %d ran at a time, %d gates are left", free.most, r.gates.some.Load())
		}
	})
}

// A unit that takes longer than those of all others never finds a moment in which
// nobody commits.
func TestAUnitThatKeepsLosingGoesOnAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		c := &crowd{each: gateLong / 8}
		short := async(func() error { return c.rush(t.Context(), r, Op{Name: "hot"}, 8, 50) })
		attempts := 0
		failed := Run(t.Context(), r, Op{Name: "hot"}, func(ctx context.Context, tx *Tx) error {
			attempts = tx.Attempt()
			return c.work(ctx, 0, gateLong)
		})
		if failed = errors.Join(failed, <-short); failed != nil {
			t.Error(failed)
		}
		if attempts > 2*gateLosses { // a short one may go on alone before it
			t.Errorf("it took %d attempts", attempts)
		}
	})
}

func TestALongUnitThatKeepsLosingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for while, alone := range map[time.Duration]bool{gateLong: true, gateLong + 1: false} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			loser, winner := r.pass(t.Context(), &Op{Name: "x"}), r.pass(t.Context(), &Op{Name: "x"})
			for range gateLosses {
				if _, err := loser.enter(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(while)
				winner.committed()
				loser.collided()
			}
			if w := winner.queue(); (w != nil) != alone {
				t.Errorf("after attempts of %v: others wait is %v", while, w != nil)
			}
		})
	}
}

// busy is a server on which n attempts at a time are the fastest: more hinder one
// another. It returns how many were committed in a minute.
func busy(t *testing.T, n int, limit int) (committed int) {
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		if limit > 0 {
			g := r.gates.add(gateKey{op: "x"})
			g.set(limit)
			g.period = math.MaxInt
		}
		rng := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		running := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var work sync.WaitGroup
		for range 32 {
			work.Go(func() {
				for ctx.Err() == nil {
					err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error {
						mu.Lock()
						running++
						inside := running
						mu.Unlock()
						time.Sleep(10 * time.Millisecond * time.Duration(max(inside, n)) / time.Duration(n))
						mu.Lock()
						defer mu.Unlock()
						running--
						if rng.Float64() < 0.1*float64(inside-1) {
							return serverError("40001")
						}
						committed++
						return nil
					})
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
	})
	return committed
}

func TestAGateLetsInAsManyAsCommitMost(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 4} {
		best := 0
		for _, limit := range []int{1, 2, 4, 8} {
			best = max(best, busy(t, n, limit))
		}
		got := busy(t, n, 0)
		t.Logf("%d at a time are the fastest: %d commits, %d with the best limit", n, got, best)
		if float64(got) < 0.85*float64(best) {
			t.Errorf("%d at a time are the fastest: %d commits, %d with the best limit", n, got, best)
		}
	}
}

// unlucky has callers do units whose attempts take a while and collide with somebody
// elsewhere by chance, behind a gate or not, and returns how long that took.
func unlucky(t *testing.T, gated bool, chance float64, while time.Duration) (took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		if !gated {
			keepOpen(r, "x")
		}
		rng := rand.New(rand.NewPCG(1, 2))
		start := time.Now()
		var work sync.WaitGroup
		var mu sync.Mutex
		for range 32 {
			work.Go(func() {
				for range 300 {
					err := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
						time.Sleep(while)
						mu.Lock()
						defer mu.Unlock()
						if rng.Float64() < chance {
							return serverError("40001")
						}
						return nil
					})
					if err != nil {
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

func TestAGateThatDoesNotHelpIsOpened(t *testing.T) {
	t.Parallel()
	for _, while := range []time.Duration{time.Millisecond, 10 * time.Millisecond, time.Second, 10 * time.Second} {
		for _, chance := range []float64{0.05, 0.2, 0.35, 0.5} {
			with, without := unlucky(t, true, chance, while), unlucky(t, false, chance, while)
			t.Logf("attempts of %v, of 100 %v collide: %v with a gate, %v without", while, 100*chance, with, without)
			if with > 2*without+400*while { // that the trials take; kept closed it would be ten times as long
				t.Errorf("attempts of %v, of 100 %v collide: %v with a gate, %v without", while, 100*chance, with, without)
			}
		}
	}
}

// A gate that let in one at a time is in the way when nobody collides any more. How
// long that takes to see must not depend on how long the attempts take.
func TestAGateOpensSoonWhenNobodyCollidesAnyMore(t *testing.T) {
	t.Parallel()
	for _, while := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			if failed := (&crowd{each: while}).rush(t.Context(), r, Op{Name: "hot"}, 32, 40); failed != nil {
				t.Error(failed)
			}
			start := time.Now()
			free := &crowd{each: while, shares: 32}
			if failed := free.rush(t.Context(), r, Op{Name: "hot"}, 32, 40); failed != nil {
				t.Error(failed)
			}
			took := time.Since(start)
			t.Logf("attempts of %v: %v, %v alone", while, took, 40*while)
			if took > 20*40*while { // one at a time it would be 32
				t.Errorf("attempts of %v: %v, %v alone", while, took, 40*while)
			}
		})
	}
}
