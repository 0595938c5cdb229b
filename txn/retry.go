package txn

import (
	"cmp"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

const codeFailedTx = "25P02" // in_failed_sql_transaction

// Retryable marks err as transient: when the function given to [Do] or [Run]
// returns it, wrapped or not, the transaction is retried as after a conflict. Text and
// chain of err stay. Retryable(nil) is nil.
//
// A function that should be retried after a lock timeout (55P03) marks that error.
//
// A [CommitUnknownError] or [ExhaustedError], of another Runner's Do inside the
// function, is not retried even when marked.
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

// retries is what a transaction's retries depend on.
type retries struct {
	causes    []error // of the attempts that were or would be retried
	races     int     // how many of them were of RetryOn
	waits     int     // how many of them were followed by a wait
	tolls     int     // tokens that conflicts took
	stale     []stalePlan
	conflicts int
	behind    uint64 // transactions of its name that were committed before its first conflict
}

// retry reports whether an attempt that ended like this is to be retried, were there
// attempts and tokens enough, and what that costs.
func (t *transaction) retry(a *attempt) (cost int, retry bool) {
	remedy := pgerr.RemedyFor(a.cause)
	switch {
	case isFinal(a.err) || isMisuse(a.err):
		return 0, false
	case isConflict(a.cause):
		return t.toll(), true
	case isMarked(a.err) && remedy == pgerr.RetryAfterLock:
		return costTimeout, true
	case isMarked(a.err):
		return costRetry, true
	}
	switch remedy {
	case pgerr.RetryPrepared:
		return costOnce, t.meetsStalePlan(a)
	case pgerr.RetryIfRace:
		if t.races < raceRetries && slices.ContainsFunc(t.op.RetryOn, func(id pgerr.ConstraintID) bool { return pgerr.Is(a.cause, id) }) {
			t.races++
			return costRetry, true
		}
	case pgerr.RetryElsewhere:
		// The function may return such an error of anything else that it used.
		return costTimeout, a.died || t.op.RetryLost && (a.stage == starting || a.lost)
	}
	if a.stage == starting && pgerr.KindOf(a.cause) == pgerr.Full {
		return costTimeout, t.op.RetryLost
	}
	return 0, false
}

// toll is what a retry after a conflict costs: nothing where another transaction
// was committed.
func (t *transaction) toll() int {
	if t.conflicts++; t.conflicts == 1 {
		t.behind = t.runner.budget.committed(t.budgetKey())
	}
	switch {
	case len(t.causes)+1 >= t.limit():
		return costOnce
	case t.pass.overtaken() && t.runner.budget.excuse(t.budgetKey()):
		return 0
	}
	return costRetry
}

// limit is how many attempts there are.
func (t *transaction) limit() int { return cmp.Or(t.op.MaxAttempts, t.runner.cfg.MaxAttempts) }

// exceedsLimit reports whether a transaction that had its attempts has more of them. It
// loses, but others of its name do not.
func (t *transaction) exceedsLimit(a *attempt) bool {
	return t.runner.more && t.op.MaxAttempts == 0 && len(t.causes) < mostAttempts &&
		isConflict(a.cause) && t.runner.budget.committed(t.budgetKey()) != t.behind
}

func (t *transaction) budgetKey() budgetKey { return budgetKey{t.op.Name, t.target.Name} }

// stalePlan is a statement that a connection had prepared, and may not run as it was.
type stalePlan struct {
	conn *pgx.Conn // nil when the Beginner does not show it
	sql  string
	lost bool // the session has forgotten it
}

// meetsStalePlan reports whether the attempt met a stale plan that the next one need
// not meet: pgx prepares the statement anew. Once a connection is enough. It is twice
// where the table may have changed again, after the statement was prepared there.
func (t *transaction) meetsStalePlan(a *attempt) bool {
	if a.Tx.stale == nil {
		return false
	}
	plan := *a.Tx.stale
	first := slices.Index(t.stale, plan)
	if first >= 0 && (plan.lost || slices.Contains(t.stale[first+1:], plan)) {
		return false
	}
	t.stale = append(t.stale, plan)
	return true
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

func isConflict(err error) bool { return pgerr.RemedyFor(err) == pgerr.Retry }

func isMarked(err error) bool {
	var marked *retryableError
	return errors.As(err, &marked)
}
