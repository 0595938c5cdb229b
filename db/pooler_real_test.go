//go:build unix

package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/bouncer"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestBehindATransactionPoolerEverythingElseWorks(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE TABLE t (n int, doc jsonb, moods mood[])")
	d := start(t, Config{DSN: bouncer.Start(t, pg.DSN(), bouncer.Transaction, "default_pool_size = 2"), MaxConns: 8})
	if r := d.Health(); r.State != Up || r.Pooler != Transaction {
		t.Errorf("the report says %v", r)
	}
	if err := d.Verify(t.Context(), stmt.NewRegistry(nil, stmt.Statement{SQL: "SELECT $1::int"}, stmt.Statement{SQL: "SELECT n FROM t"})); err != nil {
		t.Error(err)
	}
	uses := []func(ctx context.Context, n int) error{
		func(ctx context.Context, n int) error {
			_, err := d.Exec(ctx, "INSERT INTO t VALUES ($1, $2, $3::text[]::mood[])", n, []byte(`{"a": 1}`), []string{"ok"})
			return err
		},
		func(ctx context.Context, n int) error {
			return d.QueryRow(ctx, "SELECT $1::int + 1", n).Scan(&n)
		},
		func(ctx context.Context, n int) error {
			var got []string
			return d.QueryRow(ctx, "SELECT moods::text[] FROM t WHERE n >= $1 UNION ALL SELECT '{}' LIMIT 1", n).Scan(&got)
		},
		func(ctx context.Context, n int) error {
			batch := &pgx.Batch{}
			batch.Queue("SELECT $1::text", strconv.Itoa(n))
			batch.Queue("INSERT INTO t VALUES ($1)", n)
			return d.SendBatch(ctx, batch).Close()
		},
		func(ctx context.Context, n int) error {
			_, err := d.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"n", "doc"}, pgx.CopyFromRows([][]any{{n, map[string]int{"n": n}}}))
			return err
		},
		func(ctx context.Context, n int) error {
			return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{}, func(tx pgx.Tx) error {
				for range 2 {
					if _, err := tx.Exec(ctx, "UPDATE t SET n = n WHERE n = $1", -n); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for n := range 10 {
				for i, use := range uses {
					if err := use(t.Context(), 100*worker+n); err != nil {
						t.Errorf("use %d: %v", i, err)
						return
					}
				}
			}
		})
	}
	all.Wait()
}

func TestBehindATransactionPoolerWithConnLeavesNothingToOthers(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: bouncer.Start(t, pg.DSN(), bouncer.Transaction, "default_pool_size = 1")})
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET app.tenant = 'secret'")
		return err
	})
	refusedFor(t, err, "WithConn")
	var tenant *string
	if err := d.QueryRow(t.Context(), "SELECT current_setting('app.tenant', true)").Scan(&tenant); err != nil || tenant != nil {
		t.Errorf("another use sees %v, %v", tenant, err)
	}
}

func TestBehindAPoolerInSessionModeWithConnHasItsSession(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Session)
	nothing := func(context.Context, *pgx.Conn) error { return nil }
	refusedFor(t, start(t, Config{DSN: dsn}).WithConn(t.Context(), nothing), "WithConn", "session mode", "db.Session")
	d := start(t, Config{DSN: dsn, Pooler: Session, MaxConns: 1})
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		execute(t, conn, "SET app.tenant = 'mine'", "SELECT pg_advisory_lock(7)", "LISTEN news")
		if n := number(t, conn, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
			AND current_setting('app.tenant') = 'mine'`); n != 1 {
			t.Errorf("%d locks", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	var left string
	if err := d.QueryRow(t.Context(), `SELECT current_setting('app.tenant', true) || (SELECT count(*) FROM pg_listening_channels())
		|| (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())`).Scan(&left); err != nil || left != "00" {
		t.Errorf("left %q, %v", left, err)
	}
	if r := d.Health(); r.State != Up || r.Pooler != Session {
		t.Errorf("the report says %v", r)
	}
}

func TestBehindAPoolerInStatementModeTransactionsAreRefused(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: bouncer.Start(t, pg.DSN(), bouncer.Statement), MaxConns: 2})
	for n := range 20 {
		if err := d.QueryRow(t.Context(), "SELECT $1::int", n).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if pgerr.KindOf(err) != pgerr.Refused || !strings.Contains(err.Error(), "pool_mode to transaction") {
		t.Errorf("error %v", err)
	}
	if s := d.stats(); s.Resets != 0 || s.Replays != 0 {
		t.Errorf("it was taken for a server that died: %+v", s)
	}
}

func TestARefusedStartupParameterFailsOpenAtOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Transaction)
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"Config.StatementTimeout": {Config{DSN: dsn, StatementTimeout: time.Second}, "statement_timeout"},
		"of the DSN":              {Config{DSN: dsn + "&lock_timeout=100"}, "lock_timeout"},
		"search_path":             {Config{DSN: dsn + "&search_path=nowhere"}, "search_path"},
		"options":                 {Config{DSN: dsn + "&options=-c%20work_mem%3D8MB"}, "options"},
	} {
		_, err := Open(t.Context(), c.cfg)
		var failed *openError
		if !errors.As(err, &failed) || failed.Attempts != 1 || !strings.Contains(failed.Remedy, "ignore_startup_parameters") ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatElseAPoolerRefusesFailsOpenAtOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Transaction)
	other := func(change func(*url.URL)) string {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	for name, c := range map[string]struct{ dsn, says string }{
		"no such database": {other(func(u *url.URL) { u.Path = "/nowhere" }), "[databases]"},
		"no such user":     {other(func(u *url.URL) { u.User = url.User("nobody_here") }), "auth_file"},
	} {
		_, err := Open(t.Context(), Config{DSN: c.dsn})
		var failed *openError
		if !errors.As(err, &failed) || failed.Attempts != 1 || !strings.Contains(failed.Remedy, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPoolerThatIsFullIsWaitedFor(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Transaction, "max_client_conn = 1")
	var holder *pgx.Conn
	eventually(t, "a connection", func() (ok bool) {
		conn, err := pgx.Connect(t.Context(), dsn)
		holder = conn
		return err == nil
	})
	var log lines
	done := make(chan error)
	go func() {
		d, err := Open(t.Context(), Config{DSN: dsn, Logger: logTo(&log, 0), ConnectBackoffMax: 10 * time.Millisecond, ConnectAttempts: 10_000})
		if err == nil {
			err = d.Close(context.Background())
		}
		done <- err
	}()
	eventually(t, "a failed attempt", func() bool { return strings.Contains(strings.Join(log.all(), ""), "no more connections allowed") })
	_ = holder.Close(t.Context())
	if err := receive(t, "the end of Open", done); err != nil {
		t.Error(err)
	}
}

func TestATableChangedBehindAPoolerIsNotNoticed(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	admin := pg.Conn()
	execute(t, admin, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)")
	const sql = "SELECT * FROM t WHERE 0 < $1"
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Transaction)
	d, known := start(t, Config{DSN: dsn, MaxConns: 1}), start(t, Config{DSN: dsn, MaxConns: 1, Statements: readOnly(sql)})
	for i, change := range []string{"SELECT 1", "ALTER TABLE t ADD c text DEFAULT 'x'", "ALTER TABLE t DROP n", "ALTER TABLE t ALTER c TYPE varchar"} {
		execute(t, admin, change)
		for range 2 {
			for name, e := range map[string]Executor{"unknown": d, "a read": known} {
				rows, err := e.Query(t.Context(), sql, i+1)
				if err == nil {
					_, err = pgx.CollectRows(rows, pgx.RowToMap)
				}
				if err != nil {
					t.Errorf("%s: %s: %v", change, name, err)
				}
			}
		}
	}
}

func TestAStatementThatIsPreparedTwiceNamesTheWayOut(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	dsn := bouncer.Start(t, pg.DSN(), bouncer.Transaction, "default_pool_size = 1")
	for name, use := range map[string]func(d *DB) error{
		"Exec":     func(d *DB) error { _, err := d.Exec(t.Context(), "SELECT $1::int", 1); return err },
		"QueryRow": func(d *DB) error { return d.QueryRow(t.Context(), "SELECT $1::int", 1).Scan(nil) },
		"tx": func(d *DB) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), "SELECT $1::int", 1); return err })
		},
	} {
		var err error
		for range 2 { // over two connections to the same session
			d := start(t, Config{DSN: dsn, Pooler: None, MaxConns: 1})
			err = use(d)
			if err != nil {
				break
			}
		}
		if pgerr.Code(err) != "42P05" || !strings.Contains(fmt.Sprint(err), "cache_describe") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
