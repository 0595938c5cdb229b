package migrate

import (
	"context"
	"fmt"
	"math"
)

// Up applies every pending migration in the order of versions. It returns at
// once, and takes no lock, when none is pending. The pending files are checked
// before the first of them runs: a [*ValidationError] means that nothing was
// applied. See [Migrator.UpTo].
func (m *Migrator) Up(ctx context.Context) (*Run, error) {
	return m.up(ctx, math.MaxInt64)
}

// UpTo applies the pending migrations up to and including version, which must be
// that of a file.
//
// Each file is one transaction, unless it says NO TRANSACTION; a lock timeout or a
// deadlock makes it run again, five times in all. A failure is a [*MigrationError]; the
// migrations before it stay applied and are in the Run. A [*LockedError] says that
// another run is under way, an [*OutOfOrderError] that the versions are out of order.
// An [*InvalidIndexError] says that an index stands in the way, a [*ConnectError] that
// there is no connection. When ctx ends, the migration under way is rolled back and the
// lock released before UpTo returns ctx's error.
func (m *Migrator) UpTo(ctx context.Context, version int64) (*Run, error) {
	return m.up(ctx, version)
}

func (m *Migrator) up(ctx context.Context, target int64) (*Run, error) {
	run := newRun()
	set, err := m.load()
	if err != nil {
		return run, err
	}
	if target != math.MaxInt64 && set.find(target) == nil {
		return run, fmt.Errorf("no file in %s has version %d; the last is %d", set.dir, target, set.latest())
	}
	s, err := m.open(ctx)
	if err != nil {
		return run, err
	}
	defer s.close()
	plan, err := s.plan(set, target, run)
	if err != nil || len(plan) == 0 {
		return run, err
	}
	if err := s.lock(ctx, m.cfg.LockTimeout); err != nil {
		return run, err
	}
	// Another run may have been at work until the lock was free.
	plan, err = s.plan(set, target, run)
	if err != nil {
		return run, err
	}
	for _, file := range plan {
		run.Warnings = append(run.Warnings, file.warnings(Up)...)
	}
	for _, file := range plan {
		if err := m.step(ctx, s, file, Up, run); err != nil {
			return run, err
		}
	}
	return run, nil
}

// load reads the files, and refuses them when a name is wrong.
func (m *Migrator) load() (*fileSet, error) {
	set, err := load(m.cfg.FS, m.cfg.Dir)
	if err != nil {
		return nil, err
	}
	return set, set.check()
}

// plan returns the pending files up to target, which have no error, and notes the
// present version.
func (s *session) plan(set *fileSet, target int64, run *Run) ([]*script, error) {
	applied, err := s.history()
	if err != nil {
		return nil, err
	}
	run.Version = applied.version()
	var plan []*script
	for _, file := range set.scripts {
		if file.version > target || applied.find(file.version) != nil {
			continue
		}
		if file.version < run.Version {
			return nil, &OutOfOrderError{File: file.path, Version: file.version, Applied: run.Version}
		}
		plan = append(plan, file)
	}
	return plan, checkPlan(Up, plan...)
}
