// Package backoff computes and waits out retry delays with full jitter: each
// delay is drawn evenly from zero to a ceiling that doubles with every try, so
// that callers that failed together do not come back together.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Policy bounds the delays. The ceiling of the first delay is Base; it doubles
// each time and never exceeds Max. The cap is applied before the jitter, so a
// delay is never longer than Max.
type Policy struct {
	Base, Max time.Duration
}

// Ceiling returns the longest delay before retry n, counted from 0.
func (p Policy) Ceiling(n int) time.Duration {
	ceiling := p.Base
	for range n {
		if ceiling >= p.Max/2 {
			return p.Max
		}
		ceiling *= 2
	}
	return min(ceiling, p.Max)
}

// Delay draws the delay before retry n, in [0, Ceiling(n)].
func (p Policy) Delay(n int) time.Duration {
	ceiling := p.Ceiling(n)
	if ceiling <= 0 {
		return 0
	}
	return time.Duration(rand.Int64N(int64(ceiling) + 1))
}

// Wait sleeps for d, and returns ctx's error at once when ctx ends first or
// ends before the delay could: a sleep that nothing can follow is not begun.
func Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
