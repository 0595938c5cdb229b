package db

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestAStatementThatTheSessionForgotIsPreparedAnew(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	conn := pg.Conn()
	for name, forget := range map[string]func(context.Context, *pgx.Conn) error{
		"DISCARD ALL":    func(ctx context.Context, c *pgx.Conn) error { _, err := c.Exec(ctx, "DISCARD ALL"); return err },
		"DEALLOCATE ALL": func(ctx context.Context, c *pgx.Conn) error { _, err := c.Exec(ctx, "DEALLOCATE ALL"); return err },
		"ALTER TABLE": func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "ALTER TABLE t ADD COLUMN b int")
			return err
		},
	} {
		execute(t, conn, "DROP TABLE IF EXISTS t", "CREATE TABLE t (n int)")
		d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
		insert := func() {
			t.Helper()
			if _, err := d.Exec(t.Context(), "INSERT INTO t (n) VALUES ($1)", 1); err != nil {
				t.Errorf("%s: Exec: %v", name, err)
			}
			if err := d.QueryRow(t.Context(), "INSERT INTO t (n) VALUES (@n) RETURNING n", pgx.NamedArgs{"n": 2}).Scan(nil); err != nil {
				t.Errorf("%s: QueryRow: %v", name, err)
			}
			rows, _ := d.Query(t.Context(), "INSERT INTO t (n) VALUES ($1) RETURNING *", 3)
			if _, err := pgx.CollectRows(rows, pgx.RowToMap); err != nil {
				t.Errorf("%s: Query: %v", name, err)
			}
		}
		insert()
		insert()
		if err := d.WithConn(t.Context(), forget); err != nil {
			t.Fatal(err)
		}
		insert()
		if n := number(t, conn, "SELECT count(*) FROM t"); n != 9 {
			t.Errorf("%s: %d rows, want 9", name, n)
		}
		if s := d.stats(); s.Replays == 0 || s.InUse != 0 || s.NewConns != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// rowsOfAHalfStatement runs statements which insert a row and commit before the
// server refuses a plan, and counts the rows.
func rowsOfAHalfStatement(t *testing.T, statement string) int {
	t.Helper()
	pg := pgtest.New(t)
	conn := pg.Conn()
	execute(t, conn, "CREATE TABLE t (n int)",
		"CREATE PROCEDURE p(n int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (n); COMMIT; EXECUTE 'EXECUTE missing'; END $$")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	var args []any
	if statement == "CALL p($1)" {
		args = append(args, 1)
	}
	if _, err := d.Exec(t.Context(), statement, args...); pgerr.KindOf(err) != pgerr.StalePlan {
		t.Errorf("%s: error %v", statement, err)
	}
	rows, _ := d.Query(t.Context(), statement, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	rows.Close()
	if pgerr.KindOf(rows.Err()) != pgerr.StalePlan {
		t.Errorf("%s: error of Query %v", statement, rows.Err())
	}
	return number(t, conn, "SELECT count(*) FROM t")
}

func TestAStatementThatFailsHalfwayIsNotTakenForForgotten(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{"INSERT INTO t VALUES (1); COMMIT; EXECUTE missing;", "CALL p($1)"} {
		if n := rowsOfAHalfStatement(t, statement); n != 2 {
			t.Errorf("%s: %d rows of two runs", statement, n)
		}
	}
}

func TestASemicolonThatEndsNothingIsNoSecondStatement(t *testing.T) {
	t.Parallel()
	d := start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 1})
	for range 2 {
		for _, sql := range []string{"SELECT ';' || $1::text", ";SELECT $1::text; -- x", `SELECT $1::text AS "a;b" /* ; */`} {
			if _, err := d.Exec(t.Context(), sql, "x"); err != nil {
				t.Errorf("%q: %v", sql, err)
			}
		}
		err := d.WithConn(t.Context(), func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "DISCARD ALL")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
