package txn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// markers is the table in which [Idempotent] transactions leave their keys.
type markers struct {
	table string // quoted
	keep  time.Duration
	done  atomic.Uint64 // transactions of this Runner that left one
}

// MarkerSchema returns the SQL that creates the table of [Config].Markers, for a
// migration. It does nothing where the table exists. The role of the service needs
// SELECT, INSERT and DELETE on it.
func MarkerSchema(table string) string {
	return "CREATE TABLE IF NOT EXISTS " + quoteName(table) + ` (
	key text PRIMARY KEY,
	token bigint NOT NULL,
	begun_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ` + quoteName(markerIndex(table)) + " ON " + quoteName(table) + " (begun_at);"
}

func markerIndex(table string) string {
	return table[strings.LastIndexByte(table, '.')+1:] + "_begun_at_idx"
}

func validateTable(field, name string) error {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" || len(parts) != 2 || len(part) > 40 {
			return &ConfigError{Package: "txn", Field: field, Problem: "is not a table's name with its schema, like public.sqlkeel_commits: " + strconv.Quote(name)}
		}
	}
	return invalidText(field, name)
}

// mark returns the statements that leave the key. The token is in the row, and in
// a shared lock that nothing waits for: until the session ends the lock shows which
// one the attempt is in, also behind a pooler.
func (m *markers) mark(key string, token int64) []string {
	text := strconv.FormatInt(token, 10)
	return []string{
		"select pg_advisory_xact_lock_shared(" + text + ")",
		"insert into " + m.table + " (key, token) values (" + quoteLiteral(key) + ", " + text + ")",
	}
}

// refused reports whether err says that the key is in the table already.
func (m *markers) refused(op *Op, err error) bool {
	if op.Commit != Idempotent || pgerr.Code(err) != "23505" {
		return false
	}
	c, ok := pgerr.ConstraintOf(err)
	return ok && m.table == quoteName(c.ID.Schema)+"."+quoteName(c.ID.Table)
}

// find returns the token that a committed transaction left with the key.
func (m *markers) find(ctx context.Context, tx pgx.Tx, key string) (token int64, found bool, err error) {
	err = tx.QueryRow(ctx, "select token from "+m.table+" where key = $1", key).Scan(&token)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return token, err == nil, err
}

// makeMarkers creates the table. Two may try at the same time: the loser's error says
// that it exists.
func (r *Runner) makeMarkers(ctx context.Context, target *unit.Target) error {
	err := r.inTx(ctx, target, pgx.TxOptions{AccessMode: pgx.ReadWrite}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, MarkerSchema(r.cfg.Markers))
		return err
	})
	if code := pgerr.Code(err); err == nil || code == "23505" || code == "42P07" || code == "42710" {
		return nil
	}
	return fmt.Errorf("the table %s for idempotent commits is missing and cannot be made, add txn.MarkerSchema to a migration: %w", r.markers.table, err)
}

const (
	pruneEvery = 512  // transactions of a Runner
	pruneMost  = 1024 // rows, more than may have come meanwhile
)

// prune deletes markers that are too old, each pruneEvery-th time it is called. A
// failure does not concern the transaction that called it.
func (r *Runner) prune(ctx context.Context, target *unit.Target) {
	m := &r.markers
	if m.done.Add(1)%pruneEvery != 1 {
		return
	}
	ctx, cancel := r.detached(ctx)
	defer cancel()
	options := pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite}
	err := r.inTx(ctx, target, options, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "delete from "+m.table+" where key in (select key from "+m.table+
			" where begun_at < now() - make_interval(secs => $1) order by begun_at limit $2 for update skip locked)", m.keep.Seconds(), pruneMost)
		return err
	})
	if err != nil {
		r.cfg.Logger.WarnContext(ctx, "old markers could not be deleted", "error", err)
	}
}
