package db

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// leftAfter counts the connections that are in use after fn had one in a
// goroutine of its own.
func leftAfter(t *testing.T, pg *pgtest.DB, fn func(context.Context, *pgx.Conn) error) int {
	t.Helper()
	d, err := open(t.Context(), Config{DSN: pg.DSN(), MaxConns: 1}, hooks{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		_ = d.WithConn(t.Context(), fn)
	}()
	receive(t, "the end of the goroutine", done)
	left := d.ledger.all()
	for _, l := range d.ledger.leases() { // so that Close ends
		l.done(nil)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return len(left)
}

func TestWithConnTakesTheConnectionBackWhateverHappens(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for name, fn := range map[string]func(context.Context, *pgx.Conn) error{
		"return": func(context.Context, *pgx.Conn) error { return nil },
		"error":  func(context.Context, *pgx.Conn) error { return errors.New("mine") },
		"panic":  func(context.Context, *pgx.Conn) error { panic("boom") },
		"Goexit": func(context.Context, *pgx.Conn) error { runtime.Goexit(); return nil },
		"close":  func(ctx context.Context, conn *pgx.Conn) error { return conn.Close(ctx) },
	} {
		if n := leftAfter(t, pg, fn); n != 0 {
			t.Errorf("after %s %d connections are in use", name, n)
		}
	}
}

func TestAPanicGoesOnWithItsValue(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN()})
	defer func() {
		if v := recover(); v != "boom" {
			t.Errorf("recovered %v", v)
		}
	}()
	_ = d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { panic("boom") })
}

// session is what a session may keep, as one text.
const session = `SELECT concat_ws(',', current_setting('work_mem'), current_setting('search_path'), current_user,
	(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
	(SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors), to_regclass('scratch'))`

// sessionAfterWithConn is the state in which the next user finds a connection.
func sessionAfterWithConn(t *testing.T) (before, after string) {
	t.Helper()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	if err := d.QueryRow(t.Context(), session).Scan(&before); err != nil {
		t.Fatal(err)
	}
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET work_mem = '7MB'; SET search_path = nowhere, public; SELECT pg_advisory_lock(4711);
			LISTEN news; CREATE TEMP TABLE scratch (n int); BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT; SET ROLE pg_monitor`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.QueryRow(t.Context(), session).Scan(&after); err != nil {
		t.Fatal(err)
	}
	if n := d.stats().NewConns; n != 1 {
		t.Errorf("%d connections were opened", n)
	}
	return before, after
}

func TestWithConnLeavesNothingInTheSession(t *testing.T) {
	t.Parallel()
	if before, after := sessionAfterWithConn(t); before != after {
		t.Errorf("the session was %q and is %q", before, after)
	}
}

func TestStatementsPreparedByTheDriverSurviveWithConn(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	for range 3 {
		err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, "SELECT $1::int", 1).Scan(new(int))
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestATransactionLeftOpenIsRolledBackAndReported(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	mine := errors.New("mine")
	for _, returned := range []error{nil, mine} {
		err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
			if _, err := conn.Exec(ctx, "BEGIN; INSERT INTO t VALUES (1)"); err != nil {
				return err
			}
			return returned
		})
		if want := map[error]error{nil: ErrTxLeftOpen, mine: mine}[returned]; !errors.Is(err, want) {
			t.Errorf("after %v: %v", returned, err)
		}
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows", n)
	}
	if s := d.stats(); s.NewConns != 1 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestATransactionLostWithItsConnectionIsReported(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	mine := errors.New("mine")
	for _, returned := range []error{nil, mine} {
		err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
			_, _ = conn.Exec(ctx, "BEGIN")
			_, _ = conn.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid(), 10000)")
			return returned
		})
		if want := map[error]error{nil: ErrTxLeftOpen, mine: mine}[returned]; !errors.Is(err, want) {
			t.Errorf("after %v: %v", returned, err)
		}
	}
}

func TestAConnectionThatDiedUnnoticedIsCountedAsDead(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, _ = conn.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid(), 10000)")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	eventually(t, "the close", func() bool { return d.stats().Total == 0 })
	if s := d.stats(); s.Closed[ClosedDead] != 1 || len(s.Closed) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestWithConnGivesUpASilentServer(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 1, PingTimeout: 50 * time.Millisecond})
	fill(t, d, 1)
	err := d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { proxy.Hang(); return nil })
	proxy.Resume()
	if err != nil {
		t.Error(err)
	}
	eventually(t, "the close", func() bool { return d.stats().Closed[ClosedDead] == 1 })
	if s := d.stats(); s.PingTimeouts != 1 || s.Resets != 1 {
		t.Errorf("%+v", s)
	}
}

func TestNotificationsOfOneUseDoNotReachTheNext(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	other := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		execute(t, conn, "LISTEN mine")
		execute(t, other, "NOTIFY mine, 'a'", "NOTIFY mine, 'b'")
		return nil // they come in with the answer to the cleaning, at the latest
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel() // what is there already is returned all the same
		if n, err := conn.WaitForNotification(ctx); err == nil {
			t.Errorf("got %q of %s", n.Payload, n.Channel)
		}
		return nil
	})
	if s := d.stats(); err != nil || s.NewConns != 1 || s.Idle != 1 {
		t.Errorf("%v, %+v", err, s)
	}
}

func TestAConnectionWithOpenRowsIsClosed(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Query(ctx, threeRows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.QueryRow(t.Context(), "SELECT 1").Scan(nil); err != nil {
		t.Error(err)
	}
	if s := d.stats(); s.Closed[ClosedDirty] != 1 || s.NewConns != 2 {
		t.Errorf("%+v", s)
	}
}

func TestWithConnCleansUpForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	ctx, cancel := context.WithCancel(t.Context())
	err := d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET work_mem = '7MB'")
		cancel()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var mem string
	if err := d.QueryRow(t.Context(), "SHOW work_mem").Scan(&mem); err != nil || mem == "7MB" {
		t.Errorf("%s, %v", mem, err)
	}
	if n := d.stats().NewConns; n != 1 {
		t.Errorf("%d connections were opened", n)
	}
}

func TestAnErrorOfTheFunctionSaysNothingOfTheConnection(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	_, elsewhere := (&refusing{}).dial(t.Context(), "", "")
	err := d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { return elsewhere })
	if !errors.Is(err, elsewhere) {
		t.Errorf("error %v", err)
	}
	if s := d.stats(); s.Resets != 0 || s.Idle != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAPanicWhileASessionIsCleanedTakesNoConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	log, message := &faultyLog{Handler: slog.NewTextHandler(io.Discard, nil)}, "reset"
	j := &journal{}
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 1, PingTimeout: 50 * time.Millisecond, Logger: slog.New(log), Invalidator: j, HealthInterval: time.Hour})
	log.at.Store(&message)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_ = d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { proxy.Hang(); return nil }, stmt.Effects{Writes: []string{"a"}})
	}()
	log.at.Store(nil)
	proxy.Resume()
	if got := j.readTo(t, "unknown"); got != "before a; after a unknown" {
		t.Error(got)
	}
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil || d.stats().InUse != 0 || len(d.slots) != 0 {
		t.Errorf("error %v, %d in use", err, d.stats().InUse)
	}
}
