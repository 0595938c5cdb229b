package unit

import "fmt"

// BeginError is returned by package txn for an attempt that could not begin its
// transaction: nothing was done.
type BeginError struct {
	Op  string // the operation's name
	Err error
}

// Error names the operation.
func (e *BeginError) Error() string { return fmt.Sprintf("txn: %s: begin: %v", e.Op, e.Err) }

// Unwrap returns why the transaction could not be begun.
func (e *BeginError) Unwrap() error { return e.Err }
