package migrate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// step runs one migration, again if need be, and adds it to the run.
func (m *Migrator) step(ctx context.Context, s *session, file *script, direction Direction, run *Run) error {
	provider, err := m.provider(s)
	if err != nil {
		return err
	}
	if file.noTx {
		if err := s.checkIndexes(file, direction, run); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		if err := s.configure(); err != nil {
			return err
		}
		s.tracer.begin()
		start := time.Now()
		_, err := provider.ApplyVersion(s.ctx, file.version, direction == Up)
		if err == nil {
			run.Steps = append(run.Steps, Step{
				Version: file.version, File: file.path, Direction: direction,
				DurationMS: float64(time.Since(start).Microseconds()) / 1000, Attempts: attempt,
			})
			if direction == Up {
				run.Version = max(run.Version, file.version)
			}
			return nil
		}
		if !m.again(file, attempt, err) || backoff.Wait(ctx, m.tune.retry.Delay(attempt-1)) != nil {
			return s.migrationError(file, direction, attempt, err)
		}
	}
}

// again tells whether the migration may be run once more: all of it was rolled
// back, for a reason that passes.
func (m *Migrator) again(file *script, attempt int, err error) bool {
	kind := pgerr.KindOf(err)
	return !file.noTx && attempt < m.tune.attempts && (kind == pgerr.LockTimeout || kind == pgerr.Conflict)
}

// provider returns goose's view of the files in this session. It is given no
// lock: the session holds it.
func (m *Migrator) provider(s *session) (*goose.Provider, error) {
	files := m.cfg.FS
	if m.tune.mutantFS != nil {
		files = m.tune.mutantFS
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, s.db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// migrationError finds the place in the file that err speaks of.
func (s *session) migrationError(file *script, direction Direction, attempts int, err error) error {
	sql, turn, first := s.tracer.failure()
	if first != nil {
		err = first
	}
	statements, line := file.section(direction)
	e := &MigrationError{File: file.path, Line: line, Col: 1, Version: file.version, Direction: direction, Attempts: attempts, Err: err}
	done := 0
	if settles(sql) {
		done = len(statements)
	}
	for i := range statements {
		if statements[i].text != sql {
			continue
		}
		if turn--; turn == 0 {
			done = i
			e.Line, e.Col = statements[i].place(position(sql, err))
		}
	}
	if file.noTx {
		e.Kept = done
	}
	// Any answer but that the session is ending means that nothing was committed.
	e.Unknown = sql == "commit" && (pgerr.Code(err) == "" || pgerr.KindOf(err) == pgerr.Disconnected)
	if ended := s.tracer.caller.Err(); ended != nil {
		e.Err = ended
	}
	return e
}

// position returns the character of sql, from 1, that the server's error speaks
// of: as it says, or, for an error inside a DO block, found from its context.
// It is 1, the statement as a whole, when the server does not tell.
func position(sql string, err error) int {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return 1
	}
	if pg.Position > 0 {
		return int(pg.Position)
	}
	if pos := innerPosition(sql, pg); pos > 0 {
		return pos
	}
	return max(blockPosition(sql, pg), 1)
}
