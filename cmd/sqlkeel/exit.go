package main

import "errors"

// childError is a command that was run for the caller and failed: its exit code
// becomes ours.
type childError struct {
	command string
	code    int
	err     error
}

// Error names the command.
func (e *childError) Error() string { return e.command + ": " + e.err.Error() }

// Unwrap returns how the command ended.
func (e *childError) Unwrap() error { return e.err }

// exitCode returns the code to exit with after err: the one of a failed child,
// else 1.
func exitCode(err error) int {
	var child *childError
	if errors.As(err, &child) {
		return child.code
	}
	return 1
}
