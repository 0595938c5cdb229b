package txn

import (
	"testing"
	"testing/synctest"
	"time"
)

// attempts has a lane's attempts end, one after the other; of a hundred so many collide.
func attempts(l *lane, n, collide int) {
	for i := range n {
		l.count(time.Now(), (i+1)*collide/100-i*collide/100)
	}
}

// An attempt that began before the lane was shut says nothing about it.
func TestAttemptsThatBeganBeforeDoNotCount(t *testing.T) {
	t.Parallel()
	l := lane{limit: laneShort}
	l.close(0.6)
	for range 2 * laneWhile {
		l.count(l.since.Add(-1), 1)
	}
	if !l.shut || l.n != 0 {
		t.Errorf("shut is %v after %d attempts", l.shut, l.n)
	}
}

// What units of a lane collide with may not pass it: sessions elsewhere.
func TestALaneWithoutUseIsOpened(t *testing.T) {
	t.Parallel()
	for collide, opens := range map[int]bool{60: true, 56: true, 50: false, 30: false} {
		synctest.Test(t, func(t *testing.T) {
			l := lane{limit: laneShort}
			if !l.close(0.6) {
				t.Fatal("it is not shut")
			}
			time.Sleep(time.Minute)
			attempts(&l, laneWhile, collide)
			if !l.shut {
				t.Fatal("it is open before it was looked at twice")
			}
			attempts(&l, laneWhile, collide)
			if l.shut == opens {
				t.Fatalf("of 100 %d collide: shut is %v", collide, l.shut)
			}
			if !opens {
				return
			}
			if l.close(1) {
				t.Error("it was shut again at once")
			}
			time.Sleep(laneRests*time.Minute + 1)
			if !l.close(1) {
				t.Error("it is never shut again")
			}
		})
	}
}

// Those of long ago do not hide that a lane has become useless, nor that it is of use.
func TestTheUseOfALaneIsThatOfLate(t *testing.T) {
	t.Parallel()
	l := lane{limit: laneShort}
	l.close(0.6)
	attempts(&l, 10*laneWhile, 10)
	attempts(&l, 2*laneWhile, 60)
	if l.shut {
		t.Error("a lane that was of use once is not opened")
	}
}

func TestChanceIsNoShare(t *testing.T) {
	t.Parallel()
	var s share
	for range shareMargin - 1 {
		s.add(1, 0)
	}
	if s.tooHigh() {
		t.Errorf("%d conflicts are a share", s.n)
	}
	if s.add(1, 0); !s.tooHigh() || s.lowest() {
		t.Errorf("%d conflicts are no share", s.n)
	}
	for range 100 {
		s.add(0, 0.5)
	}
	if s.tooHigh() || !s.lowest() {
		t.Error("conflicts of long ago count")
	}
}

func TestTrialsBecomeRareWhileAnOperationCollides(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	g, op := shut(r, gateKey{}, "x", 1)
	for want := gateTrial; want <= gateTrials; want *= gateMore {
		if op.trial != want {
			t.Fatalf("the next trial is after %d attempts, want %d", op.trial, want)
		}
		op.passed = op.trial
		op.leave()
		op.pass(&g.short) // it collides at once
	}
	if op.trial != gateTrials {
		t.Errorf("the trials become rarer without end: %d", op.trial)
	}
	op.leave()
	op.free = gateQuiet + 1
	op.pass(&g.short)
	if op.trial != gateTrial {
		t.Errorf("after it did not collide for a while the next trial is after %d attempts", op.trial)
	}
}

func TestALaneThatNoOperationPassesIsOpen(t *testing.T) {
	t.Parallel()
	r := gateRunner(t)
	g, op := shut(r, gateKey{}, "x", 1)
	p := unitOf(t, r, "x")
	if got := admitted(p); got != "a" {
		t.Fatal("it waits")
	}
	op.quiet, p.began = gateQuiet, time.Now()
	p.committed()
	if g.short.shut || op.lane != nil {
		t.Errorf("the lane is shut is %v, the operation passes it is %v", g.short.shut, op.lane != nil)
	}
}
