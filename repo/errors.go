package repo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrNotFound is returned by every operation on one thing that does not exist.
// The wrapping error names the thing and its id.
var ErrNotFound = errors.New("not found")

// InvalidError is an argument that was refused. Nothing has changed; nearly
// always nothing was sent.
type InvalidError struct {
	Field  string // the argument, in the operation's own words
	Reason string // what it must be
}

// Error returns "field: reason".
func (e *InvalidError) Error() string { return e.Field + ": " + e.Reason }

// UnknownAccountError is a transfer from or to an account that does not exist.
type UnknownAccountError struct {
	ID int64
}

// Error names the account.
func (e *UnknownAccountError) Error() string { return fmt.Sprintf("account %d does not exist", e.ID) }

// Is makes the error an [ErrNotFound].
func (e *UnknownAccountError) Is(target error) bool { return target == ErrNotFound }

// InsufficientFundsError is a transfer of more than the account holds.
type InsufficientFundsError struct {
	Account     int64
	AmountCents int64 // what was to be moved
}

// Error names the account and the amount.
func (e *InsufficientFundsError) Error() string {
	return fmt.Sprintf("account %d holds less than %d cents", e.Account, e.AmountCents)
}

// TakenError is a thing that exists already: a registered address, an author's
// name, a second review of one book by one user.
type TakenError struct {
	What string
	Err  error // the database's answer, with the constraint's name
}

// Error says what is taken.
func (e *TakenError) Error() string { return e.What + " already exists" }

// Unwrap returns the database's answer.
func (e *TakenError) Unwrap() error { return e.Err }

// TaskError is a task whose handler failed.
type TaskError struct {
	ID  int64
	Err error
}

// Error names the task.
func (e *TaskError) Error() string { return fmt.Sprintf("task %d: %v", e.ID, e.Err) }

// Unwrap returns the handler's error.
func (e *TaskError) Unwrap() error { return e.Err }

// checks collects the problems of one operation's arguments.
type checks []error

func (c *checks) that(ok bool, field, format string, args ...any) {
	if !ok {
		*c = append(*c, &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)})
	}
}

// text refuses what PostgreSQL's text cannot hold.
func (c *checks) text(field, s string) {
	c.that(utf8.ValidString(s), field, "must be valid UTF-8")
	c.that(!strings.ContainsRune(s, 0), field, "must not contain a NUL")
}

// maxName is the longest name, title or address: what an index can hold, with
// room to spare.
const maxName = 500

// name is a text that must say something, and fit an index.
func (c *checks) name(field, s string) {
	c.text(field, s)
	c.that(strings.TrimSpace(s) != "", field, "must not be blank")
	c.that(len(s) <= maxName, field, "must not be longer than %d bytes, is %d", maxName, len(s))
}

// time is a moment that PostgreSQL and the calendar have.
func (c *checks) time(field string, t time.Time) {
	c.that(t.Year() >= 1 && t.Year() <= 9999 && !t.IsZero(), field, "must be a moment between the years 1 and 9999")
}

// object is a JSON object.
func (c *checks) object(field string, text []byte) {
	var object map[string]json.RawMessage
	c.that(json.Unmarshal(text, &object) == nil && object != nil, field, "must be a JSON object")
}

// limit bounds how many rows one call may bring.
func (c *checks) limit(n int) {
	c.that(n >= 1 && n <= MaxRows, "limit", "must be between 1 and %d, is %d", MaxRows, n)
}

func (c checks) err() error { return errors.Join(c...) }
