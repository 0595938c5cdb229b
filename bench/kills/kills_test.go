package kills

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	conns = 8
	often = 400 * time.Millisecond // between two ends
	never = time.Hour
	round = 2 * time.Second // of one pool
)

// pool is what both pools can do.
type pool interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// sums are what happened to a pool over all its rounds.
type sums struct {
	ok, failed atomic.Int64
	kills      int

	mu      sync.Mutex
	slowest time.Duration // guarded by mu
}

// load lets as many callers as there are connections work for a round. Each time that
// pause has passed the session of one of them is ended.
func (s *sums) load(b *testing.B, p pool, admin *pgx.Conn, name string, pause time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), round)
	defer cancel()
	var callers sync.WaitGroup
	for range conns {
		callers.Go(func() {
			var slowest time.Duration
			for ctx.Err() == nil {
				begin := time.Now()
				if _, err := p.Exec(b.Context(), "select pg_sleep(0.002)"); err != nil {
					s.failed.Add(1)
				} else {
					s.ok.Add(1)
				}
				slowest = max(slowest, time.Since(begin))
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.slowest = max(s.slowest, slowest)
		})
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			var n int
			err := admin.QueryRow(b.Context(), `select count(pg_terminate_backend(pid)) from (
				select pid from pg_stat_activity where application_name = $1 and state = 'active' limit 1) one`, name).Scan(&n)
			if err != nil {
				b.Fatal(err)
			}
			s.kills += n
		case <-ctx.Done():
		}
	}
	callers.Wait()
}

// BenchmarkOneSessionEndedAtATime reports the throughput of db as a part of
// pgxpool's, without ends (calm) and with them, and the connections that each opened
// for each session that was ended.
func BenchmarkOneSessionEndedAtATime(b *testing.B) {
	pg := pgtest.New(b)
	admin := pg.Conn()
	rival := pg.Pool(func(cfg *pgxpool.Config) {
		cfg.MaxConns = conns
		cfg.ConnConfig.RuntimeParams["application_name"] = "pgxpool"
	})
	d, err := db.Open(b.Context(), db.Config{DSN: pg.DSN() + "&application_name=db", MaxConns: conns})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = d.Close(context.WithoutCancel(b.Context())) }()
	var ours, theirs, oursCalm, theirsCalm sums
	for b.Loop() {
		theirsCalm.load(b, rival, admin, "pgxpool", never)
		oursCalm.load(b, d, admin, "db", never)
		theirs.load(b, rival, admin, "pgxpool", often)
		ours.load(b, d, admin, "db", often)
	}
	b.ReportMetric(float64(oursCalm.ok.Load())/float64(theirsCalm.ok.Load()), "db/pgxpool-calm")
	b.ReportMetric(float64(ours.ok.Load())/float64(theirs.ok.Load()), "db/pgxpool")
	b.ReportMetric(float64(d.Health().Pool.NewConns-conns)/float64(ours.kills), "db-conns/kill")
	b.ReportMetric(float64(rival.Stat().NewConnsCount()-conns)/float64(theirs.kills), "pgxpool-conns/kill")
	b.ReportMetric(float64(ours.failed.Load())/float64(ours.kills), "db-errors/kill")
	b.ReportMetric(ours.slowest.Seconds()*1e3, "db-slowest-ms")
	b.ReportMetric(theirs.slowest.Seconds()*1e3, "pgxpool-slowest-ms")
	b.ReportMetric(float64(d.Health().Pool.Resets), "db-resets")
}
