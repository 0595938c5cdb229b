package txn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgerr"
)

// beginners are what units run on, each of n connections at most.
func (l *lab) beginners(n int, mode pgx.QueryExecMode) map[string]Beginner {
	l.t.Helper()
	set := func(cfg *pgxpool.Config) { cfg.MaxConns, cfg.ConnConfig.DefaultQueryExecMode = int32(n), mode }
	d, err := db.Open(bounded(l.t), db.Config{DSN: l.db.DSN(), MaxConns: n, ExecMode: mode})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = d.Close(bounded(l.t)) })
	all := map[string]Beginner{"pool": l.db.Pool(set), "db": d}
	if n == 1 {
		cfg, err := pgx.ParseConfig(l.db.DSN())
		if err != nil {
			l.t.Fatal(err)
		}
		cfg.DefaultQueryExecMode = mode
		conn, err := pgx.ConnectConfig(bounded(l.t), cfg)
		if err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(func() { _ = conn.Close(bounded(l.t)) })
		all["conn"] = conn
	}
	return all
}

// width reads a row by all its columns, and returns how many there are.
func width(ctx context.Context, tx *Tx) (int, error) {
	rows, err := tx.Query(ctx, `SELECT * FROM items WHERE id = $1`, 1)
	if err != nil {
		return 0, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToMap)
	return len(row), err
}

// other reads the same table by another statement.
func other(ctx context.Context, tx *Tx) error {
	return tx.QueryRow(ctx, `SELECT items, $1::int FROM items`, 1).Scan(nil, nil)
}

// staleShapes are units that read by plans which a change of the table makes stale.
var staleShapes = map[string]func(ctx context.Context, tx *Tx) error{
	"a statement": func(ctx context.Context, tx *Tx) error { _, err := width(ctx, tx); return err },
	"two statements": func(ctx context.Context, tx *Tx) error {
		if err := other(ctx, tx); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT i.* FROM items i WHERE id > $1`, 0)
		if _, err := pgx.CollectRows(rows, pgx.RowToMap); err != nil {
			return err
		}
		_, err := width(ctx, tx)
		return err
	},
	"a batch": func(ctx context.Context, tx *Tx) error {
		var batch pgx.Batch
		batch.Queue(`UPDATE items SET n = n WHERE id = $1`, 1)
		batch.Queue(`SELECT * FROM items WHERE id <> $1`, 2)
		batch.Queue(`SELECT * FROM items WHERE id < $1`, 5)
		results := tx.SendBatch(ctx, &batch)
		defer results.Close()
		for range batch.Len() {
			rows, _ := results.Query()
			rows.Close()
			if rows.Err() != nil {
				return rows.Err()
			}
		}
		return results.Close()
	},
	"swallowed": func(ctx context.Context, tx *Tx) error { _, _ = width(ctx, tx); return nil },
	"a savepoint": func(ctx context.Context, tx *Tx) error {
		return tx.Savepoint(ctx, func(ctx context.Context) error { _, err := width(ctx, tx); return err })
	},
	"joined": func(ctx context.Context, tx *Tx) error {
		return Run(ctx, tx.runner, Op{Name: "part", Propagation: Join}, func(ctx context.Context, tx *Tx) error { _, err := width(ctx, tx); return err })
	},
	"a nested savepoint": func(ctx context.Context, tx *Tx) error {
		return Run(ctx, tx.runner, Op{Name: "part", Propagation: Savepoint}, func(ctx context.Context, tx *Tx) error { _, err := width(ctx, tx); return err })
	},
}

func TestAUnitWithAStalePlanIsRunAgain(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			columns := 0
			for kind, b := range l.beginners(1, mode) {
				r := newRunner(t, b, Config{MaxAttempts: 4, RetryBudget: 3}) // as many tokens as there are statements
				for shape, fn := range staleShapes {
					for _, iso := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.Serializable} {
						for _, commit := range []CommitMode{ReturnUnknown, Idempotent} {
							op := func(n int) Op {
								op := Op{Name: shape, Iso: iso, Commit: commit}
								if commit == Idempotent {
									op.Key = fmt.Sprint(kind, shape, iso, n, columns)
								}
								return op
							}
							if err := Run(bounded(t), r, op(1), fn); err != nil {
								t.Fatal(err)
							}
							columns++
							l.exec(`ALTER TABLE items ADD COLUMN c` + strconv.Itoa(columns) + ` int`)
							if err := Run(bounded(t), r, op(2), fn); err != nil {
								t.Errorf("%s, %s, %s, %v: %v", kind, shape, iso, commit, err)
							}
						}
					}
				}
			}
		})
	}
}

// forget lets the sessions forget their statements behind pgx's back.
func TestAUnitWhoseStatementsTheSessionForgotIsRunAgain(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	for kind, b := range l.beginners(1, pgx.QueryExecModeCacheStatement) {
		for _, forget := range []string{"DEALLOCATE ALL", "DISCARD PLANS; DEALLOCATE ALL"} {
			for shape, fn := range staleShapes {
				for _, commit := range []CommitMode{ReturnUnknown, Resolve} {
					r := newRunner(t, b, Config{})
					op := Op{Name: shape, Commit: commit}
					if err := Run(bounded(t), r, op, fn); err != nil {
						t.Fatal(err)
					}
					err := Run(bounded(t), r, Op{Name: "forget"}, func(ctx context.Context, tx *Tx) error {
						_, err := tx.Exec(ctx, forget, pgx.QueryExecModeSimpleProtocol)
						return err
					})
					if err != nil {
						t.Fatal(err)
					}
					if err := Run(bounded(t), r, op, fn); err != nil {
						t.Errorf("%s, %s, %s, %v: %v", kind, forget, shape, commit, err)
					}
				}
			}
		}
	}
}

func TestNobodySeesAStalePlanWhileATableChanges(t *testing.T) {
	t.Parallel()
	for _, conns := range []int{4, 8} {
		t.Run(fmt.Sprint(conns), func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			for kind, b := range l.beginners(conns, pgx.QueryExecModeCacheStatement) {
				r := newRunner(t, b, Config{})
				var done atomic.Bool
				var runs, again atomic.Int64
				var work sync.WaitGroup
				for range 8 {
					work.Go(func() {
						for !done.Load() {
							err := Run(bounded(t), r, Op{Name: "read"}, func(ctx context.Context, tx *Tx) error {
								runs.Add(1)
								if tx.Attempt() > 1 {
									again.Add(1)
								}
								_, err := width(ctx, tx)
								return err
							})
							if err != nil {
								t.Errorf("%s: %v", kind, err)
							}
						}
					})
				}
				for i := range 10 {
					for before := runs.Load(); runs.Load() < before+40; { // so that all connections have a plan
						time.Sleep(time.Millisecond)
					}
					l.exec(`ALTER TABLE items ADD COLUMN ` + kind + strconv.Itoa(i) + ` int`)
				}
				done.Store(true)
				work.Wait()
				if again.Load() == 0 {
					t.Errorf("%s: no attempt met a stale plan", kind)
				}
			}
		})
	}
}

func TestAStalePlanIsMetOnceOnAConnection(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`CREATE FUNCTION forgotten() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '26000'; END $$`)
	for conns, most := range map[int]int{1: 2, 3: 4} {
		for kind, b := range l.beginners(conns, pgx.QueryExecModeCacheStatement) {
			r, attempts := newRunner(t, b, Config{}), 0
			err := Run(bounded(t), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				attempts++
				_, err := tx.Exec(ctx, `SELECT forgotten()`)
				return err
			})
			var exhausted *ExhaustedError
			if pgerr.KindOf(err) != pgerr.StalePlan || errors.As(err, &exhausted) || attempts < 2 || attempts > most {
				t.Errorf("%s of %d: %d attempts, error %v", kind, conns, attempts, err)
			}
		}
	}
}

// What only looks like a stale plan is not run again, nor is one of another handle.
func TestOtherErrorsThanStalePlansAreNotRunAgain(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	send := func(sql string, args ...any) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error { _, err := tx.Exec(ctx, sql, args...); return err }
	}
	for name, tc := range map[string]struct {
		fn   func(context.Context, *Tx) error
		code string
	}{
		"FOR UPDATE of an aggregate": {send(`SELECT sum(n) FROM items FOR UPDATE`), "0A000"},
		"another database":           {send(`SELECT * FROM other.public.items`), "0A000"},
		"in the words of the plan cache": {send(`DO $$ BEGIN RAISE EXCEPTION 'cached plan must not change result type' USING ERRCODE = '0A000'; END $$`),
			"0A000"},
		"prepared twice": {func(ctx context.Context, tx *Tx) error {
			return errors.Join(send(`PREPARE twice AS SELECT 1`)(ctx, tx), send(`PREPARE twice AS SELECT 1`)(ctx, tx))
		}, "42P05"},
		"another handle's": {func(context.Context, *Tx) error {
			return &pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "26000"}
		}, "26000"},
	} {
		attempts := 0
		err := Run(bounded(t), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			attempts++
			return tc.fn(ctx, tx)
		})
		if attempts != 1 || pgerr.Code(err) != tc.code {
			t.Errorf("%s: %d attempts, error %v", name, attempts, err)
		}
		if advice := pgerr.Advice(err); (tc.code == "42P05") != (advice != "") {
			t.Errorf("%s: advice %q", name, advice)
		}
	}
}

func TestAStalePlanCostsATokenAndNoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := newRunner(t, &fakeDB{exec: serverError("26000")}, Config{RetryBudget: 3, BackoffBase: time.Hour, BackoffMax: time.Hour})
		attempts := 0
		run := func() error {
			return Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
				attempts++
				_, err := tx.Exec(ctx, `SELECT 1`)
				return err
			})
		}
		for range 3 {
			if err := run(); errors.Is(err, ErrRetryBudget) || pgerr.Code(err) != "26000" {
				t.Errorf("error is %v", err)
			}
		}
		if err := run(); !errors.Is(err, ErrRetryBudget) || attempts != 2*3+1 || time.Since(start) != 0 {
			t.Errorf("%d attempts, after %v, error %v", attempts, time.Since(start), err)
		}
		if err := Run(t.Context(), r, Op{Name: "once", MaxAttempts: 1}, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, `SELECT 1`)
			return err
		}); pgerr.Code(err) != "26000" {
			t.Errorf("error is %v", err)
		}
	})
}
