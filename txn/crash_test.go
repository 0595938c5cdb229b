package txn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// The cases in which the outcome of a COMMIT without answer cannot be known, and
// those in which only Resolve cannot know it.

// remote is a server of the test's own behind a network of the test's own.
type remote struct {
	*lab
	server *pgtest.Server
	proxy  *pgtest.Proxy
	far    *pgxpool.Pool // through the proxy

	decided chan struct{} // closed when the fate of the first COMMIT is
}

func setupRemote(t *testing.T, cfg Config, opts ...pgtest.ServerOption) *remote {
	t.Helper()
	server := pgtest.NewServer(t, opts...)
	r := &remote{lab: setupOn(t, server.DSN()), server: server, proxy: pgtest.NewProxy(t, server.Addr())}
	r.exec(`INSERT INTO items VALUES (1, 0)`)
	r.exec(MarkerSchema("public.sqlkeel_commits"))
	r.far = openPool(t, r.proxy.DSN(server.DSN()))
	r.runner = newRunner(t, r.far, cfg)
	return r
}

// atCommit decides about the first COMMIT that passes the proxy.
func (r *remote) atCommit(decide func() pgtest.CommitFate) {
	var first sync.Once
	r.decided = make(chan struct{})
	r.proxy.OnCommit(func() (fate pgtest.CommitFate) {
		first.Do(func() {
			defer close(r.decided)
			fate = decide()
		})
		return fate
	})
}

// wantUnknown returns an error unless err is that of an unknown outcome for the
// reason.
func wantUnknown(err, reason error) error {
	var unknown *CommitUnknownError
	if !errors.As(err, &unknown) || unknown.Unresolved == nil || (reason != nil && !errors.Is(err, reason)) {
		return fmt.Errorf("error is %v, want an unknown outcome: %v", err, reason)
	}
	return nil
}

// crash has a session of the server killed, which makes the server end all others
// and recover, and returns when it has.
func (r *remote) crash(ctx context.Context) {
	pid, before, err := r.session(ctx)
	if err != nil {
		r.t.Error(err)
		return
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		r.t.Error(err)
	}
	for ctx.Err() == nil {
		// Before the server has noticed it still takes sessions, and ends them.
		if _, now, err := r.session(ctx); err == nil && now != before {
			r.pool.Reset()
			return
		}
	}
	r.t.Error("the server does not come back")
}

// session begins a session, which is left open until the test's end, and tells its
// process and since when the server counts.
func (r *remote) session(ctx context.Context) (pid int, since string, err error) {
	conn, err := pgx.Connect(ctx, r.server.DSN())
	if err != nil {
		return 0, "", err
	}
	r.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	err = conn.QueryRow(ctx, `SELECT stats_reset::text FROM pg_stat_wal`).Scan(&since)
	return int(conn.PgConn().PID()), since, err
}

// takeXids uses up ids of transactions, committed ones, as others would after a
// crash.
func (r *remote) takeXids(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, r.server.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for range 20 {
		if _, err := conn.Exec(ctx, `INSERT INTO moves VALUES (1, 1)`); err != nil {
			return err
		}
	}
	return nil
}

func TestAfterACrashTheFateOfAnIdIsNotBelieved(t *testing.T) {
	t.Parallel()
	r := setupRemote(t, Config{})
	r.atCommit(func() pgtest.CommitFate {
		ctx := bounded(t)
		r.proxy.Refuse() // until the id has another owner
		defer r.proxy.Resume()
		r.crash(ctx)
		if err := r.takeXids(ctx); err != nil {
			t.Error(err)
		}
		return pgtest.CommitCutBefore
	})
	err := Run(bounded(t), r.runner, Op{Name: "increment", Commit: Resolve}, increment)
	<-r.decided
	if n := r.number(`SELECT n FROM items`); n != 0 {
		t.Errorf("n = %d after a crash before COMMIT", n)
	}
	if err := wantUnknown(err, errOtherServer); err != nil {
		t.Error(err)
	}
}

func TestAfterACrashTheMarkerTells(t *testing.T) {
	t.Parallel()
	for fate, want := range map[pgtest.CommitFate]int{pgtest.CommitCutBefore: 0, pgtest.CommitCutAfter: 1} {
		r := setupRemote(t, Config{})
		r.atCommit(func() pgtest.CommitFate {
			if fate == pgtest.CommitCutBefore {
				r.crash(bounded(t))
			}
			return fate
		})
		err := Run(bounded(t), r.runner, order("a"), increment)
		<-r.decided
		if n := r.number(`SELECT n FROM items`); n != want || (err == nil) != (want == 1) {
			t.Errorf("%v: n = %d, error %v", fate, n, err)
		}
	}
}

func TestAServerOutOfReachLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setupRemote(t, Config{ResolveTimeout: 500 * time.Millisecond})
			r.atCommit(func() pgtest.CommitFate {
				r.proxy.Refuse()
				return pgtest.CommitCutAfter
			})
			if err := wantUnknown(Run(bounded(t), r.runner, op.key("a"), increment), nil); err != nil {
				t.Error(err)
			}
			if n := r.number(`SELECT n FROM items`); n != 1 {
				t.Errorf("n = %d", n)
			}
		})
	}
}

func TestAServerThatComesBackInTimeTells(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setupRemote(t, Config{})
			var dials int
			r.atCommit(func() pgtest.CommitFate {
				r.proxy.Refuse()
				dials = r.proxy.Dials()
				time.AfterFunc(200*time.Millisecond, r.proxy.Resume)
				return pgtest.CommitCutAfter
			})
			if err := Run(bounded(t), r.runner, op.key("a"), increment); err != nil {
				t.Error(err)
			}
			if n := r.number(`SELECT n FROM items`); n != 1 || r.proxy.Dials() == dials {
				t.Errorf("n = %d, %d dials", n, r.proxy.Dials()-dials)
			}
		})
	}
}

// standbys makes the server wait at each COMMIT for a standby that there is not,
// or not any more.
func (r *remote) standbys(names string) {
	r.t.Helper()
	for _, sql := range []string{`ALTER SYSTEM SET synchronous_standby_names = '` + names + `'`, `SELECT pg_reload_conf()`} {
		r.exec(sql)
	}
	if names == "" {
		return
	}
	// A process of the server's own makes commits wait, and may see the setting later
	// than any session.
	for ctx := bounded(r.t); !r.commitWaits(ctx); {
		if ctx.Err() != nil {
			r.t.Fatal("no commit waits for a standby")
		}
	}
}

// commitWaits reports whether a commit of another session waits for a standby, and
// ends that wait.
func (r *remote) commitWaits(ctx context.Context) (waits bool) {
	r.t.Helper()
	conn, err := pgx.ConnectConfig(ctx, r.pool.Config().ConnConfig.Copy())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	committed := make(chan error, 1)
	go func() {
		_, err := conn.PgConn().Exec(ctx, `SET synchronous_commit = 'on'; SELECT pg_logical_emit_message(true, 'probe', '')`).ReadAll()
		committed <- err
	}()
	for {
		select {
		case err := <-committed:
			if err != nil {
				r.t.Fatal(err)
			}
			return waits
		default:
			cancelled := r.number(`SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = $1`, conn.PgConn().PID())
			waits = waits || cancelled > 0
		}
	}
}

const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`

func TestACommitThatWaitsForAStandbyIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setupRemote(t, Config{ResolveTimeout: time.Second})
			r.standbys("nobody")
			r.proxy.BlockCancelRequests(true)
			cut := make(chan struct{})
			r.atCommit(func() pgtest.CommitFate {
				go func() {
					defer close(cut)
					r.await(waiting, 1)
					r.proxy.Cut()
				}()
				return pgtest.CommitDelivered
			})
			err := Run(bounded(t), r.runner, op.key("a"), increment)
			<-cut
			if err := wantUnknown(err, errStillRunning); err != nil {
				t.Error(err)
			}
			if n := r.number(waiting); n != 1 {
				t.Errorf("%d sessions wait for a standby: the wait was ended", n)
			}
			r.standbys("")
			r.await(waiting, 0)
			if n := r.number(`SELECT n FROM items`); n != 1 {
				t.Errorf("n = %d", n)
			}
		})
	}
}

// A wait that was cancelled leaves a transaction that is committed here alone.
func TestACommitThatNoStandbyHasIsNotReportedAsASuccess(t *testing.T) {
	t.Parallel()
	for name, op := range definite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setupRemote(t, Config{ResolveTimeout: time.Second})
			r.standbys("nobody")
			ended := make(chan struct{})
			r.atCommit(func() pgtest.CommitFate {
				go func() {
					defer close(ended)
					r.await(waiting, 1)
					r.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
				}()
				return pgtest.CommitDelivered
			})
			err := Run(bounded(t), r.runner, op.key("a"), increment)
			<-ended
			r.standbys("")
			if n := r.number(`SELECT n FROM items`); n != 1 {
				t.Errorf("n = %d", n)
			}
			if err := wantUnknown(err, nil); err != nil {
				t.Error(err)
			}
		})
	}
}
