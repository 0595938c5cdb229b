package txn_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestUnitsOverDBRecoverWhenNewSessionsTakeWrites(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	admin := pg.Conn()
	name := pgx.Identifier{admin.Config().Database}.Sanitize()
	for _, sql := range []string{"CREATE TABLE t (n int)", "ALTER DATABASE " + name + " SET default_transaction_read_only = on"} {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	d, err := db.Open(t.Context(), db.Config{DSN: pg.DSN(), MaxConns: 1, HealthInterval: time.Hour, HealthTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(context.WithoutCancel(t.Context())) }()
	r, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	add := func(op txn.Op) error {
		return txn.Run(t.Context(), r, op, func(ctx context.Context, tx *txn.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
	}
	ops := []txn.Op{{Name: "plain"}, {Name: "again", RetryLost: true}, {Name: "definite", Commit: txn.Resolve}}
	for _, op := range ops {
		if err := add(op); pgerr.Code(err) != "25006" {
			t.Errorf("%s: error %v", op.Name, err)
		}
	}
	// The session that is there keeps the setting.
	if _, err := admin.Exec(t.Context(), "ALTER DATABASE "+name+" RESET default_transaction_read_only"); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); ; {
		err := add(ops[0])
		if err == nil {
			break
		}
		if pgerr.Code(err) != "25006" || time.Now().After(limit) {
			t.Fatal(err)
		}
	}
	for _, op := range ops {
		if err := add(op); err != nil {
			t.Errorf("%s, after it: %v", op.Name, err)
		}
	}
	before := d.Health().Pool.Resets
	if err := add(txn.Op{Name: "reads", ReadOnly: true}); pgerr.Code(err) != "25006" {
		t.Errorf("error %v", err)
	}
	if err := add(ops[0]); err != nil {
		t.Errorf("after a unit that may not write: %v", err)
	}
	if n := d.Health().Pool.Resets; n != before || before != 1 {
		t.Errorf("%d resets, then %d", before, n)
	}
}
