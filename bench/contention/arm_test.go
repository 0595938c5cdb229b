package contention

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestAllArmsSendTheSameStatements(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := l.workload(t, "hot rows")
	for _, a := range arms() {
		counter := pgtest.NewCounter()
		pool, err := openPool(t.Context(), l.cfg.DSN, 1, w.texts(a.lock), counter.Attach)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		do, err := a.prepare(pool, a.lock)
		if err != nil {
			t.Fatal(err)
		}
		level := "serializable"
		if a.lock != "" {
			level = "read committed"
		}
		read, write := selectBalance("accounts", a.lock), updateBalance("accounts")
		want := []string{"begin isolation level " + level, read, read, write, write, "commit"}
		for range 2 {
			counter.Reset()
			attempts, err := do(t.Context(), first(w, l.cfg)["transfer"])
			if err != nil || attempts != 1 {
				t.Errorf("%s: %d attempts, %v", a.name, attempts, err)
			}
			if got := counter.Statements(); !slices.Equal(got, want) || counter.RoundTrips() != len(want) {
				t.Errorf("%s sent %q in %d round trips, want %q", a.name, got, counter.RoundTrips(), want)
			}
		}
	}
}

// beaten makes do lose its first attempt, unless it locks: another transaction holds
// one of its rows, and changes it.
func beaten(t *testing.T, l *lab, do doer, j job) (attempts int, err error) {
	t.Helper()
	other, err := l.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), `UPDATE accounts SET version = version`); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		attempts, err = do(t.Context(), j)
	}()
	waitForLock(t, l)
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
	return attempts, err
}

// waitForLock returns when some transaction waits for another.
func waitForLock(t *testing.T, l *lab) {
	t.Helper()
	look, err := pgx.Connect(t.Context(), l.cfg.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = look.Close(context.Background()) }()
	for {
		var waiting bool
		err := look.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting {
			return
		}
	}
}

func TestAllArmsRetryUntilTheJobIsCommitted(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, a := range arms() {
		w := l.workload(t, "hot table")
		pool, err := openPool(t.Context(), l.cfg.DSN, 1, w.texts(a.lock))
		if err != nil {
			t.Fatal(err)
		}
		do, err := a.prepare(pool, a.lock)
		if err != nil {
			t.Fatal(err)
		}
		want := 2
		if a.lock != "" {
			want = 1 // it waits for the row instead
		}
		if attempts, err := beaten(t, l, do, first(w, l.cfg)["transfer"]); err != nil || attempts != want {
			t.Errorf("%s: %d attempts, %v, want %d", a.name, attempts, err, want)
		}
		if wrong, err := w.audit(t.Context(), l.conn, l.cfg, map[string]int{"transfer": 1}); err != nil || len(wrong) != 0 {
			t.Errorf("%s: %q, %v", a.name, wrong, err)
		}
		pool.Close()
	}
}

func TestALimitLetsSoManyRunAtATimeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		do, err := limited(2)(nilPool(t), "")
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var order []int
		var mu sync.Mutex
		var workers sync.WaitGroup
		for i := range 6 {
			workers.Go(func() {
				// Without a connection the job fails when its turn comes.
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i/2+1)*time.Second)
				defer cancel()
				_, _ = do(ctx, job{key: "x"})
				mu.Lock()
				defer mu.Unlock()
				order = append(order, int(time.Since(begun)/time.Second))
			})
			synctest.Wait()
		}
		workers.Wait()
		if want := []int{1, 1, 2, 2, 3, 3}; !slices.Equal(order, want) {
			t.Errorf("they ended after %v seconds, want %v", order, want)
		}
	})
}

// nilPool is a pool that never has a connection.
func nilPool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig("postgres://tester@127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	cfg.BeforeConnect = func(ctx context.Context, _ *pgx.ConnConfig) error {
		<-ctx.Done()
		return ctx.Err()
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestAPoolIsFullAndPrepared(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, name := range Workloads() {
		w := l.workload(t, name)
		pool, err := openPool(t.Context(), l.cfg.DSN, 3, w.texts(""))
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if stat := pool.Stat(); stat.IdleConns() != 3 || stat.MaxConns() != 3 {
			t.Errorf("%d idle of %d", stat.IdleConns(), stat.MaxConns())
		}
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		prepared := func() (n int) {
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_prepared_statements`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := prepared()
		for _, j := range first(w, l.cfg) {
			if err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error { return j.run(t.Context(), access{tx: tx}) }); err != nil {
				t.Fatal(err)
			}
		}
		if after := prepared(); after > before+1 { // that of this test
			t.Errorf("%s: the jobs prepared %d more statements", name, after-before)
		}
	}
}

func TestAPoolThatCannotConnectSaysSo(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://tester@127.0.0.1:1/none", "postgres://bad port:x"} {
		if _, err := openPool(t.Context(), dsn, 2, nil); err == nil {
			t.Errorf("%s: no error", dsn)
		}
	}
}

// measureLongEnough measures one round, in which each class commits a job. How long that
// must be depends on what else the machine does.
func (l *lab) measureLongEnough(t *testing.T, w workload, into *series) error {
	load := l.load(w)
	for {
		err := l.measure(t.Context(), w, load, into)
		if !errors.Is(err, errTooShort) || load.duration > 10*time.Second {
			return err
		}
		load.duration *= 2
	}
}

func TestEveryArmHasItsEffectsInEveryWorkload(t *testing.T) {
	t.Parallel()
	l := setup(t)
	for _, w := range workloads {
		for _, a := range arms() {
			s := newSeries(a)
			if err := l.measureLongEnough(t, w, s); err != nil {
				t.Fatalf("%s: %s: %v", w.name, a.name, err)
			}
			got := s.samples[""][0]
			if len(s.wrong) > 0 || got.p50 <= 0 || got.p99 < got.p50 || got.max < got.p99 || got.max > 30*time.Second {
				t.Errorf("%s: %s: %q, %+v", w.name, a.name, s.wrong, got)
			}
		}
	}
}

func TestAllArmsDrawTheSameJobs(t *testing.T) {
	t.Parallel()
	w, _ := find("warehouse")
	drawn := func(seed uint64) string {
		rng, draw := rand.New(rand.NewPCG(seed, 0)), w.draw(Config{})
		var ops []string
		for range 50 {
			ops = append(ops, draw(rng, 0).op)
		}
		return strings.Join(ops, ",")
	}
	if one, same, other := drawn(1), drawn(1), drawn(2); one != same || one == other {
		t.Errorf("seed 1: %s\nseed 1: %s\nseed 2: %s", one, same, other)
	}
}
