package txn

import (
	"context"
	"errors"
	"fmt"
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

// rush has many callers do many units each, of the operations in turn, and returns their
// errors.
func (c *crowd) rush(ctx context.Context, r *Runner, callers, each int, ops ...string) error {
	errs := make([]error, callers)
	var work sync.WaitGroup
	for i := range callers {
		work.Go(func() {
			for range each {
				errs[i] = errors.Join(errs[i], Run(ctx, r, Op{Name: ops[i%len(ops)]}, func(ctx context.Context, tx *Tx) error { return c.work(ctx, i%max(c.shares, 1), c.each) }))
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

func TestAGateClosesWhenConflictsAreManyAndOpensAgain(t *testing.T) {
	t.Parallel()
	for each, places := range map[time.Duration]int{time.Millisecond: laneShort, time.Second: laneLong} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			c := &crowd{each: each}
			if failed := c.rush(t.Context(), r, 32, 20, "hot"); failed != nil {
				t.Error(failed)
			}
			// Of those that run at a time one commits. Each caller's first may collide,
			// and those of a trial.
			t.Logf("%d attempts for 640 commits", c.attempts)
			if c.attempts > 640*places+160 {
				t.Errorf("%d attempts for 640 commits", c.attempts)
			}
			// The same callers, each with a row of its own: the gate must let them go.
			free := &crowd{each: each, shares: 32}
			if failed := free.rush(t.Context(), r, 32, 200, "hot"); failed != nil {
				t.Error(failed)
			}
			if free.most < 32 || r.gates.some.Load() != 0 {
				t.Errorf("at most %d ran at a time, %d gates are left", free.most, r.gates.some.Load())
			}
		})
	}
}

func TestOperationsOfDifferentNamesThatCollideMeet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		c := &crowd{each: time.Second}
		ops := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		if failed := c.rush(t.Context(), r, 32, 40, ops...); failed != nil {
			t.Error(failed)
		}
		// With a gate of each name 8 times as many would run at a time.
		t.Logf("%d attempts for 1280 commits", c.attempts)
		if c.attempts > laneLong*1280+160 {
			t.Errorf("%d attempts for 1280 commits", c.attempts)
		}
	})
}

func TestAnOperationThatDoesNotCollideDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		hot := async(func() error { return (&crowd{each: time.Second}).rush(t.Context(), r, 32, 20, "hot") })
		free := &crowd{each: 10 * time.Second, shares: 32}
		start := time.Now()
		if failed := free.rush(t.Context(), r, 32, 20, "free"); failed != nil {
			t.Error(failed)
		}
		if took := time.Since(start); took != 200*time.Second {
			t.Errorf("it took %v instead of 200s", took)
		}
		if failed := <-hot; failed != nil {
			t.Error(failed)
		}
	})
}

// A unit that takes longer than those of all others never finds a moment in which
// none commits.
func TestAUnitThatKeepsLosingGoesOnAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hot", "long"} { // the units that it loses to are of its name, or of another
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			c := &crowd{each: gatePatient / 8}
			short := async(func() error { return c.rush(t.Context(), r, 8, 100, "hot") })
			attempts := 0
			failed := Run(t.Context(), r, Op{Name: name}, func(ctx context.Context, tx *Tx) error {
				attempts = tx.Attempt()
				return c.work(ctx, 0, gatePatient)
			})
			if failed = errors.Join(failed, <-short); failed != nil {
				t.Error(failed)
			}
			t.Logf("%s: %d attempts", name, attempts)
			if attempts > 2*gateLosses { // a short one may go on alone before it
				t.Errorf("%s: it took %d attempts", name, attempts)
			}
		})
	}
}

// unlucky has callers do units whose attempts take a while and collide with sessions
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
			if with > 2*without+400*while { // kept closed it would be ten times as long
				t.Errorf("attempts of %v, of 100 %v collide: %v with a gate, %v without", while, 100*chance, with, without)
			}
		}
	}
}

// A gate is in the way when its units no longer collide. How long that takes to see must
// not depend on how long the attempts take.
func TestAGateOpensSoonWhenNoUnitCollidesAnyMore(t *testing.T) {
	t.Parallel()
	for _, while := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			if failed := (&crowd{each: while}).rush(t.Context(), r, 32, 40, "hot"); failed != nil {
				t.Error(failed)
			}
			start := time.Now()
			free := &crowd{each: while, shares: 32}
			if failed := free.rush(t.Context(), r, 32, 40, "hot"); failed != nil {
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

// A place that is given up before the end, for the removal of old keys, say, does not
// hide the commit from the gate.
func TestIdempotentCommitsCountBehindAGate(t *testing.T) {
	t.Parallel()
	for _, mode := range []CommitMode{ReturnUnknown, Idempotent} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			shut(r, gateKey{}, "x", 2)
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
				t.Errorf("mode %v: none collides, and it took %v instead of 1s", mode, took)
			}
		})
	}
}

func tenMilliseconds(context.Context, *Tx) error {
	time.Sleep(10 * time.Millisecond)
	return nil
}

// The hot item is sold out: all callers get that error, and none collides.
func TestErrorsOfTheFunctionOpenAGate(t *testing.T) {
	t.Parallel()
	took := map[error]time.Duration{}
	for _, end := range []error{nil, errBoom} {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			if failed := (&crowd{each: 10 * time.Millisecond}).rush(t.Context(), r, 32, 40, "x"); failed != nil {
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
		t.Errorf("none collides: units that commit took %v, units that fail %v", took[nil], took[errBoom])
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
		if g := r.gates.all[gateKey{}]; g != nil && time.Until(g.short.reopen) > time.Minute {
			t.Errorf("open for %v", time.Until(g.short.reopen))
		}
		time.Sleep(24 * time.Hour)
		c := &crowd{each: 10 * time.Millisecond}
		if failed := c.rush(t.Context(), r, 32, 40, "x"); failed != nil {
			t.Error(failed)
		}
		if c.attempts > laneShort*1280+160 {
			t.Errorf("a day later: %d attempts for 1280 commits", c.attempts)
		}
	})
}

func TestAGateOpensForBurstsThatDoNotCollide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		shut(r, gateKey{}, "x", 2)
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

// Short attempts would wait for it at each turn.
func TestALongOperationDoesNotHoldUpShortOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		long := async(func() error { return (&crowd{each: 100 * laneSlow}).rush(t.Context(), r, 16, 20, "long") })
		short := &crowd{each: time.Millisecond}
		start := time.Now()
		if failed := short.rush(t.Context(), r, 16, 100, "short"); failed != nil {
			t.Error(failed)
		}
		took := time.Since(start)
		if failed := <-long; failed != nil {
			t.Error(failed)
		}
		t.Logf("1600 units of 1ms, one at a time: %v", took)
		if took > 5*time.Second {
			t.Errorf("1600 units of 1ms, one at a time, took %v", took)
		}
	})
}

func TestAnOperationThatStopsCollidingIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		g, quiet := shut(r, gateKey{}, "quiet", 1)
		shut(r, gateKey{}, "hot", 1)
		for n := range gateQuiet {
			p := unitOf(t, r, "quiet")
			if got := admitted(p); got != "a" {
				t.Fatal("it waits")
			}
			if p.inside != (quiet.lane != nil) {
				t.Fatalf("after %d attempts it passes the gate is %v", n, p.inside)
			}
			g.short.n, g.short.conflicts = 0, 0 // as many others would have it
			p.began = time.Now()
			p.committed()
			p.leave()
		}
		if quiet.lane != nil || g.ops["hot"].lane == nil {
			t.Errorf("it passes the gate is %v, the other one %v", quiet.lane != nil, g.ops["hot"].lane != nil)
		}
	})
}

func TestAnOperationThatBecomesSlowChangesItsLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		g, op := shut(r, gateKey{}, "x", 1)
		slow, waiting := unitOf(t, r, "x"), unitOf(t, r, "x")
		if got := admitted(slow, waiting); got != "a" {
			t.Fatalf("admitted were %s", got)
		}
		slow.began = time.Now()
		time.Sleep(time.Minute)
		slow.committed()
		if op.lane != &g.long || !waiting.inside || g.short.inside != 1 || g.long.inside != 1 {
			t.Errorf("it is in its own lane is %v, %d are inside there and %d of the short ones", op.lane == &g.long, g.long.inside, g.short.inside)
		}
		slow.leave()
		waiting.leave()
	})
}
