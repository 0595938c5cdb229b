package txn

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

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
	if isConflict(e.cause) {
		return u.toll(), true
	}
	var declared *retryableError
	if errors.As(e.err, &declared) {
		return costRetry, true
	}
	switch pgerr.RemedyFor(e.cause) {
	case pgerr.RunAgainPrepared:
		return costOnce, u.meets(e.tx)
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

// toll is what a retry after a conflict costs: nothing where another transaction
// went on.
func (u *work) toll() int {
	if u.lost++; u.lost == 1 {
		u.behind = u.runner.budget.committed(u.budgetKey())
	}
	switch {
	case len(u.causes)+1 >= u.limit():
		return costOnce
	case u.pass.overtaken() && u.runner.budget.excuse(u.budgetKey()):
		return 0
	}
	return costRetry
}

// limit is how many attempts there are.
func (u *work) limit() int { return cmp.Or(u.op.MaxAttempts, u.runner.cfg.MaxAttempts) }

// goesOn reports whether a unit that had its attempts has more of them. It loses, but
// others of its name do not.
func (u *work) goesOn(e end) bool {
	return u.runner.more && u.op.MaxAttempts == 0 && len(u.causes) < mostAttempts &&
		isConflict(e.cause) && u.runner.budget.committed(u.budgetKey()) != u.behind
}

func (u *work) budgetKey() budgetKey { return budgetKey{u.op.Name, u.pass.key.target} }

// stalePlan is a statement that a connection had prepared, and may not run as it was.
type stalePlan struct {
	conn *pgx.Conn // nil when the Beginner does not show it
	sql  string
	lost bool // the session has forgotten it
}

// meets reports whether the attempt met a stale plan that the next one need not meet:
// pgx prepares the statement anew. Once a connection is enough; twice where the table
// may have changed again, after another unit prepared the statement there.
func (u *work) meets(tx *Tx) bool {
	if tx == nil || tx.stale == nil {
		return false
	}
	first := slices.Index(u.stale, *tx.stale)
	if first >= 0 && (tx.stale.lost || slices.Contains(u.stale[first+1:], *tx.stale)) {
		return false
	}
	u.stale = append(u.stale, *tx.stale)
	return true
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
