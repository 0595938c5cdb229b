package txn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

const (
	stormCallers = 50
	stormMost    = 250 // attempts of all of them
)

// clashAll has many callers run what always fails, and returns how many attempts they make
// together, and the most that one of them makes.
func clashAll(t *testing.T, r *Runner, op func(caller int) Op, fn func(ctx context.Context, tx *Tx) error) (attempts, most int) {
	t.Helper()
	ctx := bounded(t)
	var mu sync.Mutex
	var work sync.WaitGroup
	for i := range stormCallers {
		work.Go(func() {
			mine := 0
			err := Run(ctx, r, op(i), func(ctx context.Context, tx *Tx) error { mine++; return fn(ctx, tx) })
			mu.Lock()
			defer mu.Unlock()
			attempts += mine
			most = max(most, mine)
			var exhausted *ExhaustedError
			if !errors.As(err, &exhausted) || pgerr.KindOf(err) != pgerr.Conflict {
				t.Errorf("error is %v", err)
			}
		})
	}
	work.Wait()
	return attempts, most
}

func sameOp(op Op) func(int) Op { return func(int) Op { return op } }

// clash fails with the code, in the statement or at COMMIT.
func (l *lab) clash() {
	l.exec(`CREATE FUNCTION clash(code text) RETURNS int LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'clash' USING ERRCODE = code; END $$;
		CREATE FUNCTION clash_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM clash('40001'); END $$;
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON moves DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION clash_late()`)
}

func clash(code string) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `SELECT clash($1)`, code)
		return err
	}
}

func clashLate(ctx context.Context, tx *Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO moves VALUES (1, 2)`)
	return err
}

func TestAStatementThatAlwaysFailsByAConflictIsNotTriedWithoutBound(t *testing.T) {
	t.Parallel()
	plain := sameOp(Op{Name: "clash"})
	keyed := func(caller int) Op { return Op{Name: "clash", Commit: Idempotent, Key: fmt.Sprint(caller)} }
	for name, tc := range map[string]struct {
		op func(int) Op
		fn func(ctx context.Context, tx *Tx) error
	}{
		"40001":                 {plain, clash("40001")},
		"40P01":                 {plain, clash("40P01")},
		"serializable":          {sameOp(Op{Name: "clash", Iso: pgx.Serializable}), clash("40001")},
		"at COMMIT":             {plain, clashLate},
		"Resolve, at COMMIT":    {sameOp(Op{Name: "clash", Commit: Resolve}), clashLate},
		"Idempotent":            {keyed, clash("40001")},
		"Idempotent, at COMMIT": {keyed, clashLate},
		"another key each":      {func(caller int) Op { return Op{Name: "clash", ConflictKey: fmt.Sprint(caller)} }, clash("40001")},
		"marked Retryable":      {plain, func(ctx context.Context, tx *Tx) error { return Retryable(clash("40001")(ctx, tx)) }},
		"swallowed": {plain, func(ctx context.Context, tx *Tx) error {
			_ = clash("40001")(ctx, tx)
			return nil
		}},
		"in a savepoint": {plain, func(ctx context.Context, tx *Tx) error {
			return tx.Savepoint(ctx, func(ctx context.Context) error { return clash("40001")(ctx, tx) })
		}},
		"joined": {plain, func(ctx context.Context, tx *Tx) error {
			return Run(ctx, tx.runner, Op{Name: "part", Propagation: Join}, clash("40P01"))
		}},
		"nested as a savepoint": {plain, func(ctx context.Context, tx *Tx) error {
			return Run(ctx, tx.runner, Op{Name: "part", Propagation: Savepoint}, clash("40001"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, func(cfg *pgxpool.Config) { cfg.MaxConns = 8 })
			l.clash()
			attempts, most := clashAll(t, l.runner, tc.op, tc.fn)
			if attempts > stormMost || most > defaultAttempts {
				t.Errorf("%d attempts, %d of one caller", attempts, most)
			}
			if n := l.number(`SELECT count(*) FROM moves`); n != 0 {
				t.Errorf("%d rows are committed", n)
			}
		})
	}
}

// Whatever commits beside it, reads or writes, does not pay for what never does.
func TestOtherOperationsDoNotPayForAStorm(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]Op{
		"reader": {Name: "other", ReadOnly: true},
		"writer": {Name: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, func(cfg *pgxpool.Config) { cfg.MaxConns = 8 })
			l.clash()
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			ctx, cancel := context.WithCancel(bounded(t))
			var committed atomic.Int64
			var work sync.WaitGroup
			for range 2 {
				work.Go(func() {
					for ctx.Err() == nil {
						err := Run(ctx, l.runner, other, func(ctx context.Context, tx *Tx) error {
							if other.ReadOnly {
								return tx.QueryRow(ctx, `SELECT n FROM items`).Scan(new(int))
							}
							_, err := tx.Exec(ctx, `INSERT INTO items SELECT max(id) + 1, 0 FROM items ON CONFLICT DO NOTHING`)
							return err
						})
						if err == nil {
							committed.Add(1)
						}
					}
				})
			}
			attempts, most := clashAll(t, l.runner, sameOp(Op{Name: "clash"}), clash("40001"))
			cancel()
			work.Wait()
			if attempts > stormMost || most > defaultAttempts || committed.Load() == 0 {
				t.Errorf("%d attempts, %d of one caller, beside %d commits", attempts, most, committed.Load())
			}
		})
	}
}

// beside is a unit that fails by a conflict after another one was committed.
func beside(r *Runner, other Op) func(context.Context, *Tx) error {
	return func(context.Context, *Tx) error {
		if err := Run(context.Background(), r, other, nothing); err != nil {
			return err
		}
		return serverError("40001")
	}
}

func TestCommitsOfOthersExcuseConflictsOnlySoOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, other := range []Op{{Name: "other"}, {Name: "other", ReadOnly: true}} {
			r := newRunner(t, beginnerFunc(func() *fakeDB { return &fakeDB{} }), Config{})
			attempts, most := clashAll(t, r, sameOp(Op{Name: "clash"}), beside(r, other))
			bound := stormCallers + r.cfg.RetryBudget/costRetry
			if !other.ReadOnly {
				bound += excusedMost
			}
			if attempts > bound || most > defaultAttempts {
				t.Errorf("beside %+v: %d attempts, %d of one caller", other, attempts, most)
			}
		}
	})
}
