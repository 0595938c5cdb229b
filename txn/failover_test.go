package txn

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// pair is a primary with a standby. A Runner reaches the primary through a network,
// and the standby when that is gone.
type pair struct {
	*lab
	primary, standby *pgtest.Server
	net              *pgtest.Proxy
	runner           *Runner
}

func setupPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{primary: pgtest.NewServer(t)}
	p.standby = p.primary.NewStandby()
	p.lab = setupOn(t, p.primary.DSN())
	p.exec(`INSERT INTO items VALUES (1, 0)`)
	p.exec(MarkerSchema("public.sqlkeel_commits"))
	p.net = pgtest.NewProxy(t, p.primary.Addr())
	p.net.BlockCancelRequests(true)
	next := openPool(t, p.standby.DSN()).Config().ConnConfig
	far := openPool(t, p.net.DSN(p.primary.DSN()), func(cfg *pgxpool.Config) {
		cfg.ConnConfig.Fallbacks = append(cfg.ConnConfig.Fallbacks, &pgconn.FallbackConfig{Host: next.Host, Port: next.Port})
	})
	p.runner = newRunner(t, far, Config{})
	return p
}

// caughtUp waits until the standby has what the primary has.
func (p *pair) caughtUp() {
	p.t.Helper()
	p.await(`SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_insert_lsn()`, 1)
}

// A COMMIT is lost with the primary it was sent to, before or after it was done
// there; the standby, which has it or has it not, takes over.
func TestAFailover(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		for fate, reached := range map[pgtest.CommitFate]bool{pgtest.CommitCutBefore: false, pgtest.CommitCutAfter: true} {
			t.Run(fmt.Sprint(name, ", ", fate), func(t *testing.T) {
				t.Parallel()
				p := setupPair(t)
				p.caughtUp()
				sent := make(chan struct{})
				p.net.OnCommit(func() pgtest.CommitFate { close(sent); return fate })
				done := async(func() error {
					return Run(bounded(t), p.runner, op.key("a"), func(ctx context.Context, tx *Tx) error {
						if err := increment(ctx, tx); err != nil {
							return err
						}
						p.net.Refuse() // no client gets to the primary any more
						return nil
					})
				})
				<-sent
				for p.net.Live() > 0 { // the fate is done when the client is cut off
					p.number(`SELECT 1`)
				}
				if reached {
					p.await(`SELECT n FROM items`, 1)
					p.caughtUp()
				}
				p.primary.Kill()
				p.standby.Promote()
				err := <-done
				survivor := &lab{t: t, pool: openPool(t, p.standby.DSN())}
				n := survivor.number(`SELECT n FROM items`)
				if op.Commit == Resolve {
					if err := wantUnknown(err, errOtherServer); err != nil {
						t.Error(err)
					}
					return
				}
				if (n == 1) != (err == nil) || (n == 1) != reached {
					t.Errorf("n = %d at the survivor, error %v", n, err)
				}
			})
		}
	}
}

// A standby may not have replayed what the primary has committed: it is no witness.
func TestAStandbyIsNotAskedForMarkers(t *testing.T) {
	t.Parallel()
	p := setupPair(t)
	p.caughtUp()
	pauser := &lab{t: t, pool: openPool(t, p.standby.DSN())}
	pauser.exec(`SELECT pg_wal_replay_pause()`)
	p.net.OnCommit(func() pgtest.CommitFate { return pgtest.CommitCutAfter })
	p.runner.cfg.ResolveTimeout = 500 * time.Millisecond
	err := Run(bounded(t), p.runner, order("a"), func(ctx context.Context, tx *Tx) error {
		p.net.Refuse()
		return increment(ctx, tx)
	})
	p.await(`SELECT n FROM items`, 1)
	var unknown *CommitUnknownError
	if err != nil && !errors.As(err, &unknown) {
		t.Fatalf("committed at the primary, and reported as %v", err)
	}
}
