// Package gen is the generator behind `sqlkeel generate`, `check` and `inspect`:
// it loads a sqlc project, works out what each statement does on a scratch
// database, and emits that as Go. Nothing is written before all of it succeeded.
package gen

import (
	"context"
)

// Options say what to work on.
type Options struct {
	// Config is sqlc's configuration file, or its folder. Default: the one in the
	// working directory.
	Config string
	// DSN names the server on which scratch databases are made and dropped.
	// Default: the one that internal/pgserver finds or starts.
	DSN string
	// Report gets a line for the server that is used. Default: none.
	Report func(string)
}

// Generate writes the files of all packages of the project, and removes those that
// it wrote once and would no longer. The notes are what is right but worth to know,
// such as filters that look optional and are not. The error is [Problems] when the
// project is at fault; nothing was written then.
func Generate(ctx context.Context, o Options) (notes Problems, err error) {
	files, notes, err := build(ctx, o)
	if err != nil {
		return notes, err
	}
	return notes, files.write(ctx)
}

// Check does what Generate does and writes nothing. The error is [Problems] when
// a file is missing, is not what Generate would write, or should not be there.
func Check(ctx context.Context, o Options) (notes Problems, err error) {
	files, notes, err := build(ctx, o)
	if err != nil {
		return notes, err
	}
	return notes, files.compare()
}

// build works out the project and emits its files, in memory.
func build(ctx context.Context, o Options) (*fileSet, Problems, error) {
	a, err := analyse(ctx, o, strict)
	if err != nil {
		return nil, nil, err
	}
	files, err := a.emit()
	if err := a.problems.add(err); err != nil {
		return nil, nil, err
	}
	return files, a.sorted(a.notes, healsUnknown), a.sorted(a.problems, healsFailures).err()
}
