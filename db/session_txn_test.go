package db

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestWhatAUnitOfTxnTellsItsSessionDoesNotReachTheNext(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), functions...)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	r, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	before := sessionOf(t, d)
	for _, sql := range append(leavers, "DECLARE hc CURSOR WITH HOLD FOR SELECT 1") {
		for name, op := range map[string]txn.Op{
			"plain": {}, "settings": {Settings: map[string]string{"app.tenant": "7"}},
		} {
			for _, returned := range []error{nil, mine} {
				op.Name = "tell"
				err := txn.Run(t.Context(), r, op, func(ctx context.Context, tx *txn.Tx) error {
					if _, err := tx.Exec(ctx, sql); err != nil {
						return err
					}
					return returned
				})
				if !errors.Is(err, returned) {
					t.Errorf("%s: %s: %v", name, sql, err)
				}
				if after := sessionOf(t, d); after != before {
					t.Errorf("%s, returning %v: %s: the session was %q and is %q", name, returned, sql, before, after)
				}
			}
		}
	}
}

func TestAUnitOfTxnCostsWhatItsStatementsDo(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	sent := new(atomic.Int64)
	d := startOn(t, Config{DSN: pg.DSN(), MaxConns: 1, HealthInterval: time.Hour}, hooks{
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return counted{conn.(*net.TCPConn), sent}, nil
		},
	})
	r, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, pg.Conn(), txn.MarkerSchema("public.sqlkeel_commits"))
	for name, c := range map[string]struct {
		op   txn.Op
		sql  string
		cost int64
	}{
		"plain":    {txn.Op{}, "SELECT count(*) FROM pg_class WHERE oid = $1", 3},
		"settings": {txn.Op{Settings: map[string]string{"app.tenant": "7", "search_path": "public"}, LockTimeout: time.Second}, "SELECT count(*) FROM pg_class WHERE oid = $1", 3},
		"mode":     {txn.Op{ReadOnly: true, Iso: "serializable"}, "SELECT count(*) FROM pg_class WHERE oid = $1", 3},
		"key":      {txn.Op{Commit: txn.Idempotent}, "SELECT count(*) FROM pg_class WHERE oid = $1", 3},
		"marked":   {txn.Op{}, "SELECT count(set_config('app.tenant', $1::int::text, false))", 4},
	} {
		for i := range 3 { // the first prepares
			sent.Store(0)
			op := c.op
			op.Name = name
			if op.Commit == txn.Idempotent {
				op.Key = name + string(rune('a'+i))
			}
			err := txn.Run(t.Context(), r, op, func(ctx context.Context, tx *txn.Tx) error {
				return tx.QueryRow(ctx, c.sql, 1).Scan(nil)
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := sent.Load(); n != c.cost {
			t.Errorf("%s: %d messages were sent, want %d", name, n, c.cost)
		}
	}
}
