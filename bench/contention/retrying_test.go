package contention

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestWaitsFillTheirRange(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, tc := range []struct {
		name      string
		delay     func(int) time.Duration
		n         int
		low, high time.Duration
	}{
		{"at once", atOnce, 7, 0, 0},
		{"full jitter", fullJitter, 0, 0, 5 * ms},
		{"full jitter", fullJitter, 3, 0, 40 * ms},
		{"full jitter", fullJitter, 100, 0, 200 * ms},
	} {
		least, most := time.Hour, time.Duration(-1)
		for range 2000 {
			d := tc.delay(tc.n)
			least, most = min(least, d), max(most, d)
		}
		if least < tc.low || most > tc.high {
			t.Errorf("%s: wait %d is %v to %v, want %v to %v", tc.name, tc.n, least, most, tc.low, tc.high)
		}
		if edge := (tc.high - tc.low) / 10; least > tc.low+edge || most < tc.high-edge {
			t.Errorf("%s: wait %d is only %v to %v, want %v to %v", tc.name, tc.n, least, most, tc.low, tc.high)
		}
	}
}

func TestConflictsAreKnownByTheirCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"40001": true, "40P01": true, "40003": false, "23505": false} {
		err := fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code})
		if got := isConflict(err); got != want {
			t.Errorf("%s: %v", code, got)
		}
	}
	if isConflict(nil) || isConflict(errors.New("40001")) {
		t.Error("what is no error of PostgreSQL is called a conflict")
	}
}

func TestASleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if err := sleep(ctx, 300*time.Millisecond); err != nil || time.Since(begun) != 300*time.Millisecond {
			t.Errorf("slept %v, %v", time.Since(begun), err)
		}
		if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("ended after %v, %v", time.Since(begun), err)
		}
		if err := sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no wait on an ended context: %v", err)
		}
	})
}
