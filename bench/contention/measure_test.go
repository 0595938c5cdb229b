package contention

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

var errBoom = errors.New("boom")

// lasting does jobs each of which takes d and some attempts.
func lasting(d time.Duration, attempts int) doer {
	return func(ctx context.Context, _ job) (int, error) { return attempts, sleep(ctx, d) }
}

func oneSecond(workers int) load {
	draw := func(_ *rand.Rand, worker int) job { return job{op: "op", class: []string{"even", "odd"}[worker%2]} }
	return load{workers: workers, duration: time.Second, draw: draw}
}

func TestWhatEndsAfterTheRoundIsInTheLatencyNotInTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		r, err := drive(t.Context(), oneSecond(2), lasting(300*time.Millisecond, 3))
		if err != nil {
			t.Fatal(err)
		}
		s := r.samples[""]
		// Each worker ends transfers after 0.3, 0.6, 0.9 and 1.2 seconds.
		want := sample{rate: 6, committed: 8, late: 2, retries: 16, p50: 300e6, p99: 300e6, max: 300e6}
		if *s != want {
			t.Errorf("sample %+v, want %+v", *s, want)
		}
		if took := time.Since(begun); took != 1200*time.Millisecond {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestAStarvedTransferIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var first sync.Once
		r, err := drive(t.Context(), oneSecond(2), func(ctx context.Context, _ job) (int, error) {
			d := 10 * time.Millisecond
			first.Do(func() { d = 5 * time.Second })
			return 1, sleep(ctx, d)
		})
		if err != nil {
			t.Fatal(err)
		}
		s := r.samples[""]
		if s.max != 5*time.Second || s.p50 != 10*time.Millisecond || s.rate != 100 || s.committed != 101 {
			t.Errorf("sample %+v", *s)
		}
	})
}

func TestWhatWasGivenUpIsCountedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r, err := drive(t.Context(), oneSecond(1), func(ctx context.Context, _ job) (int, error) {
			n++
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return 1, err
			}
			if n%2 == 0 {
				return 10, fmt.Errorf("%w: %w", errGaveUp, errBoom)
			}
			return 1, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s := r.samples[""]
		if s.exhausted != 5 || s.committed != 5 || s.rate != 5 || s.retries != 45 {
			t.Errorf("sample %+v", *s)
		}
	})
}

func TestAnErrorStopsAllWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var first sync.Once
		_, err := drive(t.Context(), oneSecond(3), func(ctx context.Context, _ job) (int, error) {
			fails := false
			first.Do(func() { fails = true })
			if fails {
				return 1, errBoom
			}
			return 1, sleep(ctx, time.Hour)
		})
		if !errors.Is(err, errBoom) {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("the others went on for %v", took)
		}
	})
}

func TestARoundEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		if _, err := drive(ctx, oneSecond(2), lasting(100*time.Millisecond, 1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestClassesAreCountedApartAndTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := drive(t.Context(), oneSecond(3), func(ctx context.Context, j job) (int, error) {
			if j.class == "odd" {
				return 2, sleep(ctx, 500*time.Millisecond)
			}
			return 1, sleep(ctx, 100*time.Millisecond)
		})
		if err != nil {
			t.Fatal(err)
		}
		for class, want := range map[string]sample{
			"even": {rate: 20, committed: 20, p50: 100e6, p99: 100e6, max: 100e6},
			"odd":  {rate: 2, committed: 2, retries: 2, p50: 500e6, p99: 500e6, max: 500e6},
			"":     {rate: 22, committed: 22, retries: 2, p50: 100e6, p99: 500e6, max: 500e6},
		} {
			if got := r.samples[class]; got == nil || *got != want {
				t.Errorf("class %q: %+v, want %+v", class, got, want)
			}
		}
		if r.committed["op"] != 22 {
			t.Errorf("committed %v", r.committed)
		}
	})
}
