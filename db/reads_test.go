package db

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// diesOnce ends its own session the first time that it is run in a database
// with the sequence s, and gives 1, 2, 3 the second time.
const diesOnce = `SELECT n FROM generate_series(1, 3) n
	WHERE (SELECT CASE WHEN nextval('s') = 1 THEN pg_terminate_backend(pg_backend_pid(), 10000) END) IS NULL`

func TestAReadOnADyingConnectionIsRunOnceMore(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(context.Context, Executor) (int, error){
		"Query": func(ctx context.Context, e Executor) (int, error) {
			rows, _ := e.Query(ctx, diesOnce)
			list, err := pgx.CollectRows(rows, pgx.RowTo[int])
			return len(list), err
		},
		"QueryRow": func(ctx context.Context, e Executor) (n int, err error) {
			err = e.QueryRow(ctx, "SELECT count(*) FROM ("+diesOnce+") q").Scan(&n)
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
			exec(t, conn, "CREATE SEQUENCE s")
			d := start(t, Config{DSN: pg.DSN()})
			fill(t, d, 3)
			if n, err := use(t.Context(), d.Reads()); n != 3 || err != nil {
				t.Errorf("%d rows, error %v", n, err)
			}
			if s := d.Stats(); s.Replays != 1 || s.Resets != 0 || s.InUse != 0 {
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
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	_, err := d.Reads().Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
	if pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	if s := d.Stats(); s.Replays != 1 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

// committedTwice runs a statement that inserts a row, commits, and loses its
// connection before the answer. It returns how many rows there are then.
func committedTwice(t *testing.T, of func(*DB) Executor) (rows int, err error) {
	t.Helper()
	pg := pgtest.New(t)
	conn := pg.Conn()
	exec(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN()})
	_, err = of(d).Exec(t.Context(), "INSERT INTO t VALUES (1); COMMIT; SELECT pg_terminate_backend(pg_backend_pid())", pgx.QueryExecModeSimpleProtocol)
	return number(t, conn, "SELECT count(*) FROM t"), err
}

func TestAWriteIsNeverRunTwice(t *testing.T) {
	t.Parallel()
	plain := func(d *DB) Executor { return d }
	if n, err := committedTwice(t, plain); n != 1 || pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("%d rows, error %v", n, err)
	}
}

func TestReadsRefusesWrites(t *testing.T) {
	t.Parallel()
	n, err := committedTwice(t, (*DB).Reads)
	var refused *NotReadError
	if n != 0 || !errors.As(err, &refused) {
		t.Errorf("%d rows, error %v", n, err)
	}
}

func TestEveryMethodOfReadsRefusesWrites(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	exec(t, conn, "CREATE TABLE t (n int)")
	r := start(t, Config{DSN: pg.DSN()}).Reads()
	const sql = "-- name: AddT :one\nINSERT INTO t VALUES (1) RETURNING n"
	refused := func(what string, err error) {
		t.Helper()
		var e *NotReadError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := r.Exec(t.Context(), sql)
	refused("Exec", err)
	if !strings.Contains(err.Error(), "AddT") || !strings.Contains(err.Error(), "INSERT") {
		t.Errorf("the error is %v", err)
	}
	rows, err := r.Query(t.Context(), sql)
	refused("Query", err)
	refused("its rows", rows.Err())
	refused("QueryRow", r.QueryRow(t.Context(), sql).Scan())
	_, err = r.CopyFrom(t.Context(), pgx.Identifier{"t"}, []string{"n"}, pgx.CopyFromRows([][]any{{1}}))
	refused("CopyFrom", err)
	batch := &pgx.Batch{}
	batch.Queue("SELECT 1")
	batch.Queue(sql)
	refused("SendBatch", r.SendBatch(t.Context(), batch).Close())
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func TestReadsIsTheSameExecutorEachTime(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	if d.Reads() != d.Reads() {
		t.Error("it is not")
	}
}

// smuggler makes a write of what was checked.
type smuggler struct{}

func (smuggler) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return "INSERT INTO t VALUES (1)", nil, nil
}

func TestReadsRefusesToHaveTheStatementRewritten(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	exec(t, conn, "CREATE TABLE t (n int)")
	r := start(t, Config{DSN: pg.DSN()}).Reads()
	_, execErr := r.Exec(t.Context(), "SELECT 1", smuggler{})
	_, queryErr := r.Query(t.Context(), "SELECT 1", pgx.QueryExecModeExec, smuggler{})
	batch := &pgx.Batch{}
	batch.Queue("SELECT 1", smuggler{})
	for _, err := range []error{execErr, queryErr, r.SendBatch(t.Context(), batch).Close()} {
		var refused *NotReadError
		if !errors.As(err, &refused) {
			t.Errorf("error %v", err)
		}
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
	var n int
	for _, named := range []any{pgx.NamedArgs{"n": 7}, pgx.StrictNamedArgs{"n": 7}} {
		if err := r.QueryRow(t.Context(), "SELECT @n::int", named).Scan(&n); err != nil || n != 7 {
			t.Errorf("%T: %d, %v", named, n, err)
		}
	}
}

func TestReadsTakesABatchOfReads(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	batch := &pgx.Batch{}
	n := 0
	batch.Queue("SELECT 1").QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	if err := d.Reads().SendBatch(t.Context(), batch).Close(); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAReadWithAnOutdatedPlanIsRunOnceMore(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	exec(t, conn, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 3})
	fill(t, d, 3)
	// A second time each: the plan is kept now, on every connection.
	for range 2 {
		var held []*lease
		for range 3 {
			l, err := d.acquire(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			rows, _ := l.conn.Query(t.Context(), "SELECT * FROM t")
			rows.Close()
			held = append(held, l)
		}
		for _, l := range held {
			l.done(nil)
		}
	}
	exec(t, conn, "ALTER TABLE t ADD COLUMN b int")
	for range 3 {
		rows, err := d.Reads().Query(t.Context(), "SELECT * FROM t")
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil || len(list) != 1 || len(list[0]) != 2 {
			t.Errorf("%v, %v", list, err)
		}
	}
	exec(t, conn, "ALTER TABLE t ADD COLUMN c int")
	rows, _ := d.Query(t.Context(), "SELECT * FROM t")
	if list, err := pgx.CollectRows(rows, pgx.RowToMap); err != nil || len(list) != 1 || len(list[0]) != 3 {
		t.Errorf("a plain method: %v, %v", list, err)
	}
	if s := d.Stats(); s.Replays == 0 || s.NewConns != 3 {
		t.Errorf("%+v", s)
	}
}

func TestAReadIsNotRunAgainForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	d := start(t, Config{DSN: pg.DSN()})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := d.Reads().Exec(ctx, "SELECT pg_sleep(60)")
		failed <- err
	}()
	eventually(t, "the statement", func() bool {
		return number(t, conn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1
	})
	cancel()
	if err := receive(t, "the caller's error", failed); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	eventually(t, "the connection's end", func() bool { return d.Stats().Closed[ClosedCanceled] == 1 })
	if s := d.Stats(); s.Replays != 0 || s.Resets != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAReadThatTheServerRefusesIsNotRunAgain(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	for _, sql := range []string{"SELECT 1/0", "SELECT * FROM missing", "SELECT"} {
		rows, err := d.Reads().Query(t.Context(), sql)
		if rows == nil {
			t.Fatal("no rows")
		}
		rows.Close()
		if sql != "SELECT" && (err == nil || rows.Err() == nil) {
			t.Errorf("%s: %v, %v", sql, err, rows.Err())
		}
	}
	if s := d.Stats(); s.Replays != 0 || s.InUse != 0 || s.NewConns != 1 {
		t.Errorf("%+v", s)
	}
}

func TestBeginIsSentOnceMoreOnADyingConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	network := &dying{}
	d := startOn(t, Config{DSN: pg.DSN(), MaxConns: 2, Health: HealthConfig{Interval: time.Hour}}, hooks{dial: network.dial})
	fill(t, d, 2)
	network.armed.Store(true)
	tx, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if s := d.Stats(); network.armed.Load() || s.NewConns != 2 {
		t.Errorf("no connection died at BEGIN: %+v", d.Stats())
	}
}
