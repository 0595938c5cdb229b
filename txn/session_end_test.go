package txn_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

// overDB is a Runner over a db.DB behind a proxy, with a table t (n int).
func overDB(t *testing.T) (*txn.Runner, *db.DB, *pgtest.Proxy) {
	t.Helper()
	pg := pgtest.New(t)
	if _, err := pg.Conn().Exec(t.Context(), "CREATE TABLE t (n int)"); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	proxy := pgtest.NewProxy(t, u.Host)
	d, err := db.Open(t.Context(), db.Config{DSN: proxy.DSN(pg.DSN()), MaxConns: 4, HealthInterval: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	r, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r, d, proxy
}

func TestASessionThatEndsInsideATransactionCostsDBOneConnection(t *testing.T) {
	t.Parallel()
	r, d, _ := overDB(t)
	for round := range 3 {
		err := txn.Run(t.Context(), r, txn.Op{Name: "add", RetryLost: true}, func(ctx context.Context, tx *txn.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO t VALUES ($1)", round); err != nil || tx.Attempt() > 1 {
				return err
			}
			_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid(), 10000)")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	wantAlone(t, d, 3)
}

func TestTheFenceOfALostCommitCostsDBOneConnection(t *testing.T) {
	t.Parallel()
	r, d, proxy := overDB(t)
	var first sync.Once
	proxy.OnCommit(func() (fate pgtest.CommitFate) {
		first.Do(func() { fate = pgtest.CommitDelayed })
		return fate
	})
	// The session of the first attempt is alive when its outcome is asked for: it is ended.
	err := txn.Run(t.Context(), r, txn.Op{Name: "add", Commit: txn.Resolve, RetryLost: true}, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	var n int
	if err := d.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, error %v", n, err)
	}
	wantAlone(t, d, 1)
}

func TestAMonitorWhoseSessionIsEndedCostsNothing(t *testing.T) {
	t.Parallel()
	_, d, _ := overDB(t)
	err := d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE '%pg_postmaster_start_time%' AND pid <> pg_backend_pid()`)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for before := d.Health().Probes.Count; d.Health().Probes.Count < before+3; {
		<-tick.C
	}
	if r := d.Health(); r.State != db.Up || r.Probes.Failed != 0 {
		t.Errorf("%v: %s", r.State, r.Why)
	}
	wantAlone(t, d, 0)
}

// wantAlone wants so many connections to have died, and no other to have suffered.
func wantAlone(t *testing.T, d *db.DB, deaths int64) {
	t.Helper()
	s := d.Health().Pool
	if s.Resets != 0 || s.Closed[db.ClosedReset] != 0 || s.Closed[db.ClosedDead] != deaths || s.NewConns > deaths+2 {
		t.Errorf("%+v", s)
	}
}
