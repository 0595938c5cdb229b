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

// crowd is a database in memory of which every attempt takes a second, and collides
// with all others that were begun while it ran, except the first to end.
type crowd struct {
	mu         sync.Mutex
	most       int // attempts at the same time
	running    int
	attempts   int
	shares     int // how many rows there are: only attempts on the same one collide
	versions   map[int]int
	admissions []int // callers in the order in which they were let in
}

func (c *crowd) work(ctx context.Context, caller int) error {
	row := caller % max(c.shares, 1)
	c.mu.Lock()
	if c.versions == nil {
		c.versions = map[int]int{}
	}
	c.running++
	c.attempts++
	c.most = max(c.most, c.running)
	seen := c.versions[row]
	c.admissions = append(c.admissions, caller)
	c.mu.Unlock()
	time.Sleep(time.Second) // of the bubble's clock
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
				errs[i] = errors.Join(errs[i], Run(ctx, r, op, func(ctx context.Context, tx *Tx) error { return c.work(ctx, i) }))
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// gateRunner is a Runner over a database that can be used by many at once.
func gateRunner(t *testing.T, m mutant) *Runner {
	return newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{MaxAttempts: 1000}, m)
}

type beginnerFunc func() *fakeDB

func (f beginnerFunc) BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error) {
	return f().BeginTx(ctx, o)
}

func TestAGateClosesWhenConflictsAreManyAndOpensAgain(t *testing.T) {
	t.Parallel()
	promise(t, keepsGatesOpen, func(t *testing.T, m mutant) (err error) {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t, m)
			c := &crowd{}
			if failed := c.rush(t.Context(), r, Op{Name: "hot"}, 32, 20); failed != nil {
				t.Error(failed)
			}
			// Alone, 640 attempts would do. Each caller's first may collide, and a few until
			// the gate has found its width.
			if c.attempts > 640+100 {
				err = fmt.Errorf("%d attempts for 640 commits", c.attempts)
			}
			// The same callers, each with a row of its own: the gate must let them go.
			free := &crowd{shares: 32}
			if failed := free.rush(t.Context(), r, Op{Name: "hot"}, 32, 200); failed != nil {
				t.Error(failed)
			}
			if free.most < 32 || r.gates.some.Load() != 0 {
				err = errors.Join(err, fmt.Errorf("at most %d ran at a time, %d gates are left", free.most, r.gates.some.Load()))
			}
		})
		return err
	})
}

func TestAGateIsFair(t *testing.T) {
	t.Parallel()
	promise(t, admitsTheLast, func(t *testing.T, m mutant) (err error) {
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t, m)
			g := r.gates.add(gateKey{op: "x"})
			g.change(1)
			var order []int
			var work sync.WaitGroup
			for i := range 10 {
				work.Go(func() {
					p := r.gates.pass(&Op{Name: "x"})
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
				err = fmt.Errorf("they came in the order %v", order)
			}
		})
		return err
	})
}

func TestWhoLeavesTheQueueTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t, sound)
		g := r.gates.add(gateKey{op: "x"})
		g.change(1)
		first, second := r.gates.pass(&Op{Name: "x"}), r.gates.pass(&Op{Name: "x"})
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
	r := gateRunner(t, sound)
	g := r.gates.add(gateKey{op: "x"})
	g.change(1)
	first, second, third := r.gates.pass(&Op{Name: "x"}), r.gates.pass(&Op{Name: "x"}), r.gates.pass(&Op{Name: "x"})
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
		r := gateRunner(t, sound)
		r.gates.add(gateKey{"x", "hot"}).change(1)
		hot := r.gates.pass(&Op{Name: "x", ConflictKey: "hot"})
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
	r := gateRunner(t, sound)
	for i := range 10 * gatesMost {
		p := r.gates.pass(&Op{Name: "x", ConflictKey: fmt.Sprint(i)})
		p.attempted(true)
	}
	if n := len(r.gates.all); n > gatesMost || int(r.gates.some.Load()) != n {
		t.Errorf("%d gates are kept", n)
	}
}

func TestABudgetBoundsWhatRetriesAdd(t *testing.T) {
	t.Parallel()
	promise(t, spendsFreely, func(t *testing.T, m mutant) (err error) {
		synctest.Test(t, func(t *testing.T) {
			r := newRunner(t, &fakeDB{}, Config{RetryBudget: 100}, m)
			attempts := 0
			fail := func(n int) (refused int) {
				for range n {
					failed := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { attempts++; return Retryable(errBoom) })
					if errors.Is(failed, ErrRetryBudget) && errors.Is(failed, errBoom) {
						refused++
					}
				}
				return refused
			}
			if refused := fail(50); attempts != 50+100/costRetry || refused < 40 {
				err = fmt.Errorf("%d attempts for 50 units, %d refused", attempts, refused)
			}
			if failed := Run(t.Context(), r, Op{Name: "y"}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() == 1 {
					return Retryable(errBoom)
				}
				return nil
			}); failed != nil {
				t.Errorf("another operation pays too: %v", failed)
			}
			attempts = 0
			for range 2 * costRetry {
				if failed := Run(t.Context(), r, Op{Name: "x"}, nothing); failed != nil {
					t.Error(failed)
				}
			}
			if fail(10); attempts != 10+2 {
				err = errors.Join(err, fmt.Errorf("%d attempts for 10 units after successes that pay for 2 more", attempts))
			}
		})
		return err
	})
}

func TestConflictsCostNoTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{RetryBudget: 1, MaxAttempts: 50}, sound)
		err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			if tx.Attempt() < 50 {
				return serverError("40001")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
