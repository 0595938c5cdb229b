package migrate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNotRecorded is in the error of [Migrator.Down] and [Migrator.Redo] when the
// last migration applied has no file: an older or another set of files is in use.
var ErrNotRecorded = errors.New("the last migration applied has no file")

// ValidationError is returned by every run when the files that it is to run are
// wrong, or the names of any; nothing was applied.
type ValidationError struct {
	// Problems are the errors found, never empty; warnings are left out.
	Problems []Problem
}

// Error lists every problem, one a line.
func (e *ValidationError) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	lines = append(lines, fmt.Sprintf("%d problem(s) in the migration files, nothing was applied:", len(e.Problems)))
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// MigrationError is returned when a migration failed. Unless Kept is set, the
// migration left the database as it was.
type MigrationError struct {
	// File is the migration's path, Line and Col the place in it, from 1.
	File      string
	Line, Col int
	Version   int64
	Direction Direction
	// Attempts is how often the migration was run.
	Attempts int
	// Kept is the number of statements, before the failed one, that stay
	// applied because the file runs without a transaction.
	Kept int
	// Unset are the variables of the failed statement that the environment did not
	// have, in order. ENVSUB put nothing in their place.
	Unset []string
	// Unknown is set when the connection died during COMMIT: the migration may
	// or may not have been applied.
	Unknown bool
	// Err is what the server or the network answered.
	Err error
}

// Error starts with file:line:col and the server's own words.
func (e *MigrationError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s (version %d, %s", e.File, e.Line, e.Col, serverText(e.Err), e.Version, e.Direction)
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	b.WriteByte(')')
	if e.Kept > 0 {
		fmt.Fprintf(&b, "\nthe file runs without a transaction: the %d statement(s) before this one stay applied", e.Kept)
	}
	if len(e.Unset) > 0 {
		fmt.Fprintf(&b, "\nENVSUB put nothing in the place of what is not set: %s", strings.Join(e.Unset, ", "))
	}
	if e.Unknown {
		b.WriteString("\nthe connection was lost during COMMIT: see \"migrate status\" for whether it took effect")
	}
	var pg *pgconn.PgError
	if errors.As(e.Err, &pg) {
		if pg.Detail != "" {
			b.WriteString("\nDETAIL: " + pg.Detail)
		}
		if pg.Hint != "" {
			b.WriteString("\nHINT: " + pg.Hint)
		}
	}
	return b.String()
}

// Unwrap returns Err.
func (e *MigrationError) Unwrap() error { return e.Err }

// serverText is the server's message without what wraps it.
func serverText(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Error()
	}
	return err.Error()
}

// LockedError is returned when another run held the lock for as long as
// [Config].LockTimeout; nothing was applied.
type LockedError struct {
	// Waited is the time spent trying.
	Waited time.Duration
	// PID and Application tell the session that holds the lock; PID is 0 when
	// it had gone by the time it was looked for.
	PID         int
	Application string
}

// Error tells who holds the lock.
func (e *LockedError) Error() string {
	holder := "another run"
	if e.PID != 0 {
		holder = fmt.Sprintf("another run (server process %d, application %q)", e.PID, e.Application)
	}
	return fmt.Sprintf("%s held the migration lock for all of %s: wait for it to end, or give a longer lock timeout",
		holder, e.Waited.Round(time.Millisecond))
}

// OutOfOrderError is returned when a migration that was never applied is older
// than one that was; nothing was applied.
type OutOfOrderError struct {
	// File and Version are the pending migration's.
	File    string
	Version int64
	// Applied is the highest version already applied.
	Applied int64
}

// Error tells both versions and what to do.
func (e *OutOfOrderError) Error() string {
	return fmt.Sprintf("%s:1:1: version %d was never applied although version %d already is: give the file a version above %d",
		e.File, e.Version, e.Applied, e.Applied)
}

// IrreversibleError is returned by [Migrator.Down] and [Migrator.Redo] for a
// file without a "-- +goose Down"; nothing was changed.
type IrreversibleError struct {
	File    string
	Version int64
}

// Error names the file.
func (e *IrreversibleError) Error() string {
	return fmt.Sprintf("%s:1:1: version %d cannot be rolled back: the file has no \"-- +goose Down\"", e.File, e.Version)
}

// InvalidIndexError is returned before a NO TRANSACTION file that would create an index
// which exists and is invalid. A failed CREATE INDEX CONCURRENTLY leaves such an index.
// The file was not run.
type InvalidIndexError struct {
	File    string
	Line    int
	Col     int
	Version int64
	// Index is the index's qualified name.
	Index string
}

// Error names the index and how to remove it.
func (e *InvalidIndexError) Error() string {
	return fmt.Sprintf("%s:%d:%d: index %s exists but is invalid, probably left by a build that failed (version %d): "+
		"run DROP INDEX CONCURRENTLY %s, then try again", e.File, e.Line, e.Col, e.Index, e.Version, e.Index)
}
