package txn

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// An advisory lock that is taken inside of a transaction is waited for with the
// snapshot taken already, which is then older than what the lock's last holder
// did. So it is taken before BEGIN, by the session, and given back after.

// lender lends connections, as db.DB does.
type lender interface {
	WithConn(ctx context.Context, fn func(ctx context.Context, conn *pgx.Conn) error, does ...stmt.Effects) error
}

// locked makes an attempt, with the operation's locks if it has any.
func (u *work) locked(ctx context.Context) end {
	if len(u.op.Locks) == 0 {
		return u.once(ctx, u.runner.db)
	}
	var e end
	began := false
	err := u.lend(withName(ctx, u.runner.db, u.op), func(ctx context.Context, conn *pgx.Conn) error {
		var keys []int64
		defer func() { u.unlock(ctx, conn, keys) }()
		err := u.lock(ctx, conn, &keys)
		if err == nil {
			began = true
			e = u.once(ctx, conn)
		} else {
			e.idle = conn.IsClosed() && ctx.Err() == nil
		}
		return err
	})
	if !began {
		e.err, e.cause = &unit.BeginError{Op: u.op.Name, Err: pgerr.Typed(err)}, err
	}
	return e
}

// lend calls fn with a connection of the Runner's.
func (u *work) lend(ctx context.Context, fn func(context.Context, *pgx.Conn) error) error {
	switch b := u.runner.db.(type) {
	case lender:
		err := b.WithConn(ctx, fn)
		var pooler *PoolerError
		if errors.As(err, &pooler) && pooler.Use == "WithConn" {
			err = &PoolerError{Use: "Op.Locks", Target: u.op.Name, Remedy: pooler.Remedy + "; or lock rows"}
		}
		return err
	case *pgxpool.Pool:
		return b.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return fn(ctx, conn.Conn()) })
	case *pgx.Conn:
		return fn(ctx, b)
	}
	return &ConfigError{Field: "Op.Locks", Problem: "need a *pgxpool.Pool, a *pgx.Conn or a db.DB, which can lend a connection"}
}

// lock takes the locks, in order so that two operations do not wait for one
// another. keys are those to give back in any case: one that the server did not
// grant in time may have been granted in the same moment.
func (u *work) lock(ctx context.Context, conn *pgx.Conn, keys *[]int64) error {
	sorted := slices.Clone(u.op.Locks)
	slices.Sort(sorted)
	for _, key := range slices.Compact(sorted) {
		*keys = append(*keys, key)
		if err := u.lockOne(ctx, conn, key); err != nil {
			return err
		}
	}
	return nil
}

// lockOne takes a lock, unless the server's session is another than the
// connection's: behind a pooler it would be left to other clients.
func (u *work) lockOne(ctx context.Context, conn *pgx.Conn, key int64) error {
	sql := "select pg_advisory_lock(" + strconv.FormatInt(key, 10) + ")" +
		" where pg_backend_pid() = " + strconv.FormatUint(uint64(conn.PgConn().PID()), 10)
	if u.op.LockTimeout > 0 {
		sql = setLocal("lock_timeout", milliseconds(u.op.LockTimeout)) + "; " + sql
	}
	tag, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err == nil && tag.RowsAffected() != 1 {
		return &PoolerError{Use: "Op.Locks", Target: u.op.Name, Remedy: "connect to the server itself, or lock rows"}
	}
	return err
}

// unlock gives the locks back; where that fails the session ends, and they with it.
func (u *work) unlock(ctx context.Context, conn *pgx.Conn, keys []int64) {
	if len(keys) == 0 || conn.IsClosed() {
		return
	}
	ctx, cancel := u.runner.detached(ctx)
	defer cancel()
	calls := make([]string, len(keys))
	for i, key := range keys {
		calls[i] = "pg_advisory_unlock(" + strconv.FormatInt(key, 10) + ")"
	}
	if _, err := conn.Exec(ctx, "select "+strings.Join(calls, ", ")); err != nil {
		_ = conn.Close(ctx)
	}
}
