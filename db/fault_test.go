package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestReadersSurviveARestart(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	d := start(t, Config{DSN: server.DSN(), MaxConns: 8, AcquireTimeout: patience, HealthInterval: 100 * time.Millisecond, Statements: readOnly("SELECT 1")})
	fill(t, d, 8)
	ctx, stop := context.WithCancel(t.Context())
	var reads, failed atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := d.QueryRow(t.Context(), "SELECT 1").Scan(nil); err != nil {
					failed.Add(1)
				}
				reads.Add(1)
			}
		})
	}
	more := func(what string) {
		before := reads.Load() - failed.Load()
		eventually(t, what, func() bool { return reads.Load()-failed.Load() > before+100 })
	}
	more("reads before")
	server.Stop()
	server.Start()
	more("reads after a stop")
	server.Kill()
	server.Start()
	more("reads after a kill")
	stop()
	wg.Wait()
	// Each reader's second run may meet the end of the server as its first did.
	if n := failed.Load(); n > 2*16 {
		t.Errorf("%d of %d reads failed over two restarts", n, reads.Load())
	}
	eventually(t, "every connection's return", func() bool { return d.pool.Stat().AcquiredConns() == 0 })
	// Whether a death is met in use, which empties the pool, or seen before, is chance.
	if s := d.stats(); s.InUse != 0 || s.Closed[ClosedDead] == 0 {
		t.Errorf("%+v", s)
	}
}

func TestABlackHoleInFlightFreesItsSlotSoon(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{
		DSN: proxy.DSN(pg.DSN()), MaxConns: 1, AcquireTimeout: patience, PingTimeout: 100 * time.Millisecond, HealthInterval: time.Hour,
	})
	fill(t, d, 1)
	lastUsed(t, d, time.Now().Add(time.Hour)) // a ping would meet the black hole first
	proxy.Hang()                              // also what pgx would send to cancel the statement
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := d.Exec(ctx, "SELECT 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	// pgx itself holds the slot for up to 15 s.
	eventually(t, "the slot", func() bool { return d.stats().Closed[ClosedCanceled] == 1 })
	if s := d.stats(); s.Total != 0 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
	proxy.Resume()
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestATransactionThatLosesItsConnectionIsNotRunAgain(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	tx, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid(), 10000)"); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	if err := tx.Commit(t.Context()); err == nil {
		t.Error("the commit of a lost transaction succeeded")
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 0 {
		t.Errorf("%d rows", n)
	}
	if s := d.stats(); s.Replays != 0 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestADeathAfterTheFirstRowIsTheCallersToSee(t *testing.T) {
	t.Parallel()
	const last = 100_000
	sql := fmt.Sprintf(`SELECT n, CASE WHEN n = %d THEN pg_terminate_backend(pg_backend_pid(), 10000) END FROM generate_series(1, %[1]d) n`, last)
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, Statements: readOnly(sql)})
	rows, err := d.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for rows.Next() {
		seen++
	}
	if pgerr.KindOf(rows.Err()) != pgerr.Disconnected || seen == 0 || seen >= last {
		t.Errorf("%d rows, error %v", seen, rows.Err())
	}
	if s := d.stats(); s.Replays != 0 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTheStatementTimeoutIsTheSessions(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, StatementTimeout: 50 * time.Millisecond})
	_, err := d.Exec(t.Context(), "SELECT pg_sleep(60)")
	if pgerr.Code(err) != "57014" {
		t.Errorf("error %v", err)
	}
	if s := d.stats(); s.Idle != 1 || s.NewConns != 1 {
		t.Errorf("the connection did not survive: %+v", s)
	}
}

func TestATracerHearsOfStatementsAndNotOfTheHousekeeping(t *testing.T) {
	t.Parallel()
	counter := pgtest.NewCounter()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, Tracer: counter.Tracer()})
	fill(t, d, 1)
	age(t, d)
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SELECT 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.monitor.mu.Lock()
	probed := len(d.monitor.probes.list)
	d.monitor.mu.Unlock()
	if got := counter.Statements(); len(got) != 1 || got[0] != "SELECT 1" || probed == 0 {
		t.Errorf("after %d probes: %q", probed, got)
	}
}

func TestAResetIsDoneOnceForConnectionsThatDieTogether(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 4})
	held := lent(t, d, 4)
	for _, l := range held {
		d.reset(l.info, "a test")
	}
	for _, l := range held {
		l.done(nil)
	}
	eventually(t, "the end of the four", func() bool { return d.stats().Closed[ClosedReset] == 4 })
	if s := d.stats(); s.Resets != 1 || s.Total != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAConnectionDialledBeforeAResetIsNotFresh(t *testing.T) {
	t.Parallel()
	var slow atomic.Bool
	dialling, proceed := make(chan struct{}), make(chan struct{})
	d, err := open(t.Context(), Config{DSN: pgtest.New(t).DSN(), MaxConns: 1, HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if slow.CompareAndSwap(true, false) {
				close(dialling)
				select {
				case <-proceed:
				case <-ctx.Done():
				}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	slow.Store(true)
	lent := make(chan *lease, 1)
	go func() {
		l, _ := d.acquire(t.Context(), use{})
		lent <- l
	}()
	receive(t, "the dial", dialling)
	d.reset(&connInfo{}, "a test")
	close(proceed)
	l := receive(t, "the connection", lent)
	if l == nil {
		t.Fatal("no connection")
	}
	d.reset(l.info, "the same trouble") // which this connection has met too
	l.done(nil)
	eventually(t, "the connection's end", func() bool { return d.stats().Closed[ClosedReset] == 1 })
	if n := d.stats().Resets; n != 1 {
		t.Errorf("%d resets", n)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASessionThatEndedAloneDoesNotEmptyThePool(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	admin := pg.Conn()
	gone := func(pid uint32) {
		t.Helper()
		eventually(t, "the session's end", func() bool { return number(t, admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid) == 0 })
	}
	for code, use := range map[string]func(d *DB) error{
		"25P03": func(d *DB) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "SET idle_in_transaction_session_timeout = 1"); err != nil {
					return err
				}
				gone(tx.Conn().PgConn().PID())
				_, err := tx.Exec(t.Context(), "SELECT 1")
				return err
			})
		},
		"57P05": func(d *DB) error {
			return d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
				if _, err := conn.Exec(ctx, "SET idle_session_timeout = 1"); err != nil {
					return err
				}
				gone(conn.PgConn().PID())
				_, err := conn.Exec(ctx, "SELECT 1")
				return err
			})
		},
	} {
		d := start(t, Config{DSN: pg.DSN(), MaxConns: 2})
		fill(t, d, 2)
		if err := use(d); pgerr.Code(err) != code {
			t.Errorf("%s: error %v", code, err)
		}
		eventually(t, "the dead connection's end", func() bool { return d.stats().Total == 1 })
		if s := d.stats(); s.Resets != 0 || s.Closed[ClosedDead] != 1 || len(d.Health().Errors) != 1 {
			t.Errorf("%s: %+v", code, s)
		}
	}
}
