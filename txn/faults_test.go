package txn

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// fault is a fate and how often, of a thousand COMMITs, it strikes.
type fault struct {
	fate  pgtest.CommitFate
	share int
}

var storm = []fault{
	{pgtest.CommitCutBefore, 60}, {pgtest.CommitCutAfter, 60}, {pgtest.CommitCutDuring, 60}, {pgtest.CommitTorn, 40},
	{pgtest.CommitDelayed, 60}, {pgtest.CommitFatalBefore, 40}, {pgtest.CommitFatalAfter, 40},
	{pgtest.CommitUnknown40003, 30}, {pgtest.CommitUnknown08007, 30}, {pgtest.CommitSilent, 3}, {pgtest.CommitLost, 3},
}

// outcomes counts increments by how they ended.
type outcomes struct{ succeeded, failed, unknown, applied, struck int }

// stormRun increments count times, each COMMIT at the mercy of the network, and
// tells what came of it.
func stormRun(t *testing.T, mode CommitMode, count int, seed uint64) outcomes {
	l := setup(t)
	l.exec(`INSERT INTO items SELECT id, 0 FROM generate_series(0, 63) id`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	cfg := l.pool.Config().ConnConfig
	proxy := pgtest.NewProxy(t, net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))))
	proxy.BlockCancelRequests(true) // they would settle what is to stay open
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, uint64(mode)))
	var o outcomes
	proxy.DelayCommits(func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(rng.IntN(400)) * time.Millisecond
	})
	proxy.OnCommit(func() pgtest.CommitFate {
		mu.Lock()
		defer mu.Unlock()
		dice := rng.IntN(1000)
		for _, f := range storm {
			if dice -= f.share; dice < 0 {
				if f.fate == pgtest.CommitLost && mode == ReturnUnknown {
					break // that session is not ended, and it has a row locked
				}
				o.struck++
				return f.fate
			}
		}
		return pgtest.CommitDelivered
	})
	far := openPool(t, proxy.DSN(l.db.DSN()), func(cfg *pgxpool.Config) { cfg.MaxConns = 64 })
	r := newRunner(t, far, Config{CommitTimeout: 500 * time.Millisecond, ResolveTimeout: time.Minute, RetryBudget: 1 << 30})
	work := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for i := range work {
				op := Op{Name: "increment", Commit: mode, RetryLost: i%2 == 0}.key("%d", i)
				err := Run(context.Background(), r, op, func(ctx context.Context, tx *Tx) error {
					_, err := tx.Exec(ctx, `UPDATE items SET n = n + 1 WHERE id = $1`, i%64)
					return err
				})
				mu.Lock()
				var unknown *CommitUnknownError
				switch {
				case err == nil:
					o.succeeded++
				case errors.As(err, &unknown):
					o.unknown++
				default:
					o.failed++
				}
				mu.Unlock()
			}
		})
	}
	for i := range count {
		work <- i
	}
	close(work)
	workers.Wait()
	proxy.OnCommit(nil)
	proxy.ReleaseCommits()
	proxy.Cut()                                             // so that the pool need not wait for what is silent
	l.exec(`BEGIN; LOCK TABLE items IN SHARE MODE; COMMIT`) // after all that still write
	o.applied = l.number(`SELECT sum(n) FROM items`)
	return o
}

// stormSize is how many increments make the storm, and the seed of its dice.
func stormSize(t *testing.T) (count int, seed uint64) {
	t.Helper()
	count, seed = 250, 1
	if s := os.Getenv("SQLKEEL_FAULTS_COUNT"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("SQLKEEL_FAULTS_COUNT=%s is not a number above 0", s)
		}
		count = n
	}
	if s := os.Getenv("SQLKEEL_FAULTS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("SQLKEEL_FAULTS_SEED=%s is not a number", s)
		}
		seed = n
	}
	return count, seed
}

func TestInAStormOfLostCommitsWhatSucceededIsApplied(t *testing.T) {
	t.Parallel()
	count, seed := stormSize(t)
	for name, mode := range map[string]CommitMode{"Resolve": Resolve, "Idempotent": Idempotent, "ReturnUnknown": ReturnUnknown} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			o := stormRun(t, mode, count, seed)
			t.Logf("%s, seed %d: %+v in %v", name, seed, o, time.Since(start).Round(time.Millisecond))
			if mode != ReturnUnknown && o.unknown != 0 {
				t.Fatalf("%d outcomes are unknown: %+v", o.unknown, o)
			}
			if o.applied < o.succeeded || o.applied > o.succeeded+o.unknown {
				t.Fatalf("applied is not what succeeded: %+v", o)
			}
		})
	}
}
