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

	"github.com/sqlkeel/sqlkeel/db"
)

// gateRunner is a Runner over a database that can be used by many at once.
func gateRunner(t *testing.T) *Runner {
	return newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{MaxAttempts: 1000})
}

type beginnerFunc func() *fakeDB

func (f beginnerFunc) BeginTx(ctx context.Context, o pgx.TxOptions) (pgx.Tx, error) {
	return f().BeginTx(ctx, o)
}

// shut has an operation, whose attempts are short, pass a gate with so many places.
func shut(r *Runner, key gateKey, op string, places int) (*gate, *traffic) {
	r.gates.mu.Lock()
	defer r.gates.mu.Unlock()
	g, found := r.gates.at(key, op)
	found.pass(&g.short)
	g.short.limit, g.short.shut, g.short.before, g.short.since = places, true, 1, time.Now()
	return g, found
}

// shutLong is shut for an operation whose attempts are long.
func shutLong(r *Runner, key gateKey, op string, places int) (*gate, *traffic) {
	r.gates.mu.Lock()
	defer r.gates.mu.Unlock()
	g, found := r.gates.at(key, op)
	found.pass(&g.long)
	found.took = 10 * laneSlow
	g.long.limit, g.long.shut, g.long.before, g.long.since = places, true, 1, time.Now()
	return g, found
}

// keepOpen gives an operation a gate that never closes, as a yardstick for one
// that may.
func keepOpen(r *Runner, op string) {
	r.gates.mu.Lock()
	defer r.gates.mu.Unlock()
	g, _ := r.gates.at(gateKey{}, op)
	g.short.reopen = time.Now().Add(1000 * time.Hour)
	g.long.reopen = g.short.reopen
}

// unitOf is a unit at the gate.
func unitOf(t *testing.T, r *Runner, op string) *pass {
	p := r.pass(t.Context(), &Op{Name: op})
	return &p
}

// admitted has units come to a gate, and returns which of them need not wait.
func admitted(units ...*pass) string {
	var names []byte
	for i, p := range units {
		if p.ask() == nil {
			names = append(names, "abcdefghij"[i])
		}
	}
	return string(names)
}

func TestShortAttemptsShareThePlacesAndLongOnesHaveTheirOwn(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	shut(r, gateKey{}, "x", 1)
	shut(r, gateKey{}, "y", 2)
	shutLong(r, gateKey{}, "long", 1)
	x1, x2, x3, y, long, late := unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "y"), unitOf(t, r, "long"), unitOf(t, r, "long")
	if got := admitted(x1, x2, y, long, x3, late); got != "abd" {
		t.Errorf("admitted were %s", got)
	}
	x1.leave()
	if !y.inside || x3.inside || late.inside {
		t.Errorf("after x left y is inside is %v, the one after it %v, a long one %v", y.inside, x3.inside, late.inside)
	}
	long.leave()
	if !late.inside || x3.inside {
		t.Errorf("after a long one left the next is inside is %v, of x %v", late.inside, x3.inside)
	}
}

func TestUnitsAreAdmittedInTheOrderOfTheirArrival(t *testing.T) {
	t.Parallel()
	for _, lost := range []int{0, 1} { // new ones, and those that lost, which are in order too
		synctest.Test(t, func(t *testing.T) {
			r := gateRunner(t)
			shut(r, gateKey{}, "x", 1)
			holder := unitOf(t, r, "x")
			if got := admitted(holder); got != "a" {
				t.Fatal("the first waits")
			}
			var order []int
			var work sync.WaitGroup
			for i := range 10 {
				work.Go(func() {
					p := unitOf(t, r, "x")
					p.lost = lost
					if _, err := p.enter(t.Context()); err != nil {
						t.Error(err)
					}
					order = append(order, i)
					time.Sleep(time.Second)
					p.leave()
				})
				synctest.Wait()
			}
			holder.leave()
			work.Wait()
			if !slices.IsSorted(order) || len(order) != 10 {
				t.Errorf("they came in the order %v", order)
			}
		})
	}
}

func TestAUnitThatLostGoesFirst(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	shut(r, gateKey{}, "x", 2)
	loser, winner, first, second := unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x")
	if got := admitted(loser, winner, first, second); got != "ab" {
		t.Fatalf("admitted were %s", got)
	}
	loser.began = time.Now()
	loser.collided() // its place goes to the first in the queue
	if got := admitted(loser); got != "" || !first.inside {
		t.Fatalf("the loser need not wait is %q, the first is inside is %v", got, first.inside)
	}
	winner.leave()
	if !loser.inside || second.inside {
		t.Errorf("the loser is inside is %v, the one that came before it %v", loser.inside, second.inside)
	}
}

// alone has a unit take the gate as a whole, and reports whether it does, so that those
// of other operations wait too.
func alone(t *testing.T, r *Runner, p *pass) bool {
	t.Helper()
	shutLong(r, gateKey{}, "y", 4)
	inside, late := unitOf(t, r, "y"), unitOf(t, r, "y")
	if got := admitted(inside); got != "a" {
		t.Fatal("the gate is not free")
	}
	waits := admitted(p) == ""
	if admitted(late) == "" != waits {
		t.Error("a unit was let in before one that waits for the gate as a whole")
	}
	inside.leave()
	if waits && (!p.inside || late.inside) {
		t.Errorf("it is inside is %v, the one behind it %v", p.inside, late.inside)
	}
	p.leave()
	if !late.inside {
		t.Error("the one behind it still waits")
	}
	late.leave()
	return waits
}

func TestAUnitThatLostOftenRunsAlone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lost int
		took time.Duration
		want bool
	}{
		{gateAlone, gatePatient, true}, {gateAlone - 1, gatePatient, false},
		{gateAlone, gatePatient + 1, false},  // the others' wait would be worse than its failure
		{gateUseless, gatePatient, false},    // it loses to sessions elsewhere
		{gateUseless - 1, gatePatient, true}, // or so it seems
	} {
		for _, passes := range []bool{true, false} {
			r := gateRunner(t)
			g, _ := shut(r, gateKey{}, "x", 2)
			g.short.shut = passes
			loser := unitOf(t, r, "x")
			loser.lost, loser.took = tc.lost, tc.took
			if got := alone(t, r, loser); got != tc.want {
				t.Errorf("after %d conflicts and attempts of %v: alone is %v", tc.lost, tc.took, got)
			}
		}
	}
}

// Else it would hold up all short ones behind it for as long as the long ones take.
func TestAShortUnitThatLostOftenDoesNotWaitForLongAttempts(t *testing.T) {
	t.Parallel()
	for _, passes := range []bool{true, false} { // whether its operation passes the gate
		r := gateRunner(t)
		shut(r, gateKey{}, "x", 2)
		shutLong(r, gateKey{}, "long", 1)
		name := "x"
		if !passes {
			name = "y"
			r.gates.at(gateKey{}, name)
		}
		long, holder, loser, next := unitOf(t, r, "long"), unitOf(t, r, "x"), unitOf(t, r, name), unitOf(t, r, "x")
		loser.lost, loser.took = gateAlone, laneSlow-1
		if got := admitted(long, holder, loser, next); got != "ab" {
			t.Errorf("its operation passes the gate is %v: admitted were %s", passes, got)
		}
		if holder.leave(); !loser.inside || next.inside {
			t.Errorf("its operation passes the gate is %v: it is inside is %v, the next %v", passes, loser.inside, next.inside)
		}
		if loser.leave(); !next.inside {
			t.Errorf("its operation passes the gate is %v: the next still waits", passes)
		}
		long.leave()
	}
}

func TestAUnitThatLostOftenHasItsLaneToItself(t *testing.T) {
	t.Parallel()
	for lost, want := range map[int]string{gateLosses - 1: "ab", gateLosses: "a"} {
		r := gateRunner(t)
		shut(r, gateKey{}, "x", 2)
		shutLong(r, gateKey{}, "long", 1)
		holder, loser, next := unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x")
		loser.lost = lost
		if got := admitted(holder, loser, next, unitOf(t, r, "long")); got != want+"d" {
			t.Errorf("after %d conflicts, admitted were %s", lost, got)
		}
		if holder.leave(); !loser.inside || next.inside != (lost < gateLosses) {
			t.Errorf("after %d conflicts it is inside is %v, the next %v", lost, loser.inside, next.inside)
		}
		if loser.leave(); !next.inside {
			t.Error("the next still waits")
		}
	}
}

func TestAUnitThatLeavesTheQueueTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		g, _ := shut(r, gateKey{}, "x", 1)
		first, second := unitOf(t, r, "x"), unitOf(t, r, "x")
		if _, err := first.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { t.Error("it was admitted"); return nil })
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

func TestAWaiterThatIsAdmittedAndLeavesAtOnceGivesItsPlaceOn(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	g, _ := shut(r, gateKey{}, "x", 1)
	first, second, third := unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x")
	if first.ask() != nil {
		t.Fatal("the first had to wait")
	}
	waiting, next := second.ask(), third.ask()
	first.leave() // admits the second
	second.cancel(waiting)
	select {
	case <-next.admitted:
	default:
		t.Error("the third was not admitted")
	}
	third.leave()
	if g.inside != 0 || len(g.queue) != 0 {
		t.Errorf("%d inside, %d in the queue", g.inside, len(g.queue))
	}
}

// A unit that waits for the gate as a whole blocks those behind it only while it waits.
// A lane that opens lets all go that wait for it.
func TestAnOpenLaneIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	g, op := shut(r, gateKey{}, "x", 1)
	if got := admitted(unitOf(t, r, "x")); got != "a" {
		t.Fatal("there was no place")
	}
	waiting, p := unitOf(t, r, "x"), unitOf(t, r, "x")
	if got := admitted(waiting); got != "" {
		t.Fatal("it need not wait")
	}
	g.short.n, g.short.conflicts, g.short.useless = laneWhile-1, laneWhile-1, true
	p.began, p.inside, p.lane = time.Now(), true, op.lane
	p.committed()
	if op.lane != nil || len(g.queue) != 0 {
		t.Errorf("the operation has a lane is %v, %d wait", op.lane != nil, len(g.queue))
	}
}

func TestAWaiterThatGivesUpMakesWay(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	shut(r, gateKey{}, "x", 2)
	holder, alone, next := unitOf(t, r, "x"), unitOf(t, r, "x"), unitOf(t, r, "x")
	alone.lost = gateAlone
	if holder.ask() != nil {
		t.Fatal("the first had to wait")
	}
	waiting, behind := alone.ask(), next.ask()
	if waiting == nil || behind == nil {
		t.Fatal("they need not wait")
	}
	alone.cancel(waiting)
	if !next.inside {
		t.Error("the next still waits")
	}
}

func TestConflictsOfOneKeyDoNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		hot := r.pass(t.Context(), &Op{Name: "x", ConflictKey: "hot"})
		shut(r, hot.key, "x", 1)
		if _, err := hot.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Nor those that do not collide.
		for _, op := range []Op{{Name: "x"}, {Name: "x", ConflictKey: "cold"}, {Name: "y", ConflictKey: "hot"}} {
			if err := Run(t.Context(), r, op, nothing); err != nil {
				t.Error(err)
			}
		}
		hot.leave()
	})
}

func TestTargetsHaveTheirOwnGates(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeSet{Beginner: beginnerFunc(func() *fakeDB { return &fakeDB{} }), name: (*db.Set)(nil).Target}, Config{})
	a := r.pass(db.WithTarget(t.Context(), "a"), &Op{Name: "x"})
	b := r.pass(db.WithTarget(t.Context(), "b"), &Op{Name: "x"})
	shut(r, a.key, "x", 1)
	shut(r, b.key, "x", 1)
	if got := admitted(&a, &b); got != "ab" {
		t.Errorf("admitted were %s", got)
	}
}

func TestGatesWithoutUseAreForgotten(t *testing.T) {
	t.Parallel()
	for _, conflicts := range []int{1, 2 * laneWhile} { // the gate of a key is open, or closed
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

func TestAnOperationThatNoLongerCollidesIsForgotten(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	p := unitOf(t, r, "x")
	p.collided()
	for range 100 {
		p.committed()
	}
	if n := r.gates.some.Load(); n != 0 || len(r.gates.all) != 0 {
		t.Errorf("%d gates are kept", n)
	}
}

func TestBehindAClosedGateAttemptsAreNotBurnt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{})
		shut(r, gateKey{}, "x", 2)
		start := time.Now()
		err := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
			if time.Since(start) < 100*time.Millisecond { // a session elsewhere has what it needs
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
		g, _ := shut(r, gateKey{}, "x", 1)
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
		shut(r, gateKey{}, "x", 1)
		shut(other, gateKey{}, "y", 1)
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

func TestConflictsAreNotRetriedAtOnceForEver(t *testing.T) {
	t.Parallel()
	for times, want := range map[int]bool{1: true, gateEager: true, gateEager + 1: false} {
		r := gateRunner(t)
		keepOpen(r, "x")
		loser, winner := unitOf(t, r, "x"), unitOf(t, r, "x")
		var atOnce bool
		for range times {
			winner.committed()
			atOnce = loser.collided()
		}
		if atOnce != want {
			t.Errorf("conflict %d: at once is %v", times, atOnce)
		}
	}
}

// A retry at once makes no later wait longer.
func TestOnlyWaitsMakeWaitsLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const base = 5 * time.Millisecond
		r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{BackoffBase: base, BackoffMax: time.Hour})
		keepOpen(r, "x")
		for range 50 {
			start := time.Now()
			err := Run(t.Context(), r, Op{Name: "x", Iso: pgx.Serializable}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() <= 2 { // the first is retried at once, the second is not: none was committed
					return serverError("40001")
				}
				return nil
			})
			if waited := time.Since(start); err != nil || waited > base {
				t.Errorf("waited %v, error %v", waited, err)
			}
		}
	})
}
