package db

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// otherSessions are those of the database besides the one that asks.
const otherSessions = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

// busy runs callers that use d without a pause until stop is called, which
// returns how many uses there were and the errors of those that failed.
func busy(t *testing.T, d *DB, callers int, sql string) (uses *atomic.Int64, stop func() []error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	uses = new(atomic.Int64)
	var mu sync.Mutex
	var failed []error
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := d.Exec(t.Context(), sql); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
				uses.Add(1)
			}
		})
	}
	return uses, func() []error { cancel(); wg.Wait(); return failed }
}

func TestASessionThatIsEndedCostsItsConnectionAlone(t *testing.T) {
	t.Parallel()
	const size, kills = 8, 20
	pg := pgtest.New(t)
	admin := pg.Conn()
	// A ping that is slow on a busy machine would count as silence of the server.
	d := start(t, Config{DSN: pg.DSN(), MaxConns: size, AcquireTimeout: patience, PingTimeout: patience, HealthInterval: time.Hour})
	fill(t, d, size)
	uses, stop := busy(t, d, size, "SELECT pg_sleep(0.002)")
	var victim int32
	var victims []int32 // of the ends so far
	for kill := range kills {
		// A session in the middle of a statement: an idle one is seen before it is
		// used. And one that lives: a server lists those that end for a moment more.
		eventually(t, "a session to end", func() bool {
			err := admin.QueryRow(t.Context(), `SELECT pid, pg_terminate_backend(pid) FROM (
				SELECT pid `+otherSessions+` AND state = 'active' AND query LIKE '%pg_sleep%' AND pid <> ALL ($1) LIMIT 1) one`,
				append(victims, 0)).Scan(&victim, nil)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				t.Fatal(err)
			}
			return err == nil
		})
		victims = append(victims, victim)
		eventually(t, "a death", func() bool { return d.stats().Closed[ClosedDead] > int64(kill) })
		before := uses.Load()
		eventually(t, "uses after it", func() bool { return uses.Load() > before+size })
	}
	failed := stop()
	s := d.stats()
	if s.NewConns > size+kills+2 || s.Resets != 0 || s.Closed[ClosedDead] != kills || s.Closed[ClosedReset] != 0 {
		t.Errorf("after the end of %d sessions: %+v", kills, s)
	}
	if len(failed) > kills {
		t.Errorf("%d of %d uses failed: %v", len(failed), uses.Load(), failed)
	}
	for _, err := range failed {
		if pgerr.KindOf(err) != pgerr.Disconnected {
			t.Errorf("error %v", err)
		}
	}
}

func TestIdleSessionsThatAreEndedTogetherFailNoRead(t *testing.T) {
	t.Parallel()
	const size, rounds = 8, 10
	pg := pgtest.New(t)
	admin := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), MaxConns: size, HealthInterval: time.Hour, Statements: readOnly("SELECT 1")})
	for range rounds {
		fill(t, d, size) // and idle for less than a second
		// Nothing waits for their end: some are in the middle of it.
		if n := number(t, admin, "SELECT count(pg_terminate_backend(pid)) "+otherSessions); n < size {
			t.Fatalf("%d sessions ended", n)
		}
		for range 3 * size {
			if err := d.QueryRow(t.Context(), "SELECT 1").Scan(nil); err != nil {
				t.Errorf("a read failed: %v", err)
			}
		}
	}
	if s := d.stats(); s.Resets != 0 || s.NewConns > (rounds+1)*size {
		t.Errorf("%+v", s)
	}
}

func TestAfterADeathTheIdleConnectionsAreAskedBeforeTheyAreLent(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 3, PingTimeout: 300 * time.Millisecond, HealthInterval: time.Hour})
	fill(t, d, 3)
	if _, err := d.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid(), 10000)"); pgerr.Code(err) != "57P01" {
		t.Fatalf("error %v", err)
	}
	proxy.HangExisting()
	// The others were idle for less than a second, and would be used unseen: the
	// statement would wait for an answer that does not come.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := d.Exec(ctx, "SELECT 1"); err != nil {
		t.Error(err)
	}
	if s := d.stats(); s.PingTimeouts != 1 || s.Resets != 1 {
		t.Errorf("%+v", s)
	}
	proxy.Resume()
}

func TestAnEndThatIsOneSessionsOwnLeavesThePoolAlone(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"EOF without a word": io.EOF,
		"reset":              &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET},
		"broken pipe":        &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s := endedBy(t, fault); s.Resets != 0 || s.Closed[ClosedDead] != 1 || s.NewConns > 4 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestSilenceAndAnUnreachableHostEmptyThePool(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"keepalive without an answer": &net.OpError{Op: "read", Net: "tcp", Err: syscall.ETIMEDOUT},
		"no route to the host":        &net.OpError{Op: "read", Net: "tcp", Err: syscall.EHOSTUNREACH},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s := endedBy(t, fault); s.Resets != 1 || s.Closed[ClosedDead] != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// breaking is a connection of which one breaks, the next that reads.
type breaking struct {
	net.Conn
	next   *atomic.Pointer[error]
	broken atomic.Pointer[error]
}

// NetConn is what lies below, as of TLS.
func (b *breaking) NetConn() net.Conn { return b.Conn }

func (b *breaking) Read(p []byte) (int, error) {
	if fault := b.next.Swap(nil); fault != nil {
		b.broken.Store(fault)
	}
	if fault := b.broken.Load(); fault != nil {
		return 0, *fault
	}
	return b.Conn.Read(p)
}

// endedBy lets one of three connections end in use by fault, and uses all three
// slots again.
func endedBy(t *testing.T, fault error) Stats {
	t.Helper()
	var next atomic.Pointer[error]
	d, err := open(t.Context(), Config{DSN: pgtest.New(t).DSN(), MaxConns: 3, HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return &breaking{Conn: conn, next: &next}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, d, 3)
	next.Store(&fault)
	if _, err := d.Exec(t.Context(), "SELECT $1::int", 1); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	fill(t, d, 3)
	s := d.stats()
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return s
}

func TestALoadBalancerThatResetsConnectionsFailsNoIdleOne(t *testing.T) {
	t.Parallel()
	const size = 8
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: size, AcquireTimeout: patience, HealthInterval: time.Hour})
	fill(t, d, size)
	before := proxy.Live()
	inUse := make(chan error, 1)
	go func() {
		_, err := d.Exec(t.Context(), "SELECT pg_sleep(60)")
		inUse <- err
	}()
	watcher := pg.Conn()
	eventually(t, "a statement under way", func() bool {
		return number(t, watcher, "SELECT count(*) "+otherSessions+" AND query LIKE '%pg_sleep(60)%' AND state = 'active'") == 1
	})
	proxy.Cut()
	if err := receive(t, "the statement's end", inUse); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	eventually(t, "the end of the links", func() bool { return proxy.Live() < before })
	for range 2 * size {
		if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("after the reset: %v", err)
		}
	}
	if s := d.stats(); s.Resets != 0 || s.NewConns > 2*size {
		t.Errorf("%+v", s)
	}
}

func TestACrashOfTheServerEmptiesThePool(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	d := start(t, Config{DSN: server.DSN(), MaxConns: 4, AcquireTimeout: patience, HealthInterval: time.Hour})
	held := lent(t, d, 4)
	var asleep sync.WaitGroup
	for _, l := range held[1:] {
		asleep.Go(func() {
			_, err := l.conn.Exec(t.Context(), "SELECT pg_sleep(60)")
			if l.info.end != "57P02" || pgerr.KindOf(err) != pgerr.Disconnected {
				t.Errorf("the server's last word was %q: %v", l.info.end, err)
			}
			l.done(err)
		})
	}
	eventually(t, "three statements under way", func() bool {
		n := 0
		err := held[0].conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'").Scan(&n)
		return err == nil && n == 3
	})
	// The server ends the others, by a notice.
	if err := syscall.Kill(int(held[0].conn.PgConn().PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	asleep.Wait()
	if s := d.stats(); s.Resets != 1 {
		t.Errorf("%+v", s)
	}
	held[0].done(nil)
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("after the crash: %v", err)
	}
}

func TestADialThatIsRefusedEmptiesThePoolOnce(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 4, AcquireTimeout: patience, HealthInterval: time.Hour})
	fill(t, d, 3)
	held := lent(t, d, 3)
	proxy.Refuse()
	done := make(chan error, 1)
	go func() {
		_, err := d.Exec(t.Context(), "SELECT 1")
		done <- err
	}()
	eventually(t, "the reset", func() bool { return d.stats().Resets == 1 })
	for _, l := range held {
		l.done(nil)
	}
	eventually(t, "more refusals", func() bool {
		d.dials.mu.Lock()
		defer d.dials.mu.Unlock()
		return d.dials.fails > 2
	})
	eventually(t, "the end of what was lent", func() bool { return d.stats().Closed[ClosedReset] == 3 })
	proxy.Resume()
	if err := receive(t, "the caller's success", done); err != nil {
		t.Error(err)
	}
	if s := d.stats(); s.Resets != 1 {
		t.Errorf("each refusal empties the pool: %+v", s)
	}
}

func TestWhatIsUnderWayWhenItsSessionEndsIsNotLostOnOthers(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	admin := pg.Conn()
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 3})
	first, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	number(t, admin, "SELECT count(*) FROM (SELECT pg_terminate_backend($1, 10000)) x", first.Conn().PgConn().PID())
	if _, err := first.Exec(t.Context(), "SELECT 1"); pgerr.KindOf(err) != pgerr.Disconnected {
		t.Errorf("error %v", err)
	}
	_ = first.Rollback(t.Context())
	if err := second.Commit(t.Context()); err != nil {
		t.Errorf("the other transaction: %v", err)
	}
	eventually(t, "the idle one", func() bool { return d.stats().Idle == 1 })
	if s := d.stats(); s.Resets != 0 || s.NewConns != 2 {
		t.Errorf("%+v", s)
	}
	// Its user keeps the error to himself.
	err = d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, _ = conn.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid(), 10000)")
		return nil
	})
	if err != nil && !errors.Is(err, ErrTxLeftOpen) {
		t.Errorf("error %v", err)
	}
	eventually(t, "two deaths", func() bool { return d.stats().Closed[ClosedDead] == 2 })
	if n := d.stats().Resets; n != 0 {
		t.Errorf("%d resets", n)
	}
}

func TestTheFirstSuccessAfterAnyStopComesSoon(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*pgtest.Server){
		"fast": (*pgtest.Server).Stop, "immediate": (*pgtest.Server).StopImmediate, "killed": (*pgtest.Server).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const size = 8
			server := pgtest.NewServer(t)
			proxy := pgtest.NewProxy(t, server.Addr()) // which counts the dials
			d := start(t, Config{DSN: proxy.DSN(server.DSN()), MaxConns: size, AcquireTimeout: patience, HealthInterval: time.Hour})
			fill(t, d, size)
			uses, end := busy(t, d, size, "SELECT pg_sleep(0.001)")
			eventually(t, "uses", func() bool { return uses.Load() > 100 })
			stop(server)
			server.Start()
			before := uses.Load()
			eventually(t, "uses after it", func() bool { return uses.Load() > before+100 })
			failed := end()
			// Each caller meets the end of the server once; by chance twice, for a
			// server that goes down may still answer what another connection asks.
			if len(failed) > 2*size {
				t.Errorf("%d failures: %v", len(failed), slices.Compact(failed))
			}
		})
	}
}
