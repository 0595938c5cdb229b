package txn

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// spy is an Observer that writes down what it hears.
type spy struct {
	attempts   []AttemptEnd
	units      []TransactionEnd
	calls      []string
	attemptEnd func(AttemptEnd)
}

type spyKey string

func (s *spy) TransactionStart(ctx context.Context, op Op) context.Context {
	s.calls = append(s.calls, "unit "+op.Name)
	return context.WithValue(ctx, spyKey("unit"), op.Name)
}

func (s *spy) AttemptStart(ctx context.Context, _ Op, n int) context.Context {
	s.calls = append(s.calls, "attempt")
	return context.WithValue(ctx, spyKey("attempt"), n)
}

func (s *spy) AttemptEnd(ctx context.Context, _ Op, e AttemptEnd) {
	if ctx.Value(spyKey("attempt")) != e.Attempt {
		s.calls = append(s.calls, "AttemptEnd with another context")
	}
	s.calls = append(s.calls, "attempt over")
	s.attempts = append(s.attempts, e)
	if s.attemptEnd != nil {
		s.attemptEnd(e)
	}
}

func (s *spy) TransactionEnd(ctx context.Context, op Op, e TransactionEnd) {
	if ctx.Value(spyKey("unit")) != op.Name {
		s.calls = append(s.calls, "TransactionEnd with another context")
	}
	s.calls = append(s.calls, "unit over")
	s.units = append(s.units, e)
}

func TestAnObserverHearsOfEveryAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &spy{}
		r := newRunner(t, &fakeDB{}, Config{Observer: s, BackoffBase: time.Second, BackoffMax: time.Second})
		err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if ctx.Value(spyKey("attempt")) != tx.Attempt() || ctx.Value(spyKey("unit")) != "x" {
				t.Error("the function does not have the attempt's context")
			}
			tx.AfterCommit(func(ctx context.Context) {
				s.calls = append(s.calls, "hook")
				if ctx.Value(spyKey("attempt")) != nil || ctx.Value(spyKey("unit")) != "x" {
					t.Error("the hook does not have the unit's context")
				}
			})
			time.Sleep(time.Minute) // of the bubble's clock
			if tx.Attempt() == 1 {
				return serverError("40001")
			}
			return nil
		})
		want := []string{"unit x", "attempt", "attempt over", "attempt", "attempt over", "unit over", "hook"}
		if err != nil || !slices.Equal(s.calls, want) {
			t.Fatalf("error %v, calls %q", err, s.calls)
		}
		first, last, unit := s.attempts[0], s.attempts[1], s.units[0]
		if !first.Retry || first.Outcome != stmt.Aborted || pgerr.Code(first.Cause) != "40001" || first.Duration != time.Minute || first.Backoff > time.Second {
			t.Errorf("first attempt: %+v", first)
		}
		if last.Retry || last.Outcome != stmt.Committed || last.Err != nil || last.Cause != nil || last.Attempt != 2 {
			t.Errorf("last attempt: %+v", last)
		}
		if unit.Attempts != 2 || unit.Outcome != stmt.Committed || unit.Err != nil || unit.Duration != 2*time.Minute+first.Backoff {
			t.Errorf("unit: %+v", unit)
		}
	})
}

func TestAnObserverHearsTheEndOfWhatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		s := &spy{}
		r := newRunner(t, &fakeDB{}, Config{Observer: s})
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { _ = recover() }()
			_ = Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { leave(); return nil })
		}()
		<-done
		want := []string{"unit x", "attempt", "attempt over", "unit over"}
		if !slices.Equal(s.calls, want) || !errors.Is(s.units[0].Err, ErrNotReturned) || s.attempts[0].Outcome != stmt.Aborted {
			t.Errorf("%s: calls %q, %+v", name, s.calls, s.units)
		}
	}
}

func TestAnObserverHearsOfAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := &spy{}
	r := newRunner(t, &fakeDB{commit: func(int) error { return errBoom }}, Config{Observer: s})
	err := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { return nil })
	if s.units[0].Outcome != stmt.Unknown || s.attempts[0].Outcome != stmt.Unknown || s.units[0].Err != err {
		t.Errorf("error %v, %+v, %+v", err, s.attempts, s.units)
	}
}
