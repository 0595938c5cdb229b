package cacheproof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// lab is real databases, reached by db through a network that can fail.
type lab struct {
	cache *cache.Cache
	sides [targets]*side
	gets  atomic.Int64
	loads atomic.Int64
}

// side is one of a lab's databases.
type side struct {
	db     *db.DB
	runner *txn.Runner
	around *pgxpool.Pool // not through db, nor through the proxy
	proxy  *pgtest.Proxy
	reads  reads
}

func newLab(t *testing.T, blocks int) *lab {
	t.Helper()
	c, err := cache.New(cache.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{cache: c}
	for i := range l.sides {
		l.sides[i] = l.newSide(t, []string{"east", "west"}[i], blocks)
	}
	return l
}

func (l *lab) newSide(t *testing.T, name string, blocks int) *side {
	t.Helper()
	pg := pgtest.New(t)
	if _, err := pg.Conn().Exec(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	if _, err := pg.Conn().Exec(t.Context(), fmt.Sprintf(`INSERT INTO marks SELECT n FROM generate_series(0, %d) n;
		INSERT INTO cells SELECT n, n / 4 * 2 + n %% 2 FROM generate_series(0, %d) n;
		CREATE INDEX ON cells (grp); ANALYZE`, blocks-1, blocks*cellsOf-1)); err != nil {
		t.Fatal(err)
	}
	s := &side{around: pg.Pool()}
	at := s.around.Config().ConnConfig
	s.proxy = pgtest.NewProxy(t, net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))))
	var err error
	s.db, err = db.Open(t.Context(), db.Config{
		DSN: s.proxy.DSN(pg.DSN()) + "&deadlock_timeout=20ms", Name: name, MaxConns: 12, Statements: registry(), Invalidator: l.cache,
		HealthInterval: 200 * time.Millisecond, AcquireTimeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = s.db.Close(ctx) // after faults there may be connections without an answer
	})
	if s.runner, err = txn.New(s.db, txn.Config{CommitTimeout: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	s.reads = newReads(l.cache, s.db, bounds{ttl: time.Hour}, func(ctx context.Context, r *reading, arg int64) (image, error) {
		l.loads.Add(1)
		return read(ctx, s.db, r, arg)
	})
	return s
}

// querier is db.DB or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func read(ctx context.Context, from querier, r *reading, arg int64) (m image, err error) {
	rows, err := from.Query(ctx, r.SQL, r.values(arg)...)
	if err != nil {
		return m, err
	}
	var id, v, w, mark int64
	_, err = pgx.ForEachRow(rows, []any{&id, &v, &w, &mark}, func() error {
		m[id%cellsOf], m[id%cellsOf+cellsOf], m[markAt] = v, w, mark
		return nil
	})
	return m, err
}

func (l *lab) cached(ctx context.Context, target int, r *reading, block, place int64) (image, error) {
	l.gets.Add(1)
	return l.sides[target].reads[r.Name].Get(ctx, r.arg(block, place))
}

func (l *lab) direct(ctx context.Context, target int, r *reading, block, place int64) (image, error) {
	return read(ctx, l.sides[target].around, r, r.arg(block, place))
}

// write writes as users do: statements of their own, batches and transactions, some of
// which are rolled back, or whose client leaves. What failed may take effect later.
func (l *lab) write(ctx context.Context, target int, w *work, rng *rand.Rand, settle func(bool)) {
	s := l.sides[target]
	if rng.IntN(20) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, rand.N(2*time.Millisecond))
		defer cancel()
	}
	var err error
	switch dice := rng.IntN(10); {
	case dice < 4 && len(w.changes) == 1:
		err = perform(ctx, s.db, w, 0)
	case dice < 6:
		err = s.batch(ctx, w)
	default:
		err = txn.Run(ctx, s.runner, txn.Op{Name: "work"}, func(ctx context.Context, tx *txn.Tx) error {
			for i := range w.changes {
				if err := perform(ctx, tx, w, i); err != nil {
					return err
				}
			}
			if dice == 9 {
				return errChanged
			}
			return nil
		})
	}
	if err == nil || errors.Is(err, errChanged) {
		settle(err == nil)
	}
}

var errChanged = errors.New("the transaction changed its mind")

// perform runs one of the work's statements, and reads what it returns.
func perform(ctx context.Context, on querier, w *work, i int) error {
	c := w.changes[i]
	rows, err := on.Query(ctx, c.SQL, c.args(w.block, c.at, w.value)...)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	rows.Close()
	return rows.Err()
}

// batch sends the work's statements in one round trip, which is one transaction.
func (s *side) batch(ctx context.Context, w *work) error {
	var b pgx.Batch
	for _, c := range w.changes {
		b.Queue(c.SQL, c.args(w.block, c.at, w.value)...)
	}
	return s.db.SendBatch(ctx, &b).Close()
}

func (l *lab) upset(rng *rand.Rand) {
	if rng.IntN(4) == 0 {
		l.cache.Clear()
	}
}

// faults end sessions, cut connections and lose COMMITs until stop is called.
func (l *lab) faults(ctx context.Context, t *testing.T, seed uint64) (stop func() (kills int)) {
	t.Helper()
	for _, s := range l.sides {
		s.loseCommits(seed)
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	kills := 0
	all.Go(func() {
		ticks := time.NewTicker(20 * time.Millisecond)
		defer ticks.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			select {
			case <-ticks.C:
			case <-ctx.Done():
				return
			}
			s := l.sides[n%3/2]
			if n%10 == 0 {
				s.proxy.Cut()
			}
			var killed int
			err := s.around.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
				WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query ~* 'name: (put|bump)|^commit' LIMIT 1) one`).Scan(&killed)
			if err != nil && ctx.Err() == nil {
				t.Errorf("end a session: %v", err)
				return
			}
			kills += killed
		}
	})
	return func() int {
		cancel()
		all.Wait()
		for _, s := range l.sides {
			s.proxy.OnCommit(nil)
			s.proxy.ReleaseCommits()
		}
		return kills
	}
}

// loseCommits has some of the COMMITs lost, or the answers to them.
func (s *side) loseCommits(seed uint64) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 0))
	fates := []pgtest.CommitFate{
		pgtest.CommitCutBefore, pgtest.CommitCutAfter, pgtest.CommitCutDuring, pgtest.CommitTorn,
		pgtest.CommitDelayed, pgtest.CommitDelayed, pgtest.CommitDelayed, pgtest.CommitFatalBefore, pgtest.CommitFatalAfter,
	}
	s.proxy.DelayCommits(func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(rng.IntN(10)) * time.Millisecond
	})
	s.proxy.OnCommit(func() pgtest.CommitFate {
		mu.Lock()
		defer mu.Unlock()
		if rng.IntN(6) != 0 {
			return pgtest.CommitDelivered
		}
		return fates[rng.IntN(len(fates))]
	})
}

// A history of what clients saw of a PostgreSQL has an order.
func TestHistoriesOverAPostgreSQLAreLinearizable(t *testing.T) {
	t.Parallel()
	histories(t, size(t, "REAL", 20), false)
}

// So it does where sessions are ended, connections cut and COMMITs lost all the time.
func TestHistoriesUnderFaultsAreLinearizable(t *testing.T) {
	t.Parallel()
	histories(t, size(t, "REAL", 20), true)
}

func histories(t *testing.T, count int, faults bool) {
	seed, start, l := uint64(size(t, "SEED", 1)), time.Now(), newLab(t, count)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(count)*2*time.Second)
	defer cancel()
	stop := func() int { return 0 }
	if faults {
		stop = l.faults(ctx, t, seed)
	}
	var value atomic.Int64
	var ops, open, failed int
	for n := range count {
		h := &history{world: l, block: int64(n), value: &value, frail: faults}
		h.run(ctx, seed<<32+uint64(n))
		if err := h.check(); err != nil {
			t.Fatalf("seed %d, history %d of %d is not linearizable: %v", seed, n, count, err)
		}
		ops += len(h.ops)
		for _, o := range h.ops {
			if o.end == noEnd {
				open++
			}
		}
		if h.err != nil {
			failed++
		}
	}
	kills := stop()
	gets, loads := l.gets.Load(), l.loads.Load()
	hits := 100 * (gets - loads) / max(gets, 1)
	t.Logf("seed %d: %d histories of a PostgreSQL, 0 are not linearizable; %d operations, %d writes whose outcome was lost, %d sessions ended, "+
		"%d histories with failed reads; %d%% of %d cached reads were answered from memory; %.1f s",
		seed, count, ops, open, kills, failed, hits, gets, time.Since(start).Seconds())
	if hits < 5 {
		t.Errorf("%d%% hits show little: want 5%%", hits)
	}
	if faults && open == 0 {
		t.Error("no outcome was lost")
	}
}
