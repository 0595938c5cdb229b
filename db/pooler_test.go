package db

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/bouncer"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// disguised opens a DB to which the server looks like a pooler.
func disguised(t *testing.T, cfg Config) *DB {
	t.Helper()
	d, err := open(t.Context(), cfg, hooks{dial: bouncer.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d
}

// refused says that err is a *pgerr.PoolerError for use which names the way out.
func refusedFor(t *testing.T, err error, use string, remedies ...string) {
	t.Helper()
	var pooler *pgerr.PoolerError
	if !errors.As(err, &pooler) || pooler.Use != use {
		t.Errorf("%s: got %v", use, err)
		return
	}
	for _, remedy := range remedies {
		if !strings.Contains(err.Error(), remedy) {
			t.Errorf("%q does not say %q", err, remedy)
		}
	}
}

func TestAPoolerIsFoundByTheServersProcess(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := disguised(t, Config{DSN: pg.DSN(), Name: "shop"})
	if r := d.Health(); r.State != Up || r.Pooler != Transaction || !strings.Contains(r.String(), "pooler:  in transaction mode") {
		t.Errorf("the report says %v: %v", r.Pooler, r)
	}
	err := d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error {
		t.Error("the function was called")
		return nil
	})
	refusedFor(t, err, "WithConn", `"shop"`, "connect to the server itself", "Config.Pooler", "db.Session")
	if n := d.stats().Acquires; n != 0 {
		t.Errorf("%d connections were taken for it", n)
	}
	if r := start(t, Config{DSN: pg.DSN()}).Health(); r.Pooler != None || strings.Contains(r.String(), "pooler:") {
		t.Errorf("without one the report says %v: %v", r.Pooler, r)
	}
}

func TestASetRefusesForThePooledOneAlone(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	set := &Set{fallback: "pooled", dbs: map[string]*DB{
		"pooled": disguised(t, Config{DSN: pg.DSN()}), "direct": start(t, Config{DSN: pg.DSN()}),
	}}
	nothing := func(context.Context, *pgx.Conn) error { return nil }
	for target, refused := range map[string]bool{"pooled": true, "direct": false} {
		d, err := set.DB(WithTarget(t.Context(), target))
		if err != nil {
			t.Fatal(err)
		}
		if err = d.WithConn(t.Context(), nothing); refused {
			refusedFor(t, err, "WithConn")
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestTheConfiguredPoolerCounts(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for _, c := range []struct {
		configured Pooler
		there      bool
		refused    bool
		mode       pgx.QueryExecMode
	}{
		{Auto, false, false, pgx.QueryExecModeCacheStatement},
		{Auto, true, true, pgx.QueryExecModeCacheDescribe},
		{None, true, false, pgx.QueryExecModeCacheStatement},
		{Session, true, false, pgx.QueryExecModeCacheStatement},
		{Session, false, false, pgx.QueryExecModeCacheStatement},
		{Transaction, false, true, pgx.QueryExecModeCacheDescribe},
		{Transaction, true, true, pgx.QueryExecModeCacheDescribe},
	} {
		cfg := Config{DSN: pg.DSN(), Pooler: c.configured, MaxConns: 1}
		d := start(t, cfg)
		if c.there {
			d = disguised(t, cfg)
		}
		err := d.WithConn(t.Context(), func(context.Context, *pgx.Conn) error { return nil })
		if (err != nil) != c.refused {
			t.Errorf("%v, there %t: WithConn gives %v", c.configured, c.there, err)
		}
		if c.refused && strings.Contains(err.Error(), "db.Session") != (c.configured == Auto) {
			t.Errorf("%v: the setting is named to one who has set it, or not to one who has not: %v", c.configured, err)
		}
		if mode := modeOf(t, d); mode != c.mode {
			t.Errorf("%v, there %t: statements are sent by %v", c.configured, c.there, mode)
		}
	}
}

// modeOf is how d's pool sends statements.
func modeOf(t *testing.T, d *DB) pgx.QueryExecMode {
	t.Helper()
	l, err := d.acquire(t.Context(), use{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.done(nil)
	return l.conn.Config().DefaultQueryExecMode
}

func TestAChosenExecModeWins(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for parameter, want := range map[string]pgx.QueryExecMode{
		"": pgx.QueryExecModeCacheDescribe,
		"&default_query_exec_mode=cache_statement": pgx.QueryExecModeCacheStatement,
		"&default_query_exec_mode=simple_protocol": pgx.QueryExecModeSimpleProtocol,
		"&description_cache_capacity=0":            pgx.QueryExecModeExec,
	} {
		d := disguised(t, Config{DSN: pg.DSN() + parameter, MaxConns: 1})
		if mode := modeOf(t, d); mode != want {
			t.Errorf("with %q statements are sent by %v, want %v", parameter, mode, want)
		}
	}
	d := disguised(t, Config{DSN: pg.DSN(), MaxConns: 1, ExecMode: pgx.QueryExecModeCacheStatement})
	if mode := modeOf(t, d); mode != pgx.QueryExecModeCacheStatement {
		t.Errorf("with Config.ExecMode statements are sent by %v", mode)
	}
}

func TestListenIsRefusedBehindAPooler(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := disguised(t, Config{DSN: pg.DSN(), MaxConns: 1})
	ctx := t.Context()
	for _, sql := range []string{"LISTEN news", "listen news", "/* a /* b */ */ -- c\nListen news"} {
		_, err := d.Exec(ctx, sql)
		refusedFor(t, err, "LISTEN", "db.Session")
		_, err = d.Query(ctx, sql)
		refusedFor(t, err, "LISTEN")
		refusedFor(t, d.QueryRow(ctx, sql).Scan(nil), "LISTEN")
		batch := &pgx.Batch{}
		batch.Queue("SELECT 1")
		batch.Queue(sql)
		refusedFor(t, d.SendBatch(ctx, batch).Close(), "LISTEN")
		tx, err := d.BeginTx(ctx, pgx.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := tx.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range []pgx.Tx{tx, part} {
			_, err = tx.Exec(ctx, sql)
			refusedFor(t, err, "LISTEN")
			_, err = tx.Query(ctx, sql)
			refusedFor(t, err, "LISTEN")
			refusedFor(t, tx.QueryRow(ctx, sql).Scan(nil), "LISTEN")
			refusedFor(t, tx.SendBatch(ctx, batch).Close(), "LISTEN")
		}
		if err := tx.Commit(ctx); err != nil {
			t.Errorf("the refusals cost the transaction: %v", err)
		}
	}
	var n int
	if err := d.QueryRow(ctx, "SELECT count(*) FROM pg_listening_channels()").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d channels, %v", n, err)
	}
	if s := d.stats(); s.NewConns != 1 || s.InUse != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAPoolerThatComesLaterIsNoticed(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	var log lines
	var pooled atomic.Bool
	d, err := open(t.Context(), Config{DSN: pg.DSN(), Logger: logTo(&log, 0)}, hooks{dial: switched(&pooled)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.Background()) }()
	nothing := func(context.Context, *pgx.Conn) error { return nil }
	if err := d.WithConn(t.Context(), nothing); err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{true, false} {
		pooled.Store(there)
		d.monitor.hangUp() // its probes are 5 s apart
		d.monitor.probe(t.Context())
		if err := d.WithConn(t.Context(), nothing); (err != nil) != there {
			t.Errorf("there %t: %v", there, err)
		}
	}
	if all := strings.Join(log.all(), ""); strings.Count(all, "msg=pooler") != 2 {
		t.Errorf("the log is %s", all)
	}
}

// switched dials as through a pooler while pooled is set.
func switched(pooled *atomic.Bool) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if pooled.Load() {
			return bouncer.Dial(ctx, network, address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

func TestAPoolerHasAWordInReports(t *testing.T) {
	t.Parallel()
	for p, want := range map[Pooler]string{Auto: "auto", None: "none", Session: "session", Transaction: "transaction"} {
		text, err := json.Marshal(Report{Pooler: p})
		var back Report
		if err != nil || !strings.Contains(string(text), `"pooler":"`+want+`"`) || json.Unmarshal(text, &back) != nil || back.Pooler != p {
			t.Errorf("%v is %s, %v, and back %v", p, text, err, back.Pooler)
		}
	}
	var wrong *ConfigError
	if _, err := Open(t.Context(), Config{DSN: "postgres://h/x", Pooler: "pgbouncer"}); !errors.As(err, &wrong) || wrong.Field != "Pooler" {
		t.Errorf("another value gives %v", err)
	}
}
