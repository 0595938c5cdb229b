package txn

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
)

// trials is a gate that many wait for, and that is told of attempts by hand.
type trials struct {
	*gate
	told int
}

func newTrials(limit int) *trials {
	g := newGate(gateKey{})
	g.inside = 1 << 20 // nobody is let in: what is asked is what the gate makes of what it is told
	g.queue = []*waiter{{admitted: make(chan struct{})}}
	g.set(limit)
	g.rate = rate{875, 875} // attempts of a millisecond
	return &trials{gate: g}
}

// tell tells of n attempts one after the other, each of which takes a while. One in
// eight collides: without any conflict a trial of more is always good.
func (tr *trials) tell(n int, while time.Duration) {
	for range n {
		began := time.Now()
		time.Sleep(while)
		tr.told++
		tr.count(began, tr.told%8 == 0)
	}
}

// settle tells of attempts until a trial begins.
func (tr *trials) settle(t *testing.T, while time.Duration) {
	t.Helper()
	for range 10 * gatePatient {
		if tr.trial {
			return
		}
		tr.tell(1, while)
	}
	t.Fatal("there was no trial")
}

func TestALuckyPartOfATrialIsNotEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(4)
		tr.down = true
		tr.settle(t, time.Millisecond)
		if tr.limit != 2 {
			t.Fatalf("the trial is of %d", tr.limit)
		}
		tr.tell(gatePart, time.Millisecond/2)
		tr.tell(gateWindow-gatePart, 2*time.Millisecond)
		if tr.limit != 4 {
			t.Errorf("the limit is %d: fewer were fast in a part of the trial alone", tr.limit)
		}
	})
}

func TestAPauseOfTheMachineIsNoReasonForAnotherLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(4)
		for !tr.trial {
			tr.tell(gateWindow-1, time.Millisecond)
			tr.tell(1, time.Second) // so the mean of the window is low
		}
		tr.tell(gateWindow, time.Millisecond)
		if tr.limit != 4 {
			t.Errorf("the limit is %d: more commit no more", tr.limit)
		}
	})
}

func TestATrialThatIsBehindEndsAtHalfTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(4)
		tr.down = true
		tr.settle(t, time.Millisecond)
		tr.tell(gateWindow/2, 2*time.Millisecond)
		if tr.limit != 4 || tr.trial {
			t.Errorf("the limit is %d", tr.limit)
		}
	})
}

func TestAfterATrialThatFailedTheOtherDirectionIsTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(4)
		tr.down = true
		tr.settle(t, time.Millisecond)
		tr.tell(gateWindow, 2*time.Millisecond)
		tr.settle(t, time.Millisecond)
		if tr.limit != 8 || tr.period != 2*gateRests {
			t.Errorf("after 2 it tries %d, after %d attempts", tr.limit, tr.period)
		}
	})
}

func TestATrialInWhichThereWasRoomSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(4)
		tr.down = true
		tr.settle(t, time.Millisecond)
		tr.slack = true
		tr.tell(gateWindow, time.Millisecond)
		if tr.limit != 4 || !tr.down || tr.period != gateRests {
			t.Errorf("the limit is %d, down %v, period %d", tr.limit, tr.down, tr.period)
		}
	})
}

// A part of no time would have an endless rate.
func TestManyThatEndAtTheSameMomentAreOnePart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := newTrials(64)
		began := time.Now()
		time.Sleep(time.Second)
		for range gateWindow - 1 {
			tr.count(began, false)
		}
		if tr.fastest > gateWindow {
			t.Errorf("%v a second, of %d in a second", tr.fastest, gateWindow)
		}
	})
}

// losing has somebody lose, often, to somebody who commits.
func losing(t *testing.T, r *Runner, times int) (loser *pass, atOnce bool) {
	p := r.pass(t.Context(), &Op{Name: "x"})
	winner := r.pass(t.Context(), &Op{Name: "x"})
	for range times {
		if _, err := p.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		winner.committed()
		atOnce = p.collided()
	}
	return &p, atOnce
}

func TestConflictsAreNotRepeatedAtOnceForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for times, want := range map[int]bool{1: true, gateEager: true, gateEager + 1: false} {
			r := gateRunner(t)
			keepOpen(r, "x")
			if _, atOnce := losing(t, r, times); atOnce != want {
				t.Errorf("conflict %d: at once is %v", times, atOnce)
			}
		}
	})
}

func TestWhoGoesOnAloneIsNotCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		loser, _ := losing(t, r, gateLosses)
		n := loser.gate.n
		loser.collided()
		if loser.gate.alone != loser || loser.gate.n != n {
			t.Errorf("%d attempts became %d", n, loser.gate.n)
		}
		loser.leave()
	})
}

func TestWhoCollidesMakesWayForWhoGoesOnAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		r.gates.add(gateKey{op: "x"}).set(2)
		other := r.pass(t.Context(), &Op{Name: "x"})
		if _, err := other.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		loser, _ := losing(t, r, gateLosses)
		other.collided()
		if other.gate != nil {
			t.Error("it stayed")
		}
		loser.leave()
	})
}

func TestWhoLosesAlsoAloneHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := gateRunner(t)
		loser, _ := losing(t, r, gateLosses)
		for range gateAlone + 1 { // with somebody elsewhere
			loser.collided()
		}
		other := r.pass(t.Context(), &Op{Name: "x"})
		if w := other.queue(); w != nil {
			t.Error("another one has to wait")
		}
		if again, _ := losing(t, r, gateLosses); again.gate != nil {
			t.Error("the next is let go on alone at once")
		}
		loser.leave()
	})
}

// What is repeated at once makes no later wait longer.
func TestOnlyWaitsMakeWaitsLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const base = 5 * time.Millisecond
		r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{BackoffBase: base, BackoffMax: time.Hour})
		keepOpen(r, "x")
		for range 50 {
			start := time.Now()
			err := Run(t.Context(), r, Op{Name: "x", Iso: pgx.Serializable}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() <= 2 { // the first is repeated at once, the second is not: nobody committed
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
