package migrate

import (
	"context"
	"fmt"
)

// Down rolls back the migration applied last. It does nothing when none is
// applied. A file without a "-- +goose Down" is an [*IrreversibleError], a
// migration without a file [ErrNotRecorded]; otherwise errors and the end of ctx
// are as with [Migrator.UpTo].
func (m *Migrator) Down(ctx context.Context) (*Run, error) {
	return m.undo(ctx, false)
}

// Redo rolls back the migration applied last and applies it again, as two
// transactions: when the second fails, the Run has the first as its only step.
// Errors are as with [Migrator.Down].
func (m *Migrator) Redo(ctx context.Context) (*Run, error) {
	return m.undo(ctx, true)
}

func (m *Migrator) undo(ctx context.Context, redo bool) (*Run, error) {
	run := newRun()
	set, err := m.load()
	if err != nil {
		return run, err
	}
	s, err := m.open(ctx)
	if err != nil {
		return run, err
	}
	defer s.close()
	if err := s.lock(ctx, m.cfg.LockTimeout); err != nil {
		return run, err
	}
	applied, err := s.history()
	if err != nil || len(applied) == 0 {
		return run, err
	}
	run.Version = applied.version()
	rest, last := applied[:len(applied)-1], applied[len(applied)-1]
	file := set.find(last.version)
	switch {
	case file == nil:
		return run, fmt.Errorf("%w: version %d is not in %s", ErrNotRecorded, last.version, set.dir)
	case file.downLine == 0:
		return run, &IrreversibleError{File: file.path, Version: file.version}
	}
	if err := file.checkUndo(redo); err != nil {
		return run, err
	}
	if err := m.step(ctx, s, file, Down, run); err != nil {
		return run, err
	}
	run.Version = rest.version()
	if redo {
		return run, m.step(ctx, s, file, Up, run)
	}
	return run, nil
}

// checkUndo refuses a file that cannot be rolled back, or applied again after that.
func (s *script) checkUndo(redo bool) error {
	if redo {
		return checkPlan(Up, s)
	}
	return checkPlan(Down, s)
}
