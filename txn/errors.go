package txn

import (
	"errors"
	"fmt"
	"strings"

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
	// returned nil while a savepoint of a transaction of [Tx.PgxTx] was neither
	// committed nor rolled back. Nothing of that function is committed.
	ErrOpenSavepoint = errors.New("a savepoint was still open when the function returned")

	// ErrEndedByHand is in the [MisuseError] of a statement that would end the
	// transaction or begin another one, such as COMMIT, which is not sent; of Commit
	// and Rollback of [Tx.PgxTx]; and of all statements after the transaction was
	// ended all the same. [Do] returns it and makes no other attempt. In the last
	// case, what was done until then may be committed, and the error says so.
	ErrEndedByHand = errors.New("the Runner ends the transaction, not its function: return nil to commit, or an error to roll back")

	// ErrNotReturned is what hooks and an [Observer] are told when a function
	// panicked or ended its goroutine.
	ErrNotReturned = errors.New("the function did not return")

	// ErrRetryBudget is in the [ExhaustedError] of work that would be run again,
	// when the retries of operations of its name have used up their tokens.
	ErrRetryBudget = errors.New("the retry budget is used up")

	// ErrConcurrentUse is in the [MisuseError] of a transaction that was called
	// while another call was under way, by another goroutine or by a callback of
	// that call.
	ErrConcurrentUse = errors.New("the transaction is in use by another call")

	// ErrTxEnded is in the [MisuseError] of a transaction that was called after its
	// attempt.
	ErrTxEnded = errors.New("the transaction's function has ended")
)

// ConfigError is returned by [New], [Do] and [Run] for an argument
// that cannot be used. Nothing was begun.
type ConfigError struct {
	Field   string // such as "Config.MaxAttempts"
	Problem string
}

// Error names the field.
func (e *ConfigError) Error() string { return "txn: " + e.Field + " " + e.Problem }

// NestedError is returned by [Do] and [Run] inside the function of another one
// with the same Runner. Nothing was begun.
type NestedError struct {
	Outer, Inner string // names of the operations
	Problem      string // why they do not go together, or what to do
}

// Error names both operations.
func (e *NestedError) Error() string {
	return fmt.Sprintf("txn: %s was started inside the transaction of %s: %s", e.Inner, e.Outer, e.Problem)
}

// MisuseError is returned by methods of a [Tx] that was used in a way that it
// cannot be, and then by [Do] too where that may have left work half done. Nothing
// was sent for the call.
type MisuseError struct {
	Op        string
	Statement string // its name by sqlc, else its first word; "" when it is not known
	Err       error  // [ErrConcurrentUse], [ErrTxEnded] or [ErrEndedByHand]
}

// Error names the operation and the statement.
func (e *MisuseError) Error() string {
	if e.Statement == "" {
		return fmt.Sprintf("txn: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("txn: %s: %s: %v", e.Op, e.Statement, e.Err)
}

// Unwrap returns Err.
func (e *MisuseError) Unwrap() error { return e.Err }

// AlreadyCommittedError is returned for an [Idempotent] operation whose key is
// that of an earlier one, which is committed. Nothing was run, or what was is
// rolled back; what the earlier one returned is not known here.
type AlreadyCommittedError struct{ Op, Key string }

// Error names the operation and the key.
func (e *AlreadyCommittedError) Error() string {
	return fmt.Sprintf("txn: %s: the work with key %q is committed already", e.Op, e.Key)
}

// SettingError is returned when the server does not take one of [Op].Settings.
// Nothing was done.
type SettingError struct {
	Op, Setting string
	Err         error // the server's
}

// Error names the setting.
func (e *SettingError) Error() string { return fmt.Sprintf("setting %q: %v", e.Setting, e.Err) }

// Unwrap returns the server's error.
func (e *SettingError) Unwrap() error { return e.Err }

// PoolerError is returned for an operation with [Op].Locks on a connection whose
// session at the server is another, or from a db.DB that has found that out: a
// pooler in between would hand the session, and the locks, to other clients. Nothing
// was locked. Its Target is the operation's name.
type PoolerError = pgerr.PoolerError

// CommitUnknownError is returned when COMMIT was sent and no definite answer
// came back: the work is committed, or it is not. It was not run again.
type CommitUnknownError struct {
	Op  string
	Err error // what came instead of an answer
	// Unresolved is why the outcome could not be found out, such as
	// [ErrOtherServer], or nil when nobody tried ([ReturnUnknown]).
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

// ExhaustedError is returned when the work would be run again but may not be:
// all attempts or all tokens were used, or the context ended, or its deadline would
// come before the next attempt. Nothing is committed.
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
			name = kind.String()
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
