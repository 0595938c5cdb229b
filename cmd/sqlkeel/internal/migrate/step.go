package migrate

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	goosedb "github.com/pressly/goose/v3/database"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// step runs one migration, again if need be, and adds it to the run.
func (m *Migrator) step(ctx context.Context, s *session, file *script, direction Direction, run *Run) error {
	store, err := goosedb.NewStore(goosedb.DialectPostgres, s.table)
	if err != nil {
		return err
	}
	provider, err := newProvider(s.db, &oneFile{name: file.name, data: file.data}, store)
	if err != nil {
		return err
	}
	if file.noTx {
		if err := s.checkIndexes(file, direction, run); err != nil {
			return err
		}
	}
	if direction == Up {
		if err := s.forget(file.version); err != nil {
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

// migrationError finds the place in the file that err speaks of.
func (s *session) migrationError(file *script, direction Direction, attempts int, err error) error {
	sql, turn, first := s.tracer.failure()
	if first != nil {
		err = first
	}
	statements, line := file.section(direction)
	e := &MigrationError{File: file.path, Line: line, Col: 1, Version: file.version, Direction: direction, Attempts: attempts, Err: err}
	if settles(sql, s.table) && file.noTx {
		e.Kept = len(statements)
	}
	for i := range statements {
		st := &statements[i]
		if st.text != sql {
			continue
		}
		if turn--; turn == 0 {
			e.Line, e.Col = st.place(position(sql, err))
			e.Kept, e.Unset = st.first, st.unset
		}
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
