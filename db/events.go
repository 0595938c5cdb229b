package db

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// events writes what happens in the pool to the log. The attributes are db (the
// DB's name), pid (the server's process), age, held, reason.
type events struct{ log *slog.Logger }

func newEvents(cfg *Config) events { return events{log: cfg.Logger.With("db", cfg.Name)} }

func (e events) connect(conn *pgx.Conn) {
	e.log.Info("connect", "pid", conn.PgConn().PID())
}

func (e events) close(conn *pgx.Conn, info *connInfo) {
	level := slog.LevelInfo
	if info.reason == ClosedDead || info.reason == ClosedDirty {
		level = slog.LevelWarn
	}
	e.log.Log(context.Background(), level, "close",
		"pid", conn.PgConn().PID(), "age", time.Since(info.opened), "reason", string(info.reason))
}

func (e events) checkOut(l *lease) {
	if e.log.Enabled(context.Background(), slog.LevelDebug) {
		e.log.Debug("check-out", "pid", l.conn.PgConn().PID(), "age", l.since.Sub(l.info.opened), "statement", sqltext.Name(l.sql))
	}
}

func (e events) checkIn(l *lease) {
	if e.log.Enabled(context.Background(), slog.LevelDebug) {
		e.log.Debug("check-in", "pid", l.conn.PgConn().PID(), "held", time.Since(l.since), "statement", sqltext.Name(l.sql))
	}
}

func (e events) reset(why string) { e.log.Warn("reset", "reason", why) }

func (e events) replay(sql string, err error) {
	e.log.Warn("statement is run again", "statement", sqltext.Name(sql), "error", err)
}

// panicked is called where no caller could recover from a panic of the log's own.
func (e events) panicked(with any) {
	defer func() { _ = recover() }()
	e.log.Error("panic beside reads that share", "with", with)
}

func (e events) retry(attempt int, wait time.Duration, err error) {
	e.log.Warn("connect failed", "attempt", attempt, "wait", wait, "error", err)
}

func (e events) overdue(b Lease) {
	e.log.Warn("connection held for long", "pid", b.PID, "held", b.Held, "op", b.Op, "statement", b.Statement, "stack", b.Stack)
}

func (e events) pooler(now Pooler) { e.log.Warn("pooler", "sessions are shared", now == Transaction) }

func (e events) schema(now string) {
	level := slog.LevelInfo
	if now != schemaMatches {
		level = slog.LevelWarn
	}
	e.log.Log(context.Background(), level, "schema", "generated code", now)
}

func (e events) uncached(relations string) {
	e.log.Warn("results are not cached", "changed since code was generated", relations)
}

func (e events) unclaimed(err error) {
	e.log.Error("results are not cached", "error", err)
}

func (e events) cachedAgain() { e.log.Info("results are cached again") }

func (e events) state(from State, c stateChange) {
	level := slog.LevelInfo
	if c.State == Down || c.State == Degraded {
		level = slog.LevelWarn
	}
	e.log.Log(context.Background(), level, "health", "from", string(from), "to", string(c.State), "reason", c.Why)
}
