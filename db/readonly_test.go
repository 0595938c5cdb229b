package db

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// writes are the ways to write, each an insert into t (n int).
var writes = map[string]func(ctx context.Context, d *DB) error{
	"Exec": func(ctx context.Context, d *DB) error {
		_, err := d.Exec(ctx, "INSERT INTO t VALUES (1)")
		return err
	},
	"Query": func(ctx context.Context, d *DB) error {
		rows, _ := d.Query(ctx, "INSERT INTO t VALUES ($1) RETURNING n", 1)
		rows.Close()
		return rows.Err()
	},
	"QueryRow of a function": func(ctx context.Context, d *DB) error {
		return d.QueryRow(ctx, "SELECT put()").Scan(nil)
	},
	"CopyFrom": func(ctx context.Context, d *DB) error {
		_, err := d.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"n"}, pgx.CopyFromRows([][]any{{1}}))
		return err
	},
	"SendBatch": func(ctx context.Context, d *DB) error {
		batch := &pgx.Batch{}
		batch.Queue("SELECT 1")
		batch.Queue("INSERT INTO t VALUES (1)")
		return d.SendBatch(ctx, batch).Close()
	},
	"WithConn": func(ctx context.Context, d *DB) error {
		return d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
	},
	"an error that is kept": func(ctx context.Context, d *DB) (err error) {
		_ = d.WithConn(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			_, err = conn.Exec(ctx, "INSERT INTO t VALUES (1)")
			return nil
		})
		return err
	},
	"Begin": func(ctx context.Context, d *DB) error {
		return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
	},
	"BeginTx, serializable": func(ctx context.Context, d *DB) error { // 0A000 on a standby
		return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
	},
}

const tableAndFunction = `CREATE TABLE t (n int);
	CREATE FUNCTION put() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING n'`

// pair is a primary and its standby, with a table t on both.
func pair(t *testing.T) (primary, standby *pgtest.Server) {
	t.Helper()
	primary = pgtest.NewServer(t)
	standby = primary.NewStandby()
	conn, err := pgx.Connect(t.Context(), primary.DSN())
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, tableAndFunction)
	_ = conn.Close(t.Context())
	eventually(t, "the table on the standby", func() bool {
		conn, err := pgx.Connect(t.Context(), standby.DSN())
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close(t.Context()) }()
		_, err = conn.Exec(t.Context(), "SELECT FROM t")
		return err == nil
	})
	return primary, standby
}

func TestWritesRecoverWhenTheAddressLeadsToAPrimary(t *testing.T) {
	t.Parallel()
	primary, standby := pair(t)
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := pgtest.NewProxy(t, standby.Addr())
			// The probe comes once an hour: what recovers does so by refused writes.
			d := start(t, Config{DSN: proxy.DSN(standby.DSN()), MaxConns: 4, MinConns: 4, HealthInterval: time.Hour, HealthTimeout: patience})
			fill(t, d, 4)
			for range 5 {
				if code := pgerr.Code(write(t.Context(), d)); code != "25006" && code != "0A000" {
					t.Errorf("on a standby: code %q", code)
				}
			}
			if r := d.Health(); r.State != ReadOnly || d.stats().Resets != 0 {
				t.Errorf("%v, %+v", r.State, d.stats())
			}
			proxy.Redirect(primary.Addr())
			eventually(t, "a write", func() bool { return write(t.Context(), d) == nil })
			if s := d.stats(); s.Resets != 1 {
				t.Errorf("%+v", s)
			}
			eventually(t, "health", func() bool { return d.Health().State == Up && d.Health().Server.Role == "primary" })
			for range 4 {
				if err := write(t.Context(), d); err != nil {
					t.Errorf("after the first success: %v", err)
				}
			}
		})
	}
}

func TestWritesOnAStandbyMakeNoStorm(t *testing.T) {
	t.Parallel()
	_, standby := pair(t)
	proxy := pgtest.NewProxy(t, standby.Addr())
	d := start(t, Config{DSN: proxy.DSN(standby.DSN()), MaxConns: 8, AcquireTimeout: patience, HealthInterval: patience, HealthTimeout: patience})
	fill(t, d, 8)
	before, begin := proxy.Dials(), time.Now()
	ctx, stop := context.WithCancel(t.Context())
	var refused, reads atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := d.Exec(t.Context(), "INSERT INTO t VALUES (1)"); pgerr.Code(err) != "25006" {
					t.Errorf("a write: %v", err)
				}
				refused.Add(1)
			}
		})
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := d.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(nil); err != nil {
					t.Errorf("a read: %v", err)
				}
				reads.Add(1)
			}
		})
	}
	eventually(t, "three looks", func() bool { return proxy.Dials() >= before+3 })
	stop()
	wg.Wait()
	dials, took := proxy.Dials()-before, time.Since(begin)
	if most := int(took/lookAgain) + 1; dials > most {
		t.Errorf("%d dials in %v, want %d at most", dials, took, most)
	}
	if s := d.stats(); s.Resets != 0 || s.NewConns != 8 || len(s.Closed) != 0 {
		t.Errorf("after %d refused writes and %d reads: %+v", refused.Load(), reads.Load(), s)
	}
}

func TestAStandbyThatIsPromotedInPlaceTakesWrites(t *testing.T) {
	t.Parallel()
	_, standby := pair(t)
	d := start(t, Config{DSN: standby.DSN(), MaxConns: 2, HealthInterval: time.Hour, HealthTimeout: patience})
	if err := writes["Exec"](t.Context(), d); pgerr.Code(err) != "25006" {
		t.Errorf("error %v", err)
	}
	standby.Promote()
	eventually(t, "a write", func() bool { return writes["Exec"](t.Context(), d) == nil })
	eventually(t, "health", func() bool { return d.Health().State == Up })
}

func TestWritesRecoverWhenASettingIsTakenBack(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	admin := pg.Conn()
	execute(t, admin, tableAndFunction, "ALTER DATABASE "+admin.Config().Database+" SET default_transaction_read_only = on")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 3, HealthInterval: time.Hour, HealthTimeout: patience})
	fill(t, d, 3)
	if err := writes["Exec"](t.Context(), d); pgerr.Code(err) != "25006" {
		t.Errorf("error %v", err)
	}
	if s := d.Health().State; s != ReadOnly {
		t.Errorf("the state is %v", s)
	}
	// The sessions that are there keep it.
	execute(t, admin, "ALTER DATABASE "+admin.Config().Database+" RESET default_transaction_read_only")
	for name, write := range writes {
		eventually(t, name, func() bool { return write(t.Context(), d) == nil })
	}
	eventually(t, "health", func() bool { return d.Health().State == Up })
}

func TestAServerThatTurnsReadOnlyInPlaceComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	admin, err := pgx.Connect(t.Context(), server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }()
	execute(t, admin, tableAndFunction)
	d := start(t, Config{DSN: server.DSN(), MaxConns: 3, HealthInterval: 50 * time.Millisecond})
	for range 2 {
		execute(t, admin, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
		eventually(t, "a refusal", func() bool { return pgerr.Code(writes["Exec"](t.Context(), d)) == "25006" })
		eventually(t, "read-only", func() bool { return d.Health().State == ReadOnly })
		execute(t, admin, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()", "RESET default_transaction_read_only")
		eventually(t, "a write", func() bool { return writes["Exec"](t.Context(), d) == nil })
		eventually(t, "up", func() bool { return d.Health().State == Up })
	}
}

// looksAfter returns how often d's monitor dialled because of what use did.
func looksAfter(t *testing.T, dsn func(string) string, use func(d *DB)) int {
	t.Helper()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), tableAndFunction)
	proxy := pgtest.NewProxy(t, addrOf(t, pg.DSN()))
	d := start(t, Config{DSN: dsn(proxy.DSN(pg.DSN())), MaxConns: 1, HealthInterval: 500 * time.Millisecond})
	fill(t, d, 1)
	opened, before := time.Now(), proxy.Dials()
	eventually(t, "the time of a look", func() bool { return time.Since(opened) > lookAgain })
	use(d)
	probes := d.Health().Probes.Count
	eventually(t, "probes after it", func() bool { return d.Health().Probes.Count > probes+2 })
	if n := d.stats().Resets; n != 0 {
		t.Errorf("%d resets", n)
	}
	return proxy.Dials() - before
}

func TestAReadOnlyTransactionOfTheCallersOwnMakesNobodyLook(t *testing.T) {
	t.Parallel()
	same := func(dsn string) string { return dsn }
	insert := func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO t VALUES (1)")
		return err
	}
	for name, use := range map[string]func(d *DB) error{
		"BeginTx": func(d *DB) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{AccessMode: pgx.ReadOnly}, insert)
		},
		"SET TRANSACTION": func(d *DB) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), "SET TRANSACTION READ ONLY"); err != nil {
					return err
				}
				return insert(tx)
			})
		},
		"by hand": func(d *DB) error {
			return d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, "BEGIN READ ONLY; INSERT INTO t VALUES (1)")
				return err
			})
		},
		"session in WithConn": func(d *DB) error {
			return d.WithConn(t.Context(), func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, "SET default_transaction_read_only = on")
				if err == nil {
					_, err = conn.Exec(ctx, "INSERT INTO t VALUES (1)")
				}
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := looksAfter(t, same, func(d *DB) {
				if err := use(d); pgerr.Code(err) != "25006" {
					t.Errorf("error %v", err)
				}
				if err := writes["Exec"](t.Context(), d); err != nil {
					t.Errorf("the next write: %v", err)
				}
			})
			if n != 0 {
				t.Errorf("%d dials", n)
			}
		})
	}
}

func TestAHandleThatIsMeantForReadsMakesNobodyLook(t *testing.T) {
	t.Parallel()
	for name, param := range map[string]string{
		"parameter": "default_transaction_read_only=on",
		"options":   "options=-c%20default_transaction_read_only%3Don",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := func(dsn string) string { return dsn + "&" + param }
			n := looksAfter(t, dsn, func(d *DB) {
				for range 3 {
					if err := writes["Exec"](t.Context(), d); pgerr.Code(err) != "25006" {
						t.Errorf("error %v", err)
					}
				}
			})
			if n != 0 {
				t.Errorf("%d dials", n)
			}
		})
	}
}

func TestASessionThatItsUserMadeReadOnlyIsNotLentForLong(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), tableAndFunction)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1, HealthInterval: time.Hour})
	if _, err := d.Exec(t.Context(), "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"); err != nil {
		t.Fatal(err)
	}
	_ = writes["Exec"](t.Context(), d)
	if err := writes["Exec"](t.Context(), d); err != nil {
		t.Errorf("the second write: %v", err)
	}
	if n := d.stats().Resets; n != 0 {
		t.Errorf("%d resets", n)
	}
}

func TestAStandbyHandleIsNotEmptiedByAMistakenWrite(t *testing.T) {
	t.Parallel()
	primary, standby := pair(t)
	for _, attrs := range []string{"standby", "read-only", "prefer-standby"} {
		t.Run(attrs, func(t *testing.T) {
			t.Parallel()
			both := strings.Replace(standby.DSN(), standby.Addr(), primary.Addr()+","+standby.Addr(), 1)
			d := start(t, Config{
				DSN: both + "&target_session_attrs=" + attrs, MaxConns: 2, HealthInterval: 50 * time.Millisecond,
			})
			fill(t, d, 2)
			for range 3 {
				if err := writes["Exec"](t.Context(), d); pgerr.Code(err) != "25006" {
					t.Errorf("error %v", err)
				}
				opened := d.Health().Probes.Count
				eventually(t, "probes", func() bool { return d.Health().Probes.Count > opened+3 })
			}
			if s := d.stats(); s.Resets != 0 || s.NewConns != 2 {
				t.Errorf("%+v", s)
			}
			// A probe every 50 ms may come late on a busy machine, which looks like down.
			eventually(t, "read-only", func() bool { return d.Health().State == ReadOnly })
		})
	}
}

func TestWhyASessionTakesNoWritesIsAsked(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for want, setup := range map[cause]string{
		ofTransaction: "SELECT 1",
		ofSession:     "SET default_transaction_read_only = on",
	} {
		conn := pg.Conn()
		execute(t, conn, setup)
		var why cause
		if err := why.ask(t.Context(), conn.PgConn()); err != nil || why != want {
			t.Errorf("%s: %d, want %d: %v", setup, why, want, err)
		}
	}
	conn := pg.Conn()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := new(cause).ask(ctx, conn.PgConn()); err == nil {
		t.Error("an answer without asking")
	}
}
