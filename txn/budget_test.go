package txn

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestABudgetBoundsWhatRetriesAdd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{RetryBudget: 100})
		attempts := 0
		fail := func(n int) (refused int) {
			for range n {
				failed := Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { attempts++; return Retryable(errBoom) })
				if errors.Is(failed, ErrRetryBudget) && errors.Is(failed, errBoom) {
					refused++
				}
			}
			return refused
		}
		if refused := fail(50); attempts != 50+100/costRetry || refused < 40 {
			t.Errorf("%d attempts for 50 units, %d refused", attempts, refused)
		}
		if failed := Run(t.Context(), r, Op{Name: "y"}, func(_ context.Context, tx *Tx) error {
			if tx.Attempt() == 1 {
				return Retryable(errBoom)
			}
			return nil
		}); failed != nil {
			t.Errorf("another operation pays too: %v", failed)
		}
		attempts = 0
		for range 2 * costRetry {
			if failed := Run(t.Context(), r, Op{Name: "x"}, nothing); failed != nil {
				t.Error(failed)
			}
		}
		if fail(10); attempts != 10+2 {
			t.Errorf("%d attempts for 10 units after successes that pay for 2 more", attempts)
		}
	})
}

func TestConflictsCostNoTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t, &fakeDB{}, Config{RetryBudget: 1, MaxAttempts: 50})
		err := Run(t.Context(), r, Op{Name: "x"}, func(_ context.Context, tx *Tx) error {
			if tx.Attempt() < 50 {
				return serverError("40001")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
