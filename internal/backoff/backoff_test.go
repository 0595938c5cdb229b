package backoff_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

func TestCeilingDoublesToTheCap(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: 10 * time.Millisecond, Max: 55 * time.Millisecond}
	for n, want := range []time.Duration{10, 20, 40, 55, 55} {
		if got := p.Ceiling(n); got != want*time.Millisecond {
			t.Errorf("Ceiling(%d) = %v, want %v", n, got, want*time.Millisecond)
		}
	}
	if got := p.Ceiling(1 << 20); got != p.Max {
		t.Errorf("Ceiling of a huge retry = %v, want the cap", got)
	}
	if got := (backoff.Policy{Base: time.Hour, Max: time.Second}).Ceiling(0); got != time.Second {
		t.Errorf("a base above the cap gives %v", got)
	}
}

func TestDelaysFillTheWholeRange(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: time.Second, Max: time.Minute}
	var low, high int
	for range 2000 {
		switch d := p.Delay(1); {
		case d < 0 || d > 2*time.Second:
			t.Fatalf("Delay(1) = %v, outside [0, 2s]", d)
		case d < time.Second/2:
			low++
		case d > 3*time.Second/2:
			high++
		}
	}
	if low < 300 || high < 300 {
		t.Errorf("of 2000 delays %d are in the lowest quarter and %d in the highest; full jitter gives about 500 each", low, high)
	}
	if d := (backoff.Policy{}).Delay(3); d != 0 {
		t.Errorf("the zero policy waits %v", d)
	}
}

func TestWaitSleepsTheDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := backoff.Wait(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(start); got != time.Minute {
			t.Errorf("waited %v", got)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		if err := backoff.Wait(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("ended after %v", got)
		}
		if err := backoff.Wait(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context let a zero wait pass: %v", err)
		}
	})
}

func TestWaitIsNotBegunWhenTheDeadlineComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := backoff.Wait(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("slept %v before giving up", got)
		}
	})
}
