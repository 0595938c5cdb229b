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

// exitStatus returns the command's.
func (e *childError) exitStatus() int { return e.code }

// exitCode returns the code to exit with after err: the one that an error in
// its chain brings, such as that of a failed child, else 1.
func exitCode(err error) int {
	var coded interface{ exitStatus() int }
	if errors.As(err, &coded) {
		return coded.exitStatus()
	}
	return 1
}
