package db

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// diesOnce ends its own session the first time that it is run in a database
// with the sequence s, and gives 1, 2, 3 the second time.
const diesOnce = `SELECT n FROM generate_series(1, 3) n
	WHERE (SELECT CASE WHEN nextval('s') = 1 THEN pg_terminate_backend(pg_backend_pid(), 10000) END) IS NULL`

func TestAReadOnADyingConnectionIsRunOnceMore(t *testing.T) {
	t.Parallel()
	const count = "SELECT count(*) FROM (" + diesOnce + ") q"
	for name, use := range map[string]func(context.Context, Executor) (int, error){
		"Query": func(ctx context.Context, e Executor) (int, error) {
			rows, _ := e.Query(ctx, diesOnce)
			list, err := pgx.CollectRows(rows, pgx.RowTo[int])
			return len(list), err
		},
		"QueryRow": func(ctx context.Context, e Executor) (n int, err error) {
			err = e.QueryRow(ctx, count).Scan(&n)
			return n, err
		},
		"Exec": func(ctx context.Context, e Executor) (int, error) {
			tag, err := e.Exec(ctx, diesOnce)
			return int(tag.RowsAffected()), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := pgtest.New(t)
			conn := pg.Conn()
			execute(t, conn, "CREATE SEQUENCE s")
			d := start(t, Config{DSN: pg.DSN(), Statements: readOnly(diesOnce, count)})
			fill(t, d, 3)
			if n, err := use(t.Context(), d); n != 3 || err != nil {
				t.Errorf("%d rows, error %v", n, err)
			}
			if s := d.stats(); s.Replays != 1 || s.Resets != 0 || s.InUse != 0 {
				t.Errorf("%+v", s)
			}
			if n := number(t, conn, "SELECT last_value FROM s"); n != 2 {
				t.Errorf("the read was run %d times", n)
			}
		})
	}
}

func TestAReadIsRunOnceMoreAndNoMore(t *testing.T) {
	t.Parallel()
	const sql = "SELECT pg_terminate_backend(pg_backend_pid())"
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Statements: readOnly(sql)})
	_, err := d.Exec(t.Context(), sql)
	if pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	if s := d.stats(); s.Replays != 1 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAWriteIsNeverRunTwice(t *testing.T) {
	t.Parallel()
	const sql = "INSERT INTO t VALUES (1); COMMIT; SELECT pg_terminate_backend(pg_backend_pid())"
	for name, known := range map[string]*stmt.Registry{"unknown": nil, "known": stmt.Declare(sql, stmt.Effects{Writes: []string{"t"}})} {
		pg := pgtest.New(t)
		conn := pg.Conn()
		execute(t, conn, "CREATE TABLE t (n int)")
		d := start(t, Config{DSN: pg.DSN(), Statements: known})
		_, err := d.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		if n := number(t, conn, "SELECT count(*) FROM t"); n != 1 || pgerr.KindOf(err) != pgerr.Disconnected {
			t.Errorf("%s: %d rows, error %v", name, n, err)
		}
	}
}

// smuggler makes a write of a text that is known to be a read.
type smuggler struct{}

func (smuggler) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return "INSERT INTO t VALUES (1); COMMIT; SELECT pg_terminate_backend(pg_backend_pid())", nil, nil
}

func TestAReadThatAnArgumentRewritesIsNotRunTwice(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN(), Statements: readOnly("SELECT 1")})
	_, execErr := d.Exec(t.Context(), "SELECT 1", pgx.QueryExecModeSimpleProtocol, smuggler{})
	rows, _ := d.Query(t.Context(), "SELECT 1", pgx.QueryExecModeSimpleProtocol, smuggler{})
	rows.Close()
	for _, err := range []error{execErr, rows.Err()} {
		if pgerr.KindOf(err) != pgerr.Disconnected {
			t.Errorf("error %v", err)
		}
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 2 {
		t.Errorf("%d rows were written", n)
	}
}

func TestAStatementOfWhichNothingIsKnownIsRunOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE SEQUENCE s")
	d := start(t, Config{DSN: pg.DSN(), Statements: readOnly("SELECT 1")})
	if _, err := d.Exec(t.Context(), diesOnce); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	if err := d.QueryRow(t.Context(), diesOnce+" -- other").Scan(nil); err != nil {
		t.Errorf("on the next connection: %v", err)
	}
	if n := number(t, conn, "SELECT last_value FROM s"); n != 2 {
		t.Errorf("two calls ran %d times", n)
	}
}

func TestAReadWithAnOutdatedPlanIsRunOnceMore(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 3, Statements: readOnly("SELECT * FROM t")})
	fill(t, d, 3)
	// A second time each: the plan is kept now, on every connection.
	for range 2 {
		held := lent(t, d, 3)
		for _, l := range held {
			rows, _ := l.conn.Query(t.Context(), "SELECT * FROM t")
			rows.Close()
		}
		for _, l := range held {
			l.done(nil)
		}
	}
	execute(t, conn, "ALTER TABLE t ADD COLUMN b int")
	for range 3 {
		rows, err := d.Query(t.Context(), "SELECT * FROM t")
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil || len(list) != 1 || len(list[0]) != 2 {
			t.Errorf("%v, %v", list, err)
		}
	}
	execute(t, conn, "ALTER TABLE t ADD COLUMN c int")
	rows, _ := d.Query(t.Context(), "SELECT * FROM t")
	if list, err := pgx.CollectRows(rows, pgx.RowToMap); err != nil || len(list) != 1 || len(list[0]) != 3 {
		t.Errorf("once more: %v, %v", list, err)
	}
	if s := d.stats(); s.Replays == 0 || s.NewConns != 3 {
		t.Errorf("%+v", s)
	}
}

func TestAReadIsNotRunAgainForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), Statements: readOnly("SELECT pg_sleep(60)")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := d.Exec(ctx, "SELECT pg_sleep(60)")
		failed <- err
	}()
	eventually(t, "the statement", func() bool {
		return number(t, conn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1
	})
	cancel()
	if err := receive(t, "the caller's error", failed); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	eventually(t, "the connection's end", func() bool { return d.stats().Closed[ClosedCanceled] == 1 })
	if s := d.stats(); s.Replays != 0 || s.Resets != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAReadThatTheServerRefusesIsNotRunAgain(t *testing.T) {
	t.Parallel()
	list := []string{"SELECT 1/0", "SELECT * FROM missing", "SELECT"}
	d := start(t, Config{DSN: pgtest.New(t).DSN(), Statements: readOnly(list...)})
	for _, sql := range list {
		rows, err := d.Query(t.Context(), sql)
		if rows == nil {
			t.Fatal("no rows")
		}
		rows.Close()
		if sql != "SELECT" && (err == nil || rows.Err() == nil) {
			t.Errorf("%s: %v, %v", sql, err, rows.Err())
		}
	}
	if s := d.stats(); s.Replays != 0 || s.InUse != 0 || s.NewConns != 1 {
		t.Errorf("%+v", s)
	}
}

func TestBeginIsSentOnceMoreOnADyingConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	network := &dying{}
	d := startOn(t, Config{DSN: pg.DSN(), MaxConns: 2, HealthInterval: time.Hour}, hooks{dial: network.dial})
	fill(t, d, 2)
	network.armed.Store(true)
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if s := d.stats(); network.armed.Load() || s.NewConns != 2 {
		t.Errorf("no connection died at BEGIN: %+v", d.stats())
	}
}
