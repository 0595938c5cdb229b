package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestWhatIsRunAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"serialization failure", serverError("40001"), true},
		{"deadlock", serverError("40P01"), true},
		{"a wrapped conflict", fmt.Errorf("x: %w", serverError("40001")), true},
		{"declared transient", Retryable(errBoom), true},
		{"declared transient and wrapped", fmt.Errorf("x: %w", Retryable(errBoom)), true},
		{"a caller's own error", errBoom, false},
		{"unique violation", serverError("23505"), false},
		{"lock not available", serverError("55P03"), false},
		{"query canceled", serverError("57014"), false},
		{"failed transaction", serverError("25P02"), false},
		{"statement completion unknown", serverError("40003"), false},
		{"lost connection", io.ErrUnexpectedEOF, false},
		{"unknown commit", &CommitUnknownError{Err: serverError("40001")}, false},
		{"unknown commit, declared transient", Retryable(&CommitUnknownError{Err: io.EOF}), false},
		{"another Runner gave up", &ExhaustedError{Causes: []error{serverError("40001")}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			db := &fakeDB{}
			r := newRunner(t, db, Config{MaxAttempts: 3, BackoffBase: 1, BackoffMax: 1})
			err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
				if tx.Attempt() == 2 {
					return nil
				}
				return tc.err
			})
			if again := db.begins == 2; again != tc.want || db.rollbacks != 1 {
				t.Errorf("begun %d times, rolled back %d times", db.begins, db.rollbacks)
			}
			if tc.want && err != nil {
				t.Errorf("error after a good second attempt: %v", err)
			}
			if !tc.want && err != tc.err {
				t.Errorf("error is %v, want the function's own", err)
			}
		})
	}
}

func TestRetryableKeepsTheError(t *testing.T) {
	t.Parallel()
	if Retryable(nil) != nil {
		t.Error("Retryable(nil) is an error")
	}
	err := Retryable(errBoom)
	if err.Error() != "boom" || !errors.Is(err, errBoom) {
		t.Errorf("became %v", err)
	}
}

func TestExhaustedNamesAllCausesAndUnwrapsToTheLast(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{}, Config{BackoffBase: 1, BackoffMax: 1})
	err := Run(t.Context(), r, Op{Name: "transfer", MaxAttempts: 4}, func(_ context.Context, tx *Tx) error {
		return []error{serverError("40001"), serverError("40P01"), Retryable(errBoom), serverError("40001")}[tx.Attempt()-1]
	})
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) || len(exhausted.Causes) != 4 || exhausted.Interrupted != nil {
		t.Fatalf("error is %#v", err)
	}
	if pgerr.Code(err) != "40001" || errors.Is(err, errBoom) {
		t.Errorf("unwraps to something else than the last cause: %v", err)
	}
	const want = "txn: transfer: gave up after attempt 4: 2 x 40001, 1 x 40P01, 1 x declared: ERROR: as asked (SQLSTATE 40001)"
	if err.Error() != want {
		t.Errorf("text is\n%s, want\n%s", err, want)
	}
}

func TestOpOverridesTheNumberOfAttempts(t *testing.T) {
	t.Parallel()
	db := &fakeDB{}
	r := newRunner(t, db, Config{MaxAttempts: 5})
	err := Run(t.Context(), r, Op{Name: "x", MaxAttempts: 1}, func(context.Context, *Tx) error { return serverError("40001") })
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) || db.begins != 1 {
		t.Errorf("begun %d times, error %v", db.begins, err)
	}
}

func TestAConflictAtCommitIsRunAgain(t *testing.T) {
	t.Parallel()
	db := &fakeDB{commit: func(n int) error {
		if n == 1 {
			return serverError("40001")
		}
		return nil
	}}
	r := newRunner(t, db, Config{BackoffBase: 1, BackoffMax: 1})
	got, err := Do(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) (int, error) { return tx.Attempt(), nil })
	if err != nil || got != 2 || db.rollbacks != 0 {
		t.Errorf("result %d, %d rollbacks, error %v", got, db.rollbacks, err)
	}
}

func TestADelayIsNeverAboveTheCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 80 * time.Millisecond
		r := newRunner(t, &fakeDB{}, Config{MaxAttempts: 200, RetryBudget: 2000, BackoffBase: 10 * time.Millisecond, BackoffMax: limit})
		last := time.Now()
		var distinct = map[time.Duration]bool{}
		_ = Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			delay := time.Since(last)
			if delay > limit {
				t.Errorf("delay before attempt %d is %v, the cap %v", tx.Attempt(), delay, limit)
			}
			distinct[delay] = true
			last = time.Now()
			return Retryable(errBoom) // a conflict would close the gate
		})
		if len(distinct) < 100 {
			t.Errorf("200 attempts had %d different delays: no jitter", len(distinct))
		}
	})
}

func TestADelayThatTheDeadlineWouldCutIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{MaxAttempts: 100, BackoffBase: time.Hour, BackoffMax: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { return serverError("40001") })
		if time.Since(start) != 0 {
			t.Errorf("waited %v", time.Since(start))
		}
		var exhausted *ExhaustedError
		if !errors.As(err, &exhausted) || !errors.Is(err, context.DeadlineExceeded) || pgerr.Code(err) != "40001" {
			t.Errorf("error has not both the context's error and the cause: %v", err)
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &fakeDB{}
		r := newRunner(t, db, Config{BackoffBase: 1000 * time.Hour, BackoffMax: 1000 * time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Nanosecond, cancel)
		err := Run(ctx, r, Op{Name: "x"}, func(context.Context, *Tx) error { return Retryable(errBoom) })
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errBoom) || db.begins != 1 {
			t.Errorf("begun %d times, error %v", db.begins, err)
		}
		if !strings.Contains(err.Error(), "context canceled") || !strings.Contains(err.Error(), "boom") {
			t.Errorf("text does not tell both: %v", err)
		}
	})
}

func TestRetriesAreLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r := newRunner(t, &fakeDB{}, Config{BackoffBase: 1, BackoffMax: 1, Logger: logger})
	err := Run(t.Context(), r, Op{Name: "transfer"}, func(_ context.Context, tx *Tx) error {
		if tx.Attempt() < 3 {
			return serverError("40001")
		}
		return nil
	})
	if err != nil || strings.Count(out.String(), "op=transfer") != 2 || !strings.Contains(out.String(), "attempt=2") {
		t.Errorf("error %v, log:\n%s", err, &out)
	}
}

func TestTheResultOfAFailedAttemptNeverEscapes(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{}, Config{BackoffBase: 1, BackoffMax: 1, MaxAttempts: 2})
	for _, failure := range []error{errBoom, serverError("40001")} {
		got, err := Do(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) (string, error) { return "draft", failure })
		if err == nil || got != "" {
			t.Fatalf("result %q beside error %v", got, err)
		}
	}
	got, err := Do(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) (*int, error) {
		if tx.Attempt() == 1 {
			return new(int), serverError("40001")
		}
		return nil, nil
	})
	if err != nil || got != nil {
		t.Fatalf("the second attempt's nil came back as %v, error %v", got, err)
	}
}
