package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// wholeSession is what a session may keep, as one text, by functions and tables that
// leave nothing.
const wholeSession = `SELECT concat_ws(',', current_setting('work_mem'), current_setting('search_path'), current_user, session_user,
	coalesce(current_setting('app.tenant', true), ''), current_setting('default_transaction_read_only'), current_setting('default_transaction_isolation'),
	(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
	(SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors),
	(SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
	(SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()))`

// leavers are statements that leave something which can be undone, and two that
// make use of functions.
var leavers = []string{
	"SET app.tenant = '42'", "SET ROLE pg_monitor", "SET SESSION AUTHORIZATION pg_monitor", "SET search_path = nowhere, public",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "set session work_mem = '7MB'", "CREATE TEMP TABLE scratch (n int)",
	"CREATE TEMP SEQUENCE scratch_seq", "CREATE TABLE pg_temp.scratch2 AS SELECT 1", "SELECT 1 AS n INTO TEMP scratch3",
	"SELECT pg_advisory_lock(99)", "SELECT pg_try_advisory_lock_shared(99, 1)", "LISTEN zz", "PREPARE p AS SELECT 1",
	"SELECT set_config('app.tenant', '43', false)", "WITH x AS (SELECT set_config('app.tenant', '44', false) AS s) SELECT s FROM x",
	"DO $$ BEGIN PERFORM pg_advisory_lock(5); SET app.tenant = '45'; END $$", "SELECT set_tenant('46')", "CALL work()",
	"SELECT pg_catalog.set_config('app.tenant', '47', false) FROM pg_class LIMIT 1",
}

// ways are how a statement may reach a connection of the DB. Those that are units
// run it in a transaction.
var ways = map[string]func(ctx context.Context, d *DB, sql string) error{
	"Exec": func(ctx context.Context, d *DB, sql string) error { _, err := d.Exec(ctx, sql); return err },
	"Query": func(ctx context.Context, d *DB, sql string) error {
		rows, err := d.Query(ctx, sql)
		if err != nil {
			return err
		}
		rows.Close()
		return rows.Err()
	},
	"batch": func(ctx context.Context, d *DB, sql string) error {
		batch := &pgx.Batch{}
		batch.Queue("SELECT 1")
		batch.Queue(sql)
		return d.SendBatch(ctx, batch).Close()
	},
	"tx.Exec":     inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error { _, err := tx.Exec(ctx, sql); return err }),
	"tx.QueryRow": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error { return noRow(tx.QueryRow(ctx, sql).Scan(nil)) }),
	"tx.Query": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error {
		rows, err := tx.Query(ctx, sql)
		if err == nil {
			rows.Close()
			err = rows.Err()
		}
		return err
	}),
	"tx.batch": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error {
		batch := &pgx.Batch{}
		batch.Queue(sql)
		return tx.SendBatch(ctx, batch).Close()
	}),
	"a part": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error {
		return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, sql); return err })
	}),
	"tx.Conn": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error { _, err := tx.Conn().Exec(ctx, sql); return err }),
	"tx.Prepare": inUnit(func(ctx context.Context, tx pgx.Tx, sql string) error {
		if _, err := tx.Prepare(ctx, "mine", sql); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "mine")
		return errors.Join(err, tx.Conn().Deallocate(ctx, "mine"))
	}),
	"rolled back": func(ctx context.Context, d *DB, sql string) error {
		tx, err := d.BeginTx(ctx, pgx.TxOptions{})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sql)
		return errors.Join(err, tx.Rollback(ctx))
	},
	"BeginQuery": func(ctx context.Context, d *DB, sql string) error {
		tx, err := d.BeginTx(ctx, pgx.TxOptions{BeginQuery: sql + "; begin"})
		if err != nil {
			return err
		}
		return tx.Commit(ctx)
	},
	"CommitQuery": func(ctx context.Context, d *DB, sql string) error {
		tx, err := d.BeginTx(ctx, pgx.TxOptions{CommitQuery: "commit; " + sql})
		if err != nil {
			return err
		}
		return tx.Commit(ctx)
	},
	"a batch's transaction": func(ctx context.Context, d *DB, sql string) error {
		batch := &pgx.Batch{}
		batch.BeginTx(pgx.TxOptions{})
		batch.Queue("SELECT 1")
		results := d.SendBatch(ctx, batch)
		if err := results.Close(); err != nil {
			return err
		}
		_, err := results.Tx().Exec(ctx, sql)
		return errors.Join(err, results.Tx().Commit(ctx))
	},
	"rewritten": func(ctx context.Context, d *DB, sql string) error {
		_, err := d.Exec(ctx, "SELECT 1", rewriter(sql))
		return err
	},
	"WithConn": func(ctx context.Context, d *DB, sql string) error {
		return d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error { _, err := conn.Exec(ctx, sql); return err })
	},
}

// rewriter puts itself in the place of a statement.
type rewriter string

// RewriteQuery returns the rewriter.
func (r rewriter) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	return string(r), nil, nil
}

func inUnit(use func(ctx context.Context, tx pgx.Tx, sql string) error) func(context.Context, *DB, string) error {
	return func(ctx context.Context, d *DB, sql string) error {
		return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{}, func(tx pgx.Tx) error { return use(ctx, tx, sql) })
	}
}

func noRow(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// functions that tell the session something.
var functions = []string{
	"CREATE FUNCTION set_tenant(text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT set_config('app.tenant', $1, false) $$",
	"CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(6); END $$",
}

func sessionOf(t *testing.T, d *DB) (text string) {
	t.Helper()
	if err := d.QueryRow(t.Context(), wholeSession).Scan(&text); err != nil {
		t.Error(err)
	}
	return text
}

func TestWhatAUseTellsItsSessionDoesNotReachTheNext(t *testing.T) {
	t.Parallel()
	for name, use := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg := pgtest.New(t)
			execute(t, pg.Conn(), functions...)
			d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
			before := sessionOf(t, d)
			for _, sql := range leavers {
				if name == "tx.Prepare" && !strings.HasPrefix(sql, "SELECT set") {
					continue // what cannot be prepared, or is not by its name
				}
				if err := use(t.Context(), d, sql); err != nil {
					t.Errorf("%s: %v", sql, err)
				}
				if after := sessionOf(t, d); after != before {
					t.Errorf("%s: the session was %q and is %q", sql, before, after)
				}
			}
			// PREPARE ends the connection, all else is undone.
			if n := d.stats().NewConns; n > 2 {
				t.Errorf("%d connections were opened", n)
			}
		})
	}
}

// Generated code knows what a trigger leaves, of which the text of an INSERT says nothing.
func TestWhatATriggerLeavesDoesNotReachTheNext(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE audited (id int)", "CREATE TABLE seeded (id int)",
		"CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.tenant', 'left', false), pg_advisory_lock(7); RETURN NEW; END $$",
		"CREATE FUNCTION seed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM setseed(0.5); RETURN NEW; END $$",
		"CREATE TRIGGER audit BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION audit()", "CREATE TRIGGER seed BEFORE INSERT ON seeded FOR EACH ROW EXECUTE FUNCTION seed()")
	known := stmt.NewRegistry(nil,
		stmt.Statement{SQL: "INSERT INTO audited VALUES (1)", Effects: stmt.Effects{Writes: []string{"audited"}, Session: "set_config in function audit()"}},
		stmt.Statement{SQL: "INSERT INTO seeded VALUES (1)", Effects: stmt.Effects{Writes: []string{"seeded"}, Session: "setseed in function seed()"}})
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: known})
	before := sessionOf(t, d)
	for range 2 {
		if _, err := d.Exec(t.Context(), "INSERT INTO audited VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if after := sessionOf(t, d); after != before {
			t.Errorf("the session was %q and is %q", before, after)
		}
	}
	opened := d.stats().NewConns
	if _, err := d.Exec(t.Context(), "INSERT INTO seeded VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if sessionOf(t, d); d.stats().NewConns != opened+1 {
		t.Error("a session with a seed was kept")
	}
}

func TestACursorOfOneUnitDoesNotReachTheNext(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	before := sessionOf(t, d)
	for _, way := range []string{"tx.Exec", "a part", "tx.Conn"} {
		if err := ways[way](t.Context(), d, "DECLARE hc CURSOR WITH HOLD FOR SELECT 1"); err != nil {
			t.Error(err)
		}
		if after := sessionOf(t, d); after != before {
			t.Errorf("%s: the session was %q and is %q", way, before, after)
		}
	}
}

func TestNotificationsOfOneUnitDoNotReachTheNext(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	other := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	err := pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "LISTEN mine")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, other, "NOTIFY mine, 'a'")
	err = d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		execute(t, conn, "SELECT 1") // with which it would come
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if n, err := conn.WaitForNotification(ctx); err == nil {
			t.Errorf("got %q", n.Payload)
		}
		return nil
	})
	if s := d.stats(); err != nil || s.NewConns != 1 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestWhatCannotBeUndoneEndsTheSession(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	for i, sql := range []string{"SELECT setseed(0.5)", "LOAD 'plpgsql'", "PREPARE p AS SELECT 1"} {
		if _, err := d.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		sessionOf(t, d)
		if s := d.stats(); s.NewConns != int64(i+2) || s.Closed[ClosedDirty] != int64(i+1) {
			t.Errorf("after %s: %+v", sql, s)
		}
	}
}

func TestAMarkedConnectionThatCannotBeCleanedIsClosed(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 1, PingTimeout: 50 * time.Millisecond})
	rows, err := d.Query(t.Context(), "SELECT set_config('app.tenant', 'x', false)")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		proxy.Hang() // the rows are there
	}
	proxy.Resume()
	eventually(t, "the close", func() bool { return d.stats().Closed[ClosedDead] == 1 })
	if got := sessionOf(t, d); strings.Contains(got, ",x,") {
		t.Errorf("the session is %q", got)
	}
}

// counted counts what is sent to the server. It is a socket that can be peeked at.
type counted struct {
	*net.TCPConn
	n *atomic.Int64
}

func (w counted) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.TCPConn.Write(p)
}

// startCountingWrites opens a DB without probes and counts what it writes to the
// network.
func startCountingWrites(t *testing.T, cfg Config) (*DB, *atomic.Int64) {
	t.Helper()
	sent := new(atomic.Int64)
	cfg.HealthInterval = time.Hour
	return startOn(t, cfg, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return counted{conn.(*net.TCPConn), sent}, nil
		},
	}), sent
}

func TestWhatIsNotMarkedCostsNoRoundTripMore(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE books (id int, title text)")
	execute(t, pg.Conn(), functions...)
	known := stmt.NewRegistry(nil, stmt.Statement{SQL: "SELECT set_tenant('x')", Effects: stmt.Effects{ReadOnly: true}})
	d, sent := startCountingWrites(t, Config{DSN: pg.DSN(), MaxConns: 1, Statements: known})
	ctx := t.Context()
	for name, c := range map[string]struct {
		use  func() error
		cost int64
	}{
		"Exec": {func() error {
			_, err := d.Exec(ctx, "INSERT INTO books (id, title) VALUES ($1, lower($2))", 1, "x")
			return err
		}, 1},
		"QueryRow": {func() error { return d.QueryRow(ctx, "SELECT count(*) FROM books WHERE id = $1", 1).Scan(nil) }, 1},
		"a read":   {func() error { return d.QueryRow(ctx, "SELECT max(id) FROM books WHERE id = $1", 1).Scan(nil) }, 1},
		"known":    {func() error { return d.QueryRow(ctx, "SELECT set_tenant('x')").Scan(nil) }, 1},
		"batch": {func() error {
			batch := &pgx.Batch{}
			batch.Queue("SELECT count(*) FROM books")
			batch.Queue("DELETE FROM books WHERE id = $1", 7)
			return d.SendBatch(ctx, batch).Close()
		}, 1},
		"unit": {func() error {
			tx, err := d.BeginTx(ctx, pgx.TxOptions{BeginQuery: `set transaction read write; set local lock_timeout = '1000'; ` +
				`insert into "books" ("id") values (3); set local "app.tenant" = '42'; begin`})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE books SET title = coalesce($1, title)", "y"); err != nil {
				return err
			}
			return tx.Commit(ctx)
		}, 3},
		"marked":    {func() error { return d.QueryRow(ctx, "SELECT set_config('app.tenant', $1, false)", "x").Scan(nil) }, 2},
		"two marks": {func() error { _, err := d.Exec(ctx, "SET app.tenant = 'x'; SELECT set_tenant('y')"); return err }, 2},
	} {
		for range 2 { // the first prepares
			sent.Store(0)
			if err := c.use(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := sent.Load(); n != c.cost {
			t.Errorf("%s: %d messages were sent, want %d", name, n, c.cost)
		}
	}
}

func TestBehindAPoolerWhatOutlivesATransactionIsRefused(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := disguised(t, Config{DSN: pg.DSN(), MaxConns: 1})
	before := sessionOf(t, d)
	for _, sql := range leavers {
		trace := d.traceOf(pg.Conn(), nil, sql)
		if trace.use == "" {
			continue
		}
		for name, use := range ways {
			if name == "rewritten" || name == "WithConn" || name == "tx.Conn" {
				continue
			}
			refusedFor(t, use(t.Context(), d, sql), trace.use)
		}
	}
	if after := sessionOf(t, d); before != after {
		t.Errorf("the session was %q and is %q", before, after)
	}
	for _, sql := range []string{"SET LOCAL app.tenant = 'x'", "SELECT set_config('app.tenant', 'x', true)", "SELECT pg_advisory_xact_lock(1)",
		"CREATE TEMP TABLE scratch (n int) ON COMMIT DROP", "SET TIME ZONE 'UTC'", "SET application_name = 'x'"} {
		for _, way := range []string{"tx.Exec", "a part", "batch"} {
			if err := ways[way](t.Context(), d, sql); err != nil {
				t.Errorf("%s: %s: %v", way, sql, err)
			}
		}
	}
	if s := d.stats(); s.NewConns != 1 {
		t.Errorf("%+v", s)
	}
}

func TestUsesThatTellTheirSessionsThingsDoNotMeet(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 2})
	errs := make(chan error, 8)
	for worker := range cap(errs) {
		go func() {
			var err error
			for n := 0; n < 20 && err == nil; n++ {
				err = pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
					var before, after string
					mine := fmt.Sprint(worker)
					if err := tx.QueryRow(t.Context(), "SELECT coalesce(current_setting('app.tenant', true), '')").Scan(&before); err != nil {
						return err
					}
					if err := tx.QueryRow(t.Context(), "SELECT set_config('app.tenant', $1, false)", mine).Scan(&after); err != nil {
						return err
					}
					if before != "" || after != mine {
						return fmt.Errorf("before it is %q, after %q", before, after)
					}
					return nil
				})
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
