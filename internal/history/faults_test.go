package history_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// faults ends sessions and cuts the network while a workload runs, again and
// again after so many transactions.
type faults struct {
	killEvery, cutEvery int

	kills, cuts int
	err         error
}

// standard are the faults of a workload.
func standard() *faults { return &faults{killEvery: 100, cutEvery: 300} }

// run makes a fault whenever the count of transactions that it receives is due
// for one.
func (f *faults) run(l *lab, rng *rand.Rand, count <-chan int) {
	l.loseCommits(rng.Uint64())
	for n := range count {
		if f.cutEvery > 0 && n%f.cutEvery == 0 {
			l.proxy.Cut()
			f.cuts++
		}
		if f.killEvery > 0 && n%f.killEvery == 0 && f.err == nil {
			f.err = f.kill(l.ctx, l.admin, rng)
		}
	}
}

// kill ends one of the sessions of the workload.
func (f *faults) kill(ctx context.Context, admin *pgx.Conn, rng *rand.Rand) error {
	rows, err := admin.Query(ctx, `SELECT pid FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid`)
	if err != nil {
		return err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil || len(pids) == 0 {
		return err
	}
	_, err = admin.Exec(ctx, `SELECT pg_terminate_backend($1)`, pids[rng.IntN(len(pids))])
	f.kills++
	return err
}

// alongside runs the faults while work does, which sends them the count.
func (f *faults) alongside(l *lab, rng *rand.Rand, work func(count chan<- int)) {
	var group sync.WaitGroup
	count := make(chan int, workers)
	group.Go(func() { f.run(l, rng, count) })
	work(count)
	close(count)
	group.Wait()
}

// loseCommits has some of the COMMITs lost, or the answers to them.
func (l *lab) loseCommits(seed uint64) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 0))
	fates := []pgtest.CommitFate{
		pgtest.CommitCutBefore, pgtest.CommitCutAfter, pgtest.CommitCutDuring, pgtest.CommitTorn,
		pgtest.CommitDelayed, pgtest.CommitFatalBefore, pgtest.CommitFatalAfter,
	}
	l.proxy.BlockCancelRequests(true) // they would settle what is to stay open
	l.proxy.DelayCommits(func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(rng.IntN(50)) * time.Millisecond
	})
	l.proxy.OnCommit(func() pgtest.CommitFate {
		mu.Lock()
		defer mu.Unlock()
		if rng.IntN(200) != 0 {
			return pgtest.CommitDelivered
		}
		return fates[rng.IntN(len(fates))]
	})
}
