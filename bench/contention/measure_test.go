package contention

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errBoom = errors.New("boom")

// lasting is work whose every transfer takes d and some attempts.
func lasting(d time.Duration, attempts int) func(context.Context) work {
	return func(ctx context.Context) work {
		return func(pair) (int, error) { return attempts, sleep(ctx, d) }
	}
}

func oneSecond(workers int) round {
	return round{Scenario: Scenario{Workers: workers, Rows: 10}, duration: time.Second}
}

func TestWhatEndsAfterTheRoundIsInTheLatencyNotInTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s, err := drive(t.Context(), oneSecond(2), lasting(300*time.Millisecond, 3))
		if err != nil {
			t.Fatal(err)
		}
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
		s, err := drive(t.Context(), oneSecond(2), func(ctx context.Context) work {
			return func(pair) (int, error) {
				d := 10 * time.Millisecond
				first.Do(func() { d = 5 * time.Second })
				return 1, sleep(ctx, d)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.max != 5*time.Second || s.p50 != 10*time.Millisecond || s.rate != 100 || s.committed != 101 {
			t.Errorf("sample %+v", *s)
		}
	})
}

func TestWhatWasGivenUpIsCountedApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := drive(t.Context(), oneSecond(1), func(ctx context.Context) work {
			n := 0
			return func(pair) (int, error) {
				n++
				if err := sleep(ctx, 100*time.Millisecond); err != nil {
					return 1, err
				}
				if n%2 == 0 {
					return 10, fmt.Errorf("%w: %w", errGaveUp, errBoom)
				}
				return 1, nil
			}
		})
		if err != nil {
			t.Fatal(err)
		}
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
		_, err := drive(t.Context(), oneSecond(3), func(ctx context.Context) work {
			return func(pair) (int, error) {
				fails := false
				first.Do(func() { fails = true })
				if fails {
					return 1, errBoom
				}
				return 1, sleep(ctx, time.Hour)
			}
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

func TestAllArmsChooseTheSameRows(t *testing.T) {
	t.Parallel()
	chosen := func(seed uint64) (pairs []pair) {
		synctest.Test(t, func(t *testing.T) {
			r := oneSecond(1)
			r.seed = seed
			_, err := drive(t.Context(), r, func(ctx context.Context) work {
				return func(p pair) (int, error) {
					pairs = append(pairs, p)
					return 1, sleep(ctx, 100*time.Millisecond)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
		return pairs
	}
	first, second, other := fmt.Sprint(chosen(1)), fmt.Sprint(chosen(1)), fmt.Sprint(chosen(2))
	if first != second || first == other {
		t.Errorf("seed 1: %s\nseed 1: %s\nseed 2: %s", first, second, other)
	}
}
