package db

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// A DB is what sqlc's code asks for, and so is a Set.
var (
	_ Executor = (*DB)(nil)
	_ Executor = (*Set)(nil)
)

func TestEveryMethodDoesItsWorkAndGivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE t (n int PRIMARY KEY)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	ctx := t.Context()
	if tag, err := d.Exec(ctx, "INSERT INTO t VALUES ($1), ($2)", 1, 2); err != nil || tag.RowsAffected() != 2 {
		t.Errorf("Exec: %v, %v", tag, err)
	}
	if n, err := d.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"n"}, pgx.CopyFromRows([][]any{{3}, {4}})); err != nil || n != 2 {
		t.Errorf("CopyFrom: %d, %v", n, err)
	}
	rows, _ := d.Query(ctx, "SELECT n FROM t ORDER BY n")
	list, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || fmt.Sprint(list) != "[1 2 3 4]" {
		t.Errorf("Query: %v, %v", list, err)
	}
	var sum int
	if err := d.QueryRow(ctx, "SELECT sum(n) FROM t").Scan(&sum); err != nil || sum != 10 {
		t.Errorf("QueryRow: %d, %v", sum, err)
	}
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO t VALUES (5)")
	batch.Queue("SELECT count(*) FROM t").QueryRow(func(row pgx.Row) error { return row.Scan(&sum) })
	if err := d.SendBatch(ctx, batch).Close(); err != nil || sum != 5 {
		t.Errorf("SendBatch: %d, %v", sum, err)
	}
	if s := d.stats(); s.InUse != 0 || s.NewConns != 1 || s.Acquires != 5 {
		t.Errorf("five uses of one connection left %+v", s)
	}
}

func TestAnErrorGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	ctx := t.Context()
	fails := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s of a missing table succeeded", what)
		}
	}
	_, err := d.Exec(ctx, "DELETE FROM missing")
	fails("Exec", err)
	rows, err := d.Query(ctx, "SELECT * FROM missing")
	fails("Query", err)
	fails("Rows of Query", rows.Err())
	fails("QueryRow", d.QueryRow(ctx, "SELECT * FROM missing").Scan())
	_, err = d.CopyFrom(ctx, pgx.Identifier{"missing"}, []string{"n"}, pgx.CopyFromRows(nil))
	fails("CopyFrom", err)
	batch := &pgx.Batch{}
	batch.Queue("DELETE FROM missing")
	fails("SendBatch", d.SendBatch(ctx, batch).Close())
	if err := d.QueryRow(ctx, "SELECT 1 WHERE false").Scan(new(int)); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("QueryRow without a row: %v", err)
	}
	if s := d.stats(); s.InUse != 0 || s.NewConns != 1 {
		t.Errorf("after errors: %+v", s)
	}
}

// bomb panics when pgx encodes it.
type bomb struct{}

func (bomb) MarshalJSON() ([]byte, error) { panic("boom") }

func TestAnArgumentThatPanicsDoesNotCostAConnection(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	batch := &pgx.Batch{}
	batch.Queue("SELECT $1::json", bomb{})
	for name, use := range map[string]func(context.Context){
		"Exec":      func(ctx context.Context) { _, _ = d.Exec(ctx, "SELECT $1::json", bomb{}) },
		"Query":     func(ctx context.Context) { _, _ = d.Query(ctx, "SELECT $1::json", bomb{}) },
		"QueryRow":  func(ctx context.Context) { _ = d.QueryRow(ctx, "SELECT $1::json", bomb{}).Scan() },
		"SendBatch": func(ctx context.Context) { _ = d.SendBatch(ctx, batch).Close() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not let the panic through", name)
				}
			}()
			use(t.Context())
		}()
		if n := d.stats().InUse; n != 0 {
			t.Fatalf("%s left %d connections in use", name, n)
		}
	}
}

func TestATransactionGivesItsConnectionBackAtItsEnd(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	for _, commit := range []bool{true, false} {
		tx, err := d.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.Serializable})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if n := d.stats().InUse; n != 1 {
			t.Errorf("%d in use during a transaction", n)
		}
		if commit {
			err = tx.Commit(t.Context())
		} else {
			err = tx.Rollback(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := d.stats().InUse; n != 0 {
			t.Errorf("%d in use after a transaction", n)
		}
		if err := tx.Rollback(t.Context()); !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("a second end: %v", err)
		}
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 1 {
		t.Errorf("%d rows, want the committed one", n)
	}
}

func TestABatchCanBeginATransaction(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	batch.Queue("INSERT INTO t VALUES (1)")
	results := d.SendBatch(t.Context(), batch)
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
	if n := d.stats().InUse; n != 1 {
		t.Errorf("%d in use while the batch's transaction is open", n)
	}
	if err := results.Tx().Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.stats().InUse; n != 0 {
		t.Errorf("%d in use after its commit", n)
	}
	if n := number(t, conn, "SELECT count(*) FROM t"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestEveryExecModeWorks(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		d := start(t, Config{DSN: pg.DSN(), ExecMode: mode, MaxConns: 1})
		for range 2 {
			var n int
			if err := d.QueryRow(t.Context(), "SELECT $1::int + 1", 41).Scan(&n); err != nil || n != 42 {
				t.Errorf("mode %v: %d, %v", mode, n, err)
			}
		}
		prepared := 0
		if err := d.QueryRow(t.Context(), "SELECT count(*) FROM pg_prepared_statements", pgx.QueryExecModeSimpleProtocol).Scan(&prepared); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 1}[mode == pgx.QueryExecModeCacheStatement]; prepared != want {
			t.Errorf("mode %v left %d prepared statements, want %d", mode, prepared, want)
		}
	}
}

func TestASettingInTheDSNDecidesOnPlans(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	for mode, want := range map[string]int{"auto": 5, "force_custom_plan": 0} {
		d := start(t, Config{DSN: pg.DSN() + "&plan_cache_mode=" + mode, MaxConns: 1})
		for range 10 { // of which PostgreSQL makes a plan for the values of five at least
			if _, err := d.Exec(t.Context(), "SELECT $1::int", 1); err != nil {
				t.Fatal(err)
			}
		}
		generic := 0
		const plans = "SELECT generic_plans FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'"
		if err := d.QueryRow(t.Context(), plans, pgx.QueryExecModeSimpleProtocol).Scan(&generic); err != nil {
			t.Fatal(err)
		}
		if generic != want {
			t.Errorf("plan_cache_mode=%s: %d calls used a plan for all values, want %d", mode, generic, want)
		}
	}
}
