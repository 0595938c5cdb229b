package txn

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// dbtx is what sqlc's generated code asks for.
type dbtx interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	Query(context.Context, string, ...any) (pgx.Rows, error)
	QueryRow(context.Context, string, ...any) pgx.Row
	CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error)
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}

var _ dbtx = (*Tx)(nil)

func TestDoCommitsAndReturnsTheResult(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	got, err := Do(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) (string, error) {
		return "added", insert(ctx, tx, 1)
	})
	if err != nil || got != "added" || l.rows() != 1 {
		t.Errorf("result %q, error %v, %d rows", got, err, l.rows())
	}
}

func TestAnErrorOfTheFunctionRollsBackAndComesBackUntouched(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		return errBoom
	})
	if err != errBoom {
		t.Errorf("error is %v", err)
	}
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows were committed", n)
	}
}

func TestAllWaysToSendStatementsWork(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "all"}, func(ctx context.Context, tx *Tx) error {
		n, err := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 10}, {2, 20}}))
		if err != nil || n != 2 {
			t.Errorf("copied %d, error %v", n, err)
		}
		batch := &pgx.Batch{}
		batch.Queue(`INSERT INTO items VALUES (3, 30)`)
		batch.Queue(`SELECT id FROM items ORDER BY id`)
		batch.Queue(`SELECT sum(n)::bigint FROM items`)
		results := tx.SendBatch(ctx, batch)
		if tag, err := results.Exec(); err != nil || tag.RowsAffected() != 1 {
			t.Errorf("batch: %v, error %v", tag, err)
		}
		rows, _ := results.Query()
		if ids, err := pgx.CollectRows(rows, pgx.RowTo[int]); err != nil || !slices.Equal(ids, []int{1, 2, 3}) {
			t.Errorf("batch: ids %v, error %v", ids, err)
		}
		var sum int
		if err := results.QueryRow().Scan(&sum); err != nil || sum != 60 {
			t.Errorf("batch: sum %d, error %v", sum, err)
		}
		if err := results.Close(); err != nil {
			return err
		}
		rows, _ = tx.Query(ctx, `SELECT n FROM items WHERE id > $1 ORDER BY id`, 1)
		if ns, err := pgx.CollectRows(rows, pgx.RowTo[int]); err != nil || !slices.Equal(ns, []int{20, 30}) {
			t.Errorf("numbers %v, error %v", ns, err)
		}
		err = tx.QueryRow(ctx, `SELECT n FROM items WHERE id = $1`, 99).Scan(&sum)
		if !errors.Is(err, pgx.ErrNoRows) {
			t.Errorf("no row: error %v", err)
		}
		return nil
	})
	if err != nil || l.rows() != 3 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

func TestIsolationAndAccessModeReachTheServer(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	op := Op{Name: "report", Iso: pgx.Serializable, ReadOnly: true, Settings: map[string]string{"transaction_deferrable": "on"}}
	err := Run(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) error {
		for setting, want := range map[string]string{
			"transaction_isolation": "serializable", "transaction_read_only": "on", "transaction_deferrable": "on",
		} {
			var got string
			if err := tx.QueryRow(ctx, `SELECT current_setting($1)`, setting).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %s", setting, got)
			}
		}
		return insert(ctx, tx, 1)
	})
	if pgerr.KindOf(err) != pgerr.ReadOnly {
		t.Errorf("a write in a read-only transaction: %v", err)
	}
}

func TestItWorksOverASingleConnection(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	r := newRunner(t, l.db.Conn(), Config{})
	for id := range 3 {
		err := Run(t.Context(), r, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, id) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := l.rows(); n != 3 {
		t.Errorf("%d rows", n)
	}
}

func TestAFailureToBeginIsReturned(t *testing.T) {
	t.Parallel()
	r := newRunner(t, &fakeDB{begin: errBoom}, Config{})
	err := Run(t.Context(), r, Op{Name: "add"}, func(context.Context, *Tx) error {
		t.Error("the function was called")
		return nil
	})
	if !errors.Is(err, errBoom) || err.Error() != "txn: add: begin: boom" {
		t.Errorf("error is %v", err)
	}
}

func TestDoAddsNoRoundTrip(t *testing.T) {
	t.Parallel()
	counter, net := pgtest.NewCounter(), &wire{}
	noPing := func(cfg *pgxpool.Config) {
		cfg.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	}
	l := setup(t, one, noPing, counter.Attach, net.attach)
	work := func() {
		err := Run(t.Context(), l.runner, Op{Name: "three", Iso: pgx.Serializable}, func(ctx context.Context, tx *Tx) error {
			for range 3 {
				if _, err := tx.Exec(ctx, `UPDATE items SET n = n + $1`, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	work() // prepares the statement
	counter.Reset()
	_, before := net.counts()
	work()
	_, after := net.counts()
	update := `UPDATE items SET n = n + $1`
	want := []string{"begin isolation level serializable", update, update, update, "commit"}
	if got := counter.Statements(); !slices.Equal(got, want) {
		t.Errorf("statements %q", got)
	}
	if after-before != len(want) {
		t.Errorf("%d flushes for %d statements", after-before, len(want))
	}
}

// Not parallel: the count is of the whole process.
func TestAnUncontendedDoAllocatesLittleMoreThanBeginFunc(t *testing.T) {
	l := setup(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	base := testing.AllocsPerRun(200, func() {
		_ = pgx.BeginFunc(ctx, l.pool, func(pgx.Tx) error { return nil })
	})
	ours := testing.AllocsPerRun(200, func() {
		_, _ = Do(ctx, l.runner, Op{Name: "nothing"}, func(context.Context, *Tx) (int, error) { return 1, nil })
	})
	t.Logf("BeginFunc %v, Do %v", base, ours)
	if ours-base > 6 {
		t.Errorf("Do allocates %v times, BeginFunc %v", ours, base)
	}
}
