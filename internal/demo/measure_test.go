package demo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

func TestLoadCountsEveryRequest(t *testing.T) {
	t.Parallel()
	odd := errors.New("odd")
	var mu sync.Mutex
	asked := map[[2]int]int{}
	f := load(t.Context(), 4, 6, func(_ context.Context, caller, i int) error {
		mu.Lock()
		defer mu.Unlock()
		asked[[2]int{caller, i}]++
		if i%2 == 1 {
			return odd
		}
		return nil
	})
	if f.callers != 4 || f.each != 6 || f.ok != 12 || f.failed != 12 || len(f.latencies) != 12 || !errors.Is(f.firstErr, odd) {
		t.Errorf("figures %+v", f)
	}
	if len(asked) != 24 {
		t.Errorf("%d different requests were made, want 24", len(asked))
	}
}

func TestLoadKeepsAllCallersBusyAtOnce(t *testing.T) {
	t.Parallel()
	var met sync.WaitGroup
	met.Add(8)
	f := load(t.Context(), 8, 1, func(context.Context, int, int) error {
		met.Done()
		met.Wait() // for all the others
		return nil
	})
	if f.ok != 8 {
		t.Errorf("%d succeeded, want 8", f.ok)
	}
}

func TestLoadMeasuresFromTheFirstRequestToTheLastAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := load(t.Context(), 3, 5, func(ctx context.Context, caller, _ int) error {
			return backoff.Wait(ctx, time.Duration(caller+1)*time.Second)
		})
		if f.took != 15*time.Second {
			t.Errorf("took %v, want the slowest caller's 15s", f.took)
		}
		if f.average() != 2*time.Second || f.percentile(99) != 3*time.Second || f.perSecond() != 1 {
			t.Errorf("average %v, p99 %v, %v per second; want 2s, 3s, 1", f.average(), f.percentile(99), f.perSecond())
		}
	})
}

func TestLoadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	f := load(ctx, 2, 1_000_000, func(ctx context.Context, _, _ int) error {
		switch n := asked.Add(1); {
		case n == 10:
			cancel()
		case n > 10: // before the context has ended
			<-ctx.Done()
		}
		return ctx.Err()
	})
	if total := f.ok + f.failed; total < 10 || total > 12 {
		t.Errorf("%d requests were made, want 10 and what was under way", total)
	}
}

func TestFiguresOfNothingAreZero(t *testing.T) {
	t.Parallel()
	var f figures
	if f.average() != 0 || f.percentile(99) != 0 || f.perSecond() != 0 {
		t.Errorf("average %v, p99 %v, %v per second", f.average(), f.percentile(99), f.perSecond())
	}
	f.add(time.Second, errors.New("failed"))
	if f.average() != 0 || f.percentile(50) != 0 || f.failed != 1 {
		t.Errorf("a failure has a latency: %+v", f)
	}
}

func TestTheFirstErrorIsKept(t *testing.T) {
	t.Parallel()
	first := errors.New("first")
	var f figures
	f.add(1, first)
	f.add(1, errors.New("second"))
	if f.firstErr != first || f.failed != 2 {
		t.Errorf("%d failed, the first is %v", f.failed, f.firstErr)
	}
}

func TestPercentileIsByNearestRank(t *testing.T) {
	t.Parallel()
	upTo := func(n int) (l []time.Duration) {
		for i := range n {
			l = append(l, time.Duration(n-i)) // unsorted
		}
		return l
	}
	for _, tc := range []struct {
		n, p int
		want time.Duration
	}{
		{1, 0, 1}, {1, 50, 1}, {1, 100, 1},
		{2, 50, 1}, {2, 51, 2}, {2, 99, 2},
		{5, 30, 2}, {5, 40, 2}, {5, 50, 3}, {5, 100, 5},
		{100, 99, 99}, {100, 100, 100}, {101, 99, 100}, {1000, 99, 990},
	} {
		f := figures{latencies: upTo(tc.n)}
		if got := f.percentile(tc.p); got != tc.want {
			t.Errorf("p%d of 1 to %d is %d, want %d", tc.p, tc.n, got, tc.want)
		}
	}
}

func TestFiguresAreARowUnderTheirHeading(t *testing.T) {
	t.Parallel()
	f := figures{callers: 2, each: 3, ok: 4, failed: 2, took: 2 * time.Second,
		latencies: []time.Duration{time.Millisecond, 2 * time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond}}
	heading, row := figuresHeading("READS"), f.row("direct")
	if want := []string{"READS", "CALLERS", "EACH", "OK", "FAILED", "PER SECOND", "AVERAGE", "P99"}; !slices.Equal(heading, want) {
		t.Errorf("heading %q", heading)
	}
	if want := []string{"direct", "2", "3", "4", "2", "2", "2ms", "3ms"}; !slices.Equal(row, want) {
		t.Errorf("row %q, want %q", row, want)
	}
}

func TestDurationsAreRoundedToWhatAReaderTakesIn(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                "0s",
		400 * time.Nanosecond:            "0s",
		51_700 * time.Nanosecond:         "52µs",
		1_234_567 * time.Nanosecond:      "1.235ms",
		12_345_678 * time.Nanosecond:     "12.3ms",
		1_234_567_890 * time.Nanosecond:  "1.23s",
		61_234_567_890 * time.Nanosecond: "1m1.23s",
	} {
		if got := brief(d).String(); got != want {
			t.Errorf("%d ns is %s, want %s", d, got, want)
		}
	}
}
