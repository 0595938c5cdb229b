package txn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/config"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

var (
	// ErrSwallowed is returned by [Do] and [Tx.Savepoint], together with the
	// first error that broke the transaction, when the function hid that error:
	// it returned nil, or the 25P02 that the server says to every later
	// statement. Nothing is committed.
	ErrSwallowed = errors.New("the transaction had failed already, by an error the function did not return")

	// ErrOpenRows is returned by [Do] when the function returned nil while a
	// result was not read to its end and not closed. Nothing is committed.
	ErrOpenRows = errors.New("rows or a batch were still open when the function returned")

	// ErrOpenSavepoint is returned by [Do] and [Tx.Savepoint] when the function
	// returned nil while a savepoint of [Tx.PgxTx] was open. Nothing of that function
	// is committed.
	ErrOpenSavepoint = errors.New("a savepoint was still open when the function returned")

	// ErrNotReturned is the error that hooks and an [Observer] get when a function
	// panicked or ended its goroutine.
	ErrNotReturned = errors.New("the function did not return")

	// ErrRetryBudget is in the [ExhaustedError] of a transaction that would be retried,
	// when the retries of operations of its name have used up their tokens.
	ErrRetryBudget = errors.New("the retry budget is used up")

	// ErrAlreadyCommitted is returned for an [Idempotent] operation whose key is that of
	// an earlier one, which is committed. Nothing was run, or what was is rolled back.
	// What the earlier one returned is not known here.
	ErrAlreadyCommitted = errors.New("the work with this key is committed already")
)

// Problems of a [MisuseError].
const (
	endedByHand   = "the Runner ends the transaction, not its function: return nil to commit, or an error to roll back"
	concurrentUse = "the transaction is in use by another call"
	txEnded       = "the transaction's function has ended"
)

// ConfigError is returned by [New], [Do] and [Run] for an argument that cannot be used,
// or that the server refuses. Nothing was done. Its Field is such as
// "Config.MaxAttempts".
type ConfigError = config.Error

// MisuseError is returned by methods of a [Tx] that is used in a way that it does not
// allow: by two goroutines, after its attempt, or to end the transaction. Nothing was
// sent for the call. [Do] returns it too where that may have left work half done, and
// for an operation inside another one that [Op].Propagation does not allow.
type MisuseError struct {
	Op        string
	Statement string // its name by sqlc, else its first word; "" when it is not known
	Problem   string
}

// Error names the operation and the statement.
func (e *MisuseError) Error() string {
	if e.Statement == "" {
		return fmt.Sprintf("txn: %s: %s", e.Op, e.Problem)
	}
	return fmt.Sprintf("txn: %s: %s: %s", e.Op, e.Statement, e.Problem)
}

// CommitUnknownError is returned when COMMIT was sent and no definite answer came back,
// or when the function ended the transaction itself: the work is committed, or it is
// not. It is not retried.
type CommitUnknownError struct {
	Op  string
	Err error // what came instead of an answer, or a [MisuseError]
	// Unresolved is why the outcome could not be found out, or nil for
	// [ReturnUnknown].
	Unresolved error
}

// Error names the operation and says that it may be committed.
func (e *CommitUnknownError) Error() string {
	if e.Unresolved != nil {
		return fmt.Sprintf("txn: %s: unknown whether it was committed: %v (and %v)", e.Op, e.Err, e.Unresolved)
	}
	return fmt.Sprintf("txn: %s: unknown whether it was committed: %v", e.Op, e.Err)
}

// Unwrap returns Err, then Unresolved if there is one.
func (e *CommitUnknownError) Unwrap() []error {
	if e.Unresolved == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Unresolved}
}

// ExhaustedError is returned when the transaction would be retried but may not be: all
// attempts or all tokens were used, or the context ended, or its deadline would come
// before the next attempt. Nothing is committed.
type ExhaustedError struct {
	Op     string
	Causes []error // why each attempt failed, in order; never empty
	// Interrupted is the context's error when the context was the reason,
	// [ErrRetryBudget] when the tokens were, and nil when all attempts were used.
	Interrupted error
}

// Error names the operation and counts the causes.
func (e *ExhaustedError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "txn: %s: gave up after attempt %d", e.Op, len(e.Causes))
	if e.Interrupted != nil {
		fmt.Fprintf(&s, " (%v)", e.Interrupted)
	}
	fmt.Fprintf(&s, ": %s: %v", tally(e.Causes), e.last())
	return s.String()
}

// Unwrap returns the last cause, then Interrupted if there is one.
func (e *ExhaustedError) Unwrap() []error {
	if e.Interrupted == nil {
		return []error{e.last()}
	}
	return []error{e.last(), e.Interrupted}
}

func (e *ExhaustedError) last() error { return e.Causes[len(e.Causes)-1] }

// tally counts causes by SQLSTATE, in the order of their first appearance.
func tally(causes []error) string {
	counts := map[string]int{}
	var names []string
	for _, cause := range causes {
		name := pgerr.Code(cause)
		if kind := pgerr.KindOf(cause); name == "" && kind != pgerr.Other {
			name = string(kind)
		} else if name == "" {
			name = "declared"
		}
		if counts[name] == 0 {
			names = append(names, name)
		}
		counts[name]++
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%d x %s", counts[name], name)
	}
	return strings.Join(names, ", ")
}
