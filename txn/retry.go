package txn

import (
	"errors"
	"slices"
	"time"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

const codeFailedTx = "25P02" // in_failed_sql_transaction

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

// retry reports whether an attempt that ended so is to be repeated, were there
// attempts and tokens enough, and what that costs.
func (u *work) retry(e end) (cost int, again bool) {
	if e.err == nil || isFinal(e.err) || isMisuse(e.err) || errors.Is(e.cause, ErrEndedByHand) {
		return 0, false
	}
	var declared *retryableError
	if errors.As(e.err, &declared) {
		return costRetry, true
	}
	switch pgerr.RemedyFor(e.cause) {
	case pgerr.RunAgain:
		return costConflict, true
	case pgerr.RunAgainIfRace:
		if u.races < raceRetries && slices.ContainsFunc(u.op.RetryOn, func(id pgerr.ConstraintID) bool { return isViolation(e.cause, id) }) {
			u.races++
			return costRetry, true
		}
	case pgerr.RunAgainIfPatient:
		return costTimeout, u.op.RetryLocked
	case pgerr.RunAgainElsewhere:
		// An error like that may be of anything that the function did.
		return costTimeout, e.idle || u.op.RetryLost && (e.tx == nil || e.tx.lost)
	}
	if e.tx == nil && pgerr.KindOf(e.cause) == pgerr.Full {
		return costTimeout, u.op.RetryLost
	}
	return 0, false
}

func isViolation(err error, id pgerr.ConstraintID) bool {
	c, ok := pgerr.ConstraintOf(err)
	return ok && c.ID == id
}

// isFinal reports whether err holds a verdict about retries already.
func isFinal(err error) bool {
	if err == nil {
		return false
	}
	var unknown *CommitUnknownError
	var exhausted *ExhaustedError
	return errors.As(err, &unknown) || errors.As(err, &exhausted)
}

func isMisuse(err error) bool {
	var misuse *MisuseError
	return errors.As(err, &misuse)
}

func isConflict(err error) bool { return pgerr.RemedyFor(err) == pgerr.RunAgain }

// delay draws the wait before retry n, counted from 0.
func (r *Runner) delay(n int) time.Duration {
	return r.wait.Delay(n)
}
