package txn

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

const (
	codeFailedTx          = "25P02" // in_failed_sql_transaction
	codeCompletionUnknown = "40003" // statement_completion_unknown
	classConnection       = "08"
)

// Retryable marks err as transient: when the function given to [Do] or [Run]
// returns it, wrapped or not, the work is run again as after a conflict. Text and
// chain of err stay. Retryable(nil) is nil.
//
// A [CommitUnknownError] or [ExhaustedError], of another Runner's Do inside the
// function, is not run again even when marked.
func Retryable(err error) error {
	if err == nil {
		return nil
	}
	return &retryableError{err}
}

type retryableError struct{ err error }

// Error is that of the marked error.
func (e *retryableError) Error() string { return e.err.Error() }

// Unwrap returns the marked error.
func (e *retryableError) Unwrap() error { return e.err }

// retries reports whether an attempt that ended with err is to be repeated.
func (r *Runner) retries(err error) bool {
	if r.is(trustsSafeToRetry) && pgconn.SafeToRetry(err) {
		return true
	}
	if r.is(retriesSwallowed) && errors.Is(err, ErrSwallowed) {
		return true
	}
	if err == nil || isFinal(err) {
		return false
	}
	var declared *retryableError
	return isConflict(err) || errors.As(err, &declared)
}

// isFinal reports whether err holds a verdict about retries already.
func isFinal(err error) bool {
	var unknown *CommitUnknownError
	var exhausted *ExhaustedError
	return errors.As(err, &unknown) || errors.As(err, &exhausted)
}

func isConflict(err error) bool { return pgerr.KindOf(err) == pgerr.Conflict }

// delay draws the wait before retry n, counted from 0.
func (r *Runner) delay(n int) time.Duration {
	if r.is(jittersAboveCap) {
		return r.wait.Ceiling(n) + r.wait.Delay(n)
	}
	return r.wait.Delay(n)
}
