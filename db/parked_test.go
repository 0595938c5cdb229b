package db

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func useOnce(t *testing.T, d *DB) {
	t.Helper()
	if _, err := d.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
}

// park is n uses at a time, of connections which stay where they are then: the clock does
// not move them.
func park(t *testing.T, d *DB, n int) {
	t.Helper()
	d.parked.due.Store(true) // as if a sweep were to come, which does not
	held := lent(t, d, n)
	for _, l := range held {
		l.info.borrowed = time.Now().Add(time.Hour)
		l.done(nil)
	}
	for i := range d.parked.places {
		if conn := d.parked.places[i].Load(); conn != nil {
			infoOf(conn.Conn()).lastUsed = time.Now().Add(time.Hour)
		}
	}
}

// wantIdle checks where idle connections are.
func wantIdle(t *testing.T, d *DB, parked, pooled int) {
	t.Helper()
	if got, stat := d.parked.count(), d.pool.Stat(); got != parked || int(stat.IdleConns()) != pooled {
		t.Errorf("%d are parked and %d in the pool, want %d and %d", got, stat.IdleConns(), parked, pooled)
	}
	if n := d.stats().Idle; n != parked+pooled {
		t.Errorf("Idle is %d, want %d", n, parked+pooled)
	}
}

func TestUsesThatFollowPassAConnectionOn(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour})
	useOnce(t, d)
	begun, before := time.Now(), d.pool.Stat().AcquireCount()
	for range 100 {
		useOnce(t, d)
	}
	most := 2 * int64(1+time.Since(begun)/parkFor)
	if n := d.pool.Stat().AcquireCount() - before; n > most {
		t.Errorf("100 uses borrowed a connection %d times, want at most %d", n, most)
	}
}

func TestAConnectionThatIsNotUsedIsGivenBack(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour})
	for range 2 {
		useOnce(t, d)
		eventually(t, "the pool's connection", func() bool { return d.pool.Stat().IdleConns() == 1 })
		wantIdle(t, d, 0, 1)
	}
}

func TestABusyConnectionComesByThePool(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour})
	l := lent(t, d, 1)[0]
	l.info.borrowed = time.Now().Add(-2 * parkFor)
	l.done(nil)
	wantIdle(t, d, 0, 1)
}

func TestMoreThanThereAreParkedGoToThePool(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: places + 2})
	park(t, d, places+2)
	wantIdle(t, d, places, 2)
}

const places = len(parked{}.places)

// A caller that waits for the pool has said so, and looks at what is parked then.
func TestNoCallerWaitsForAParkedConnection(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 1})
	d.waiting.Add(1)
	park(t, d, 1)
	wantIdle(t, d, 0, 1)
	d.waiting.Add(-1)
	park(t, d, 1)
	wantIdle(t, d, 1, 0)
	ctx, cancel := context.WithTimeout(t.Context(), patience/3)
	defer cancel()
	conn, err := d.takeWithin(ctx, time.Now())
	if err != nil {
		t.Fatalf("nothing was found beside the one that is parked: %v", err)
	}
	if !infoOf(conn.Conn()).borrowed.After(time.Now()) {
		t.Error("to be taken from there counts as to be borrowed")
	}
	d.release(conn)
}

func TestAConnectionThatIsNotParkedLeavesTheOthersThere(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 3})
	park(t, d, 3)
	l := lent(t, d, 1)[0]
	d.waiting.Add(1)
	l.info.borrowed = time.Now().Add(time.Hour)
	l.done(nil)
	d.waiting.Add(-1)
	wantIdle(t, d, 2, 1)
}

// One caller parks the connection at the moment at which another begins to wait.
func TestAConnectionThatIsBeingParkedReachesTheCallerThatWaits(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 1, AcquireTimeout: patience / 3})
	park(t, d, 1)
	conn, err := d.takeWithin(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		next := make(chan *pgxpool.Conn, 1)
		begun := make(chan struct{})
		go func() {
			close(begun)
			conn, err := d.takeWithin(t.Context(), time.Now())
			if err != nil {
				t.Error(err)
			}
			next <- conn
		}()
		<-begun
		info := infoOf(conn.Conn())
		info.lastUsed, info.borrowed = time.Now(), time.Now()
		d.park(conn, info)
		if conn = receive(t, "the connection", next); conn == nil {
			return
		}
	}
	d.release(conn)
}

func TestNoConnectionIsParkedBeyondAReset(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 2})
	park(t, d, 2)
	l := lent(t, d, 1)[0]
	wantIdle(t, d, 1, 0)
	d.reset(l.info, "a test")
	wantIdle(t, d, 0, 0)
	l.done(nil)
	wantIdle(t, d, 0, 0)
}

func TestCloseWaitsForNoParkedConnection(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	park(t, d, 2)
	l := lent(t, d, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Close(ctx); err == nil { // begins, and leaves
		t.Error("Close did not wait for a connection in use")
	}
	eventually(t, "the parked one's return", func() bool { return d.parked.count() == 0 })
	l.done(nil)
	ctx, cancel = context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := d.Close(ctx); err != nil {
		t.Error(err)
	}
}

// lendings and returns count what pgxpool lends and gets back.
type (
	lendings struct {
		faultlessTracer
		n int
	}
	returns struct {
		faultlessTracer
		n int
	}
	faultlessTracer struct{}
)

func (faultlessTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (faultlessTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (*lendings) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return ctx
}
func (l *lendings) TraceAcquireEnd(context.Context, *pgxpool.Pool, pgxpool.TraceAcquireEndData) {
	l.n++
}
func (r *returns) TraceRelease(*pgxpool.Pool, pgxpool.TraceReleaseData) { r.n++ }

func TestTracersOfThePoolSeeEachUse(t *testing.T) {
	t.Parallel()
	var lent lendings
	var returned returns
	for tracer, n := range map[pgx.QueryTracer]*int{&lent: &lent.n, &returned: &returned.n} {
		d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, Tracer: tracer})
		for range 5 {
			useOnce(t, d)
		}
		if *n < 5 { // more where one has to be pinged
			t.Errorf("%T saw %d of 5 uses", tracer, *n)
		}
	}
}

// A connection is parked at the moment at which the others are given back.
func TestNoConnectionIsForgottenBesideASweep(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 1})
	for range 200 {
		l := lent(t, d, 1)[0]
		d.parked.due.Store(true)
		swept := make(chan struct{})
		go func() {
			defer close(swept)
			d.sweep()
		}()
		l.done(nil)
		<-swept
		if d.parked.count() > 0 && !d.parked.due.Load() {
			t.Fatal("what is parked stays there")
		}
	}
}

// pgxpool dials when it has fewer idle ones than it is to keep.
func TestNoneIsParkedWhereSomeAreKeptIdle(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), HealthInterval: time.Hour, MaxConns: 4, MinIdleConns: 1})
	useOnce(t, d)
	if n := d.parked.count(); n != 0 {
		t.Errorf("%d are parked", n)
	}
}
