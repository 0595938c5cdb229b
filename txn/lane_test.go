package txn

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestALaneThatCollidesWithOnePlaceTakesTheGateAsAWhole(t *testing.T) {
	t.Parallel()
	for places, want := range map[int]bool{0: true, 1: false} {
		r := gateRunner(t)
		shut(r, gateKey{}, "x", places)
		if got := alone(t, r, unitOf(t, r, "x")); got != want {
			t.Errorf("with %d places: alone is %v", places, got)
		}
	}
}

// attempts has a lane's attempts end, one after the other; of a hundred so many collide.
func attempts(l *lane, n, collide int) {
	for i := range n {
		l.count(time.Now(), (i+1)*collide/100-i*collide/100)
	}
}

// shutLane is a lane with so many places.
func shutLane(most float64, places int) *lane {
	l := newLane(most)
	l.close(1)
	l.set(places)
	return &l
}

func TestPlacesFollowTheShareOfConflicts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		most            float64
		before, collide int
		n, after        int
	}{
		{laneShort, 4, 50, 30, 2},
		{laneShort, 1, 50, 30, 0},
		{laneShort, 4, 20, laneWhile - 1, 4},
		{laneShort, 4, 20, laneWhile, 8},
		{laneShort, 0, 20, laneWhile, 1},
		{laneShort, 1, 0, 2 * laneWhile, 8},
		{laneShort, 16, 0, laneWhile, laneOpen},
		{laneShort, 4, 40, laneWhile, 2}, // while a long attempt waits another one works
		{laneLong, 4, 40, laneWhile, 8},
	} {
		l := shutLane(tc.most, tc.before)
		attempts(l, tc.n, tc.collide)
		if l.places != tc.after {
			t.Errorf("%d places, of 100 attempts %d collide, %v is too much: %d places, want %d", tc.before, tc.collide, tc.most, l.places, tc.after)
		}
	}
}

// Twice as many attempts of which half are lost commit no more.
func TestMorePlacesAreKeptWhereMoreIsCommitted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		before, collide int
		want            bool
	}{{0, 50, false}, {0, 30, true}, {30, 49, true}} {
		l := shutLane(laneLong, 1)
		attempts(l, laneWhile, tc.before)
		if l.places != 2 {
			t.Fatalf("%d places are tried", l.places)
		}
		attempts(l, laneWhile-1, tc.collide)
		if kept := l.places > 1; kept != tc.want {
			t.Errorf("of 100 %d collided before, %d with two places: there are %d", tc.before, tc.collide, l.places)
		}
	}
}

func TestPlacesThatWereTooManyAreTriedLessAndLessOften(t *testing.T) {
	t.Parallel()
	l := shutLane(laneShort, 1)
	for want := laneWhile; want < laneLonger; want *= 2 {
		for l.places == 1 {
			attempts(l, 1, 0)
		}
		for l.places == 2 {
			attempts(l, 1, 100)
		}
		if l.rest != 2*want {
			t.Fatalf("the next trial is after %d attempts, want %d", l.rest, 2*want)
		}
	}
}

// An attempt that began before the number of places was changed says nothing about it.
func TestAttemptsThatBeganBeforeDoNotCount(t *testing.T) {
	t.Parallel()
	l := shutLane(laneShort, 4)
	for range 100 {
		l.count(l.changed.Add(-1), 1)
	}
	if l.places != 4 || l.share.n != 0 {
		t.Errorf("%d places after %d attempts", l.places, l.share.n)
	}
}

// The conflicts of a unit that has the gate to itself do not come through the gate.
func TestALaneWithoutUseIsOpened(t *testing.T) {
	t.Parallel()
	for collide, opens := range map[int]bool{50: true, 30: false} {
		synctest.Test(t, func(t *testing.T) {
			l := shutLane(laneShort, 0)
			l.before = 0.6
			time.Sleep(time.Minute)
			attempts(l, laneWhile/2, collide)
			if opened := l.places == laneOpen; opened != opens {
				t.Fatalf("of 100 %d collide: open is %v", collide, opened)
			}
			if !opens {
				return
			}
			if l.close(1) {
				t.Error("it was closed again at once")
			}
			time.Sleep(laneRests*time.Minute + 1)
			if !l.close(1) {
				t.Error("it is never closed again")
			}
		})
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
