package history_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/history"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// operation is how the transactions of a workload are run.
func operation(iso pgx.TxIsoLevel) txn.Op {
	return txn.Op{Name: "lists", Iso: iso, Commit: txn.Resolve, RetryLost: true}
}

// lab is a database with a table of lists, and a Runner that reaches it through a
// network that can be cut.
type lab struct {
	t      *testing.T
	ctx    context.Context
	proxy  *pgtest.Proxy
	admin  *pgx.Conn // not through the proxy
	runner *txn.Runner
	do     func(context.Context, *txn.Runner, txn.Op, work) (result, error)

	clock    atomic.Int64
	attempts atomic.Int64
}

// work is what a transaction does, result what the attempt that counts found.
type (
	work   = func(context.Context, *txn.Tx) (result, error)
	result struct {
		begin int64
		ops   []history.Op
	}
)

func newLab(t *testing.T, limit time.Duration) *lab {
	t.Helper()
	db := pgtest.New(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	l := &lab{t: t, ctx: ctx, admin: db.Conn(), do: txn.Do[result]}
	l.exec(`CREATE TABLE lists (k int PRIMARY KEY, vals int[] NOT NULL) WITH (fillfactor = 50)`)
	server, err := url.Parse(db.DSN())
	if err != nil {
		t.Fatal(err)
	}
	l.proxy = pgtest.NewProxy(t, server.Host)
	cfg, err := pgxpool.ParseConfig(l.proxy.DSN(db.DSN()))
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 2 * workers
	cfg.ConnConfig.RuntimeParams["enable_seqscan"] = "off" // it would read, and conflict with, all lists
	if l.number(`SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper`) == 1 {
		cfg.ConnConfig.RuntimeParams["deadlock_timeout"] = "20ms"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if l.runner, err = txn.New(pool, txn.Config{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) exec(sql string, args ...any) {
	l.t.Helper()
	if _, err := l.admin.Exec(l.ctx, sql, args...); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

func (l *lab) number(sql string, args ...any) (n int) {
	l.t.Helper()
	if err := l.admin.QueryRow(l.ctx, sql, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// run runs a plan as one transaction of a client and returns what the client
// knows of it then.
func (l *lab) run(process int, op txn.Op, p plan) history.Txn {
	t := history.Txn{Process: int32(process), Begin: l.clock.Add(1), Ops: p.ops}
	got, err := l.do(l.ctx, l.runner, op, func(ctx context.Context, tx *txn.Tx) (result, error) {
		l.attempts.Add(1)
		begin := l.clock.Add(1)
		ops, err := p.do(ctx, tx)
		return result{begin, ops}, err
	})
	t.End = l.clock.Add(1)
	var unknown *txn.CommitUnknownError
	switch {
	case err == nil:
		t.Outcome, t.Begin, t.Ops = history.OK, got.begin, got.ops
	case !errors.As(err, &unknown):
		t.Outcome = history.Failed
	}
	return t
}

// final is lists when no session is left but its own: what was under way is
// committed by then or never will be.
func (l *lab) final() map[int32][]int32 {
	l.t.Helper()
	for left := 1; left > 0; {
		left = l.number(`SELECT count(pg_terminate_backend(pid, 30000)) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	}
	return l.lists()
}

// lists returns all lists.
func (l *lab) lists() map[int32][]int32 {
	l.t.Helper()
	rows, err := l.admin.Query(l.ctx, `SELECT k, vals FROM lists`)
	if err != nil {
		l.t.Fatal(err)
	}
	lists := map[int32][]int32{}
	var key int32
	var list []int32
	if _, err := pgx.ForEachRow(rows, []any{&key, &list}, func() error {
		lists[key] = slices.Clone(list)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	return lists
}
