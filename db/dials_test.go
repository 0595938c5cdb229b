package db

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestDialsAreHeldBackAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newDialBackoff()
		for _, want := range []time.Duration{0, 50, 100, 200, 400, 500, 500} {
			start := time.Now()
			if err := g.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != want*time.Millisecond {
				t.Errorf("held back for %v, want %v", got, want*time.Millisecond)
			}
			for range 64 { // slots that fail together
				g.failed(io.EOF, false)
			}
		}
	})
}

func TestASuccessLetsEveryoneThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newDialBackoff()
		g.failed(io.EOF, false)
		start, done := time.Now(), make(chan time.Duration)
		for range 8 {
			go func() {
				_ = g.wait(t.Context())
				done <- time.Since(start)
			}()
		}
		synctest.Wait()
		if !errors.Is(g.last(), io.EOF) {
			t.Errorf("the cause is %v", g.last())
		}
		g.succeeded()
		if g.last() != nil {
			t.Errorf("a cause after a success: %v", g.last())
		}
		for range 8 {
			if held := <-done; held != 0 {
				t.Errorf("held back for %v after a success", held)
			}
		}
		if err := g.wait(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("later: %v after %v", err, time.Since(start))
		}
	})
}

func TestAHeldBackDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newDialBackoff()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("without a failure: %v", err)
		}
		g.failed(io.EOF, false)
		if err := g.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("after a failure: %v", err)
		}
	})
}
