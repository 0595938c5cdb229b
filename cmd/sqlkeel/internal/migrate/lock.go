package migrate

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/pressly/goose/v3/lock"

	"github.com/sqlkeel/sqlkeel/internal/backoff"
)

const unlockSQL = "SELECT pg_advisory_unlock_all()"

// lock takes the session's advisory lock, the same that goose's own session
// locker takes, so that the two exclude each other. It is tried every poll
// until timeout and given back by close.
func (s *session) lock(ctx context.Context, timeout time.Duration) error {
	start := time.Now()
	for {
		var held bool
		err := s.db.QueryRowContext(s.ctx, "SELECT pg_try_advisory_lock($1)", lock.DefaultLockID).Scan(&held)
		if err != nil {
			return s.failed("take the migration lock", err)
		}
		if held {
			return nil
		}
		left := timeout - time.Since(start)
		if left <= 0 {
			return s.locked(time.Since(start))
		}
		if err := backoff.Wait(ctx, min(s.tune.poll, left)); err != nil {
			return s.failed("wait for the migration lock", err)
		}
	}
}

// locked finds out who holds the lock.
func (s *session) locked(waited time.Duration) error {
	e := &LockedError{Waited: waited}
	err := s.db.QueryRowContext(s.ctx, `
		SELECT l.pid, coalesce(a.application_name, '')
		FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
		  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND (l.classid::bigint << 32 | l.objid::bigint) = $1`, lock.DefaultLockID).Scan(&e.PID, &e.Application)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s.failed("look for the holder of the migration lock", err)
	}
	return e
}
