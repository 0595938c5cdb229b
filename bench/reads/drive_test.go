package reads

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestAScheduleFollowsFromItsSeed(t *testing.T) {
	t.Parallel()
	const reads, others, length = 3000, 1000, 2 * time.Second
	a := schedule(7, reads, others, length)
	if b := schedule(7, reads, others, length); !slices.Equal(a, b) {
		t.Error("two schedules of one seed differ")
	}
	if b := schedule(8, reads, others, length); slices.Equal(a, b) {
		t.Error("two seeds have one schedule")
	}
	var counts [2]float64
	for i, x := range a {
		if i > 0 && x.at < a[i-1].at || x.at < 0 || x.at >= length {
			t.Fatalf("arrival %d is at %v, after one at %v", i, x.at, a[i-1].at)
		}
		if x.other {
			counts[1]++
		} else {
			counts[0]++
		}
	}
	for i, rate := range []float64{reads, others} {
		want := rate * length.Seconds()
		if math.Abs(counts[i]-want) > 4*math.Sqrt(want) {
			t.Errorf("kind %d: %v arrivals, want about %v", i, counts[i], want)
		}
	}
}

// gaps of a Poisson process are as long as their spread; even ones have none.
func TestAScheduleHasTheGapsOfAPoissonProcess(t *testing.T) {
	t.Parallel()
	a := schedule(1, 1000, 0, 10*time.Second)
	var sum, squares float64
	for i := 1; i < len(a); i++ {
		gap := (a[i].at - a[i-1].at).Seconds()
		sum, squares = sum+gap, squares+gap*gap
	}
	n := float64(len(a) - 1)
	mean := sum / n
	if spread := math.Sqrt(squares/n-mean*mean) / mean; spread < 0.95 || spread > 1.05 {
		t.Errorf("the spread of the gaps is %.3f of their mean, want 1", spread)
	}
}

func TestATurnEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var calls atomic.Int64
	do := func(context.Context, uint64) error {
		if calls.Add(1) > 100 {
			return broken
		}
		return nil
	}
	slow := turn{Cell: Cell{Callers: 8}, pace: pace{turn: time.Millisecond}, read: do}
	for calls.Load() <= 100 {
		if _, err := slow.closed(t.Context()); err != nil && !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	for _, p := range []pace{{turn: time.Millisecond}, {reads: 3}} {
		if _, err := (turn{Cell: Cell{Callers: 8}, pace: p, read: do}).closed(t.Context()); !errors.Is(err, broken) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if _, _, err := (turn{read: do}).open(t.Context(), []arrival{{}, {}}); !errors.Is(err, broken) {
		t.Errorf("open loop: %v", err)
	}
}

func TestHalfOfAMixedLoadAreOthers(t *testing.T) {
	t.Parallel()
	var reads, others atomic.Int64
	count := func(n *atomic.Int64) operation {
		return func(context.Context, uint64) error { n.Add(1); return nil }
	}
	tn := turn{Cell: Cell{Callers: 4, Others: Sleeps}, pace: pace{turn: time.Millisecond}, read: count(&reads), others: count(&others)}
	o, err := tn.closed(t.Context())
	if err != nil || o.reads <= 0 || o.others <= 0 || reads.Load() == 0 || others.Load() == 0 {
		t.Errorf("%.0f reads/s of %d, %.0f others/s of %d, %v", o.reads, reads.Load(), o.others, others.Load(), err)
	}
	if len(o.readTimes) == 0 || !slices.IsSorted(o.readTimes) {
		t.Errorf("%d times of reads", len(o.readTimes))
	}
}

func TestLatencyOfAnOpenLoopCountsFromTheSchedule(t *testing.T) {
	t.Parallel()
	// The statements pass a gate that one of them, out of its place, holds for long.
	gate := make(chan struct{}, 1)
	const held = 20 * time.Millisecond
	do := func(_ context.Context, n uint64) error {
		gate <- struct{}{}
		if n == 0 {
			<-time.After(held)
		}
		<-gate
		return nil
	}
	arrivals := []arrival{{at: 0, n: 0}, {at: time.Millisecond, n: 1}, {at: 2 * time.Millisecond, n: 2}}
	o, late, err := turn{read: do}.open(t.Context(), arrivals)
	if err != nil || len(o.readTimes) != 3 || len(late) != 3 {
		t.Fatalf("%d times, %d of delay, %v", len(o.readTimes), len(late), err)
	}
	// Whichever goroutine is first at the gate, the one that holds it takes that long.
	if longest := o.readTimes[2]; longest < held {
		t.Errorf("the longest took %v, want at least %v", longest, held)
	}
}
