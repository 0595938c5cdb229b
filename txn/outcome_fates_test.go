package txn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// a long name is cut by the server, and the setting is another one.
func TestLongSettingName(t *testing.T) {
	t.Parallel()
	l := setup(t)
	name := "app." + strings.Repeat("x", 70)
	err := Run(bounded(t), l.runner, Op{Name: "a", Settings: map[string]string{name: "tenant"}}, func(ctx context.Context, tx *Tx) error {
		var got *string
		if err := tx.QueryRow(ctx, `SELECT current_setting($1, true)`, name).Scan(&got); err != nil {
			return err
		}
		if got == nil || *got != "tenant" {
			t.Errorf("the setting is %v", got)
		}
		return nil
	})
	if err != nil {
		t.Log(err)
	}
}

// a table of the same name in another schema.
func TestViolationOfTheCallersTable(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`CREATE SCHEMA ours; CREATE TABLE public.commits (id int PRIMARY KEY); INSERT INTO public.commits VALUES (1); ` + MarkerSchema("ours.commits"))
	r := newRunner(t, l.pool, Config{Markers: "ours.commits"})
	calls := 0
	err := Run(bounded(t), r, order("k"), func(ctx context.Context, tx *Tx) error {
		calls++
		_, err := tx.Exec(ctx, `INSERT INTO public.commits VALUES (1)`)
		return err
	})
	if calls != 1 {
		t.Errorf("called %d times, error %v", calls, err)
	}
}

// a Beginner over one connection other than *pgx.Conn.
func TestPoolConnAsBeginner(t *testing.T) {
	t.Parallel()
	network := &wire{}
	l := setup(t, network.attach)
	conn, err := l.pool.Acquire(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	network.plan(cutAfter)
	start := time.Now()
	err = Run(bounded(t), newRunner(t, conn, Config{ResolveTimeout: 5 * time.Second}), Op{Name: "a", Commit: Resolve}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 1) })
	if time.Since(start) > 4*time.Second {
		t.Errorf("asked on a closed connection for %v: %v", time.Since(start), err)
	}
}

// A function may ask for more than its session waits for; Resolve notices. A marker
// tells nothing of that: Op.Settings is for it there.
func TestSynchronousCommitOfTheFunction(t *testing.T) {
	t.Parallel()
	for name, op := range map[string]Op{"Resolve": definite["Resolve"]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setupRemote(t, Config{ResolveTimeout: time.Second})
			r.exec(`ALTER SYSTEM SET synchronous_commit = 'local'`)
			r.standbys("nobody")
			r.atCommit(func() pgtest.CommitFate {
				go func() {
					r.await(waiting, 1)
					r.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
				}()
				return pgtest.CommitDelivered
			})
			err := Run(bounded(t), r.runner, op.key("a"), func(ctx context.Context, tx *Tx) error {
				if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = 'on'`); err != nil {
					return err
				}
				return increment(ctx, tx)
			})
			if err == nil {
				t.Error("a success that no standby has")
			}
		})
	}
}

// nameSetting rolls back without a bound.
func TestNameSettingHasNoBound(t *testing.T) {
	t.Parallel()
	l := setup(t)
	cfg := l.pool.Config().ConnConfig
	proxy := pgtest.NewProxy(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
	pool := openPool(t, proxy.DSN(l.db.DSN()), func(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = slowPoke{proxy} })
	r := newRunner(t, pool, Config{RollbackTimeout: 300 * time.Millisecond})
	settings := map[string]string{"work_mem": "nonsense"}
	for i := range 20 {
		settings[fmt.Sprintf("a.b%d", i)] = "x"
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, r, Op{Name: "a", Settings: settings}, func(context.Context, *Tx) error { return nil })
	}()
	select {
	case err := <-done:
		t.Log(err)
	case <-time.After(5 * time.Second):
		t.Error("Do does not come back, its context ended long ago")
		proxy.Cut()
		<-done
	}
}

// a savepoint by hand of the same name.
func TestSavepointByHandOfTheSameName(t *testing.T) {
	t.Parallel()
	l := setup(t)
	var part error
	err := Run(bounded(t), l.runner, Op{Name: "a"}, func(ctx context.Context, tx *Tx) error {
		part = tx.Savepoint(ctx, func(ctx context.Context) error {
			if err := insert(ctx, tx, 1); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `SAVEPOINT txn_1`); err != nil {
				return err
			}
			return errBoom
		})
		return nil
	})
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows of a part that failed (%v), error %v", n, part, err)
	}
}

// Sanity: every fate as a role without privileges, and with another role in the transaction.
func TestFatesWithoutPrivileges(t *testing.T) {
	t.Parallel()
	srv := pgtest.NewServer(t)
	l := setupOn(t, srv.DSN())
	l.exec(`CREATE ROLE app LOGIN; CREATE ROLE worker; GRANT worker TO app; GRANT ALL ON items TO app, worker; INSERT INTO items VALUES (1, 0);` +
		MarkerSchema("public.sqlkeel_commits") + `GRANT ALL ON sqlkeel_commits TO app`)
	network := &wire{}
	r := newRunner(t, openPool(t, asRole(t, srv.DSN(), "app"), network.attach), impatient)
	for name, op := range definite {
		for _, settings := range []map[string]string{nil, {"role": "worker"}} {
			for f := range fates {
				before := l.number(`SELECT n FROM items`)
				network.plan(f)
				op.Settings = settings
				err := Run(bounded(t), r, op.key("%d %v", f, settings), increment)
				network.plan()
				network.release()
				var unknown *CommitUnknownError
				if n := l.number(`SELECT n FROM items`) - before; (n == 1) != (err == nil) || errors.As(err, &unknown) {
					t.Errorf("%s %v fate %d: applied %d, error %v", name, settings, f, n, err)
				}
			}
		}
	}
}

// an attempt that was lost before COMMIT holds the key until the server notices.
func TestTheLostAttemptHoldsTheKey(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	var lose atomic.Bool
	pool := l.db.Pool(func(cfg *pgxpool.Config) {
		cfg.ConnConfig.DialFunc = func(ctx context.Context, n, a string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, n, a)
			return &half{Conn: c, lose: &lose}, err
		}
	})
	op := order("k")
	op.RetryLost = true
	lose.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := Run(ctx, newRunner(t, pool, Config{}), op, increment)
	if err != nil {
		t.Errorf("the second attempt waits for the first: %v", err)
	}
	l.exec(`SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)
}

// Sanity: replicated and the question work in a session that is read only by default.
func TestReadOnlySession(t *testing.T) {
	t.Parallel()
	r := setupRemote(t, Config{ResolveTimeout: 3 * time.Second})
	r.standbys("nobody")
	far := openPool(t, r.proxy.DSN(r.server.DSN()), func(cfg *pgxpool.Config) {
		cfg.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
		cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "local"
	})
	r.atCommit(func() pgtest.CommitFate { return pgtest.CommitCutAfter })
	err := Run(bounded(t), newRunner(t, far, Config{ResolveTimeout: 3 * time.Second}), Op{Name: "a", Commit: Resolve}, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Exec(ctx, `SET TRANSACTION READ WRITE`); err != nil {
			return err
		}
		return increment(ctx, tx)
	})
	if err != nil {
		t.Error(err)
	}
}

// Odd names of the table.
func TestOddTableNames(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0); CREATE SCHEMA "S ""x"`)
	for _, name := range []string{`public.we"ird`, `public.Üñ 'x'`, `S "x.T"; drop`, "public." + strings.Repeat("n", 40)} {
		r := newRunner(t, l.pool, Config{Markers: name})
		first, second := Run(bounded(t), r, order("k"), increment), Run(bounded(t), r, order("k"), increment)
		if first != nil || !errors.Is(second, ErrAlreadyCommitted) {
			t.Errorf("%q: %v, %v", name, first, second)
		}
	}
}

// Settings that are odd in front of BEGIN.
func TestOddSettings(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	for _, c := range []struct{ name, value, want string }{
		{"transaction_isolation", "serializable", "serializable"}, {"transaction_read_only", "on", "on"},
		{"DateStyle", "SQL, DMY", "SQL, DMY"}, {"search_path", `"$user", public`, `"$user", public`}, {"search_path", `"A b", c`, `"A b", c`},
		{"app.x", strings.Repeat("x\\'", 100000), strings.Repeat("x\\'", 100000)}, {"temp_tablespaces", "", `""`},
		{"application_name", "x", "x"}, {"session_authorization", "postgres", "postgres"}, {"role", "none", "none"}, {"default_tablespace", "", ""},
		{"TimeZone", "UTC", "UTC"}, {"seed", "0.5", "unavailable"}, {"client_encoding", "LATIN1", "LATIN1"}, {"app.é", "ü", "ü"},
		{`a.b"; drop table items; --`, "x", "x"},
	} {
		for _, op := range []Op{{Name: "a"}, {Name: "a", Commit: Resolve}, order("k" + c.name + c.value[:min(20, len(c.value))])} {
			op.Settings = map[string]string{c.name: c.value}
			var got string
			err := Run(bounded(t), l.runner, op, func(ctx context.Context, tx *Tx) error {
				return tx.QueryRow(ctx, `SELECT current_setting($1)`, c.name).Scan(&got)
			})
			if err != nil || got != c.want {
				t.Logf("%s mode %d: got %.40q, error %.200v", c.name, op.Commit, got, err)
			}
		}
	}
	if n := l.number(`SELECT count(*) FROM items`); n != 1 {
		t.Error(n)
	}
}

const advisory = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// Sanity: all fates over a db.DB and a db.Set, in every mode.
func TestFatesOverDB(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	l.exec(MarkerSchema("public.sqlkeel_commits"))
	cfg := l.pool.Config().ConnConfig
	proxy := pgtest.NewProxy(t, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
	proxy.DelayCommits(func() time.Duration { return 50 * time.Millisecond })
	var mu sync.Mutex
	next := pgtest.CommitDelivered
	proxy.OnCommit(func() pgtest.CommitFate {
		mu.Lock()
		defer mu.Unlock()
		f := next
		next = pgtest.CommitDelivered
		return f
	})
	d, err := db.Open(bounded(t), db.Config{DSN: proxy.DSN(l.db.DSN()), Name: "x", MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(bounded(t)) }()
	s, err := db.OpenSet(bounded(t), "x", db.Config{DSN: proxy.DSN(l.db.DSN()), Name: "x", MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(bounded(t)) }()
	for kind, b := range map[string]Beginner{"db": d, "set": s} {
		r := newRunner(t, b, Config{CommitTimeout: 300 * time.Millisecond, ResolveTimeout: 10 * time.Second})
		for name, op := range definite {
			for f := pgtest.CommitDelivered; f <= pgtest.CommitUnknown08007; f++ {
				before := l.number(`SELECT n FROM items`)
				mu.Lock()
				next = f
				mu.Unlock()
				err := Run(bounded(t), r, op.key("%s %v", kind, f), increment)
				var unknown *CommitUnknownError
				if n := l.number(`SELECT n FROM items`) - before; (n == 1) != (err == nil) || errors.As(err, &unknown) {
					t.Errorf("%s %s fate %v: applied %d, error %v", kind, name, f, n, err)
				}
				l.await(advisory, 0)
			}
		}
	}
}
