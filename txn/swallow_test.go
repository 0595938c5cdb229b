package txn

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

func TestASwallowedErrorIsReportedAndNothingCommitted(t *testing.T) {
	t.Parallel()
	queue := func(sql string) *pgx.Batch {
		b := &pgx.Batch{}
		b.Queue(sql)
		return b
	}
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	const dup = `INSERT INTO items SELECT 1, 0 FROM items RETURNING id`
	for name, swallow := range map[string]func(ctx context.Context, tx *Tx){
		"Exec": func(ctx context.Context, tx *Tx) { _, _ = tx.Exec(ctx, dup) },
		"QueryRow": func(ctx context.Context, tx *Tx) {
			_ = tx.QueryRow(ctx, dup).Scan(new(int))
		},
		"Query, by Next": func(ctx context.Context, tx *Tx) {
			rows, _ := tx.Query(ctx, dup)
			for rows.Next() {
			}
		},
		"Query, by Close": func(ctx context.Context, tx *Tx) {
			rows, _ := tx.Query(ctx, dup)
			rows.Close()
		},
		"CopyFrom": func(ctx context.Context, tx *Tx) {
			_, _ = tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 1}}))
		},
		"batch, by Close": func(ctx context.Context, tx *Tx) { _ = tx.SendBatch(ctx, queue(dup)).Close() },
		"batch, by Exec": func(ctx context.Context, tx *Tx) {
			results := tx.SendBatch(ctx, queue(dup))
			_, _ = results.Exec()
			_ = results.Close()
		},
		"batch, by Query": func(ctx context.Context, tx *Tx) {
			results := tx.SendBatch(ctx, queue(dup))
			rows, _ := results.Query()
			rows.Close()
			_ = results.Close()
		},
		"batch, by QueryRow": func(ctx context.Context, tx *Tx) {
			results := tx.SendBatch(ctx, queue(dup))
			_ = results.QueryRow().Scan(new(int))
			_ = results.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
				if err := insert(ctx, tx, 2); err != nil {
					return err
				}
				swallow(ctx, tx)
				_ = insert(ctx, tx, 3) // 25P02, which must not hide the first
				return nil
			})
			if !errors.Is(err, ErrSwallowed) || violated(err) != "items_pkey" {
				t.Errorf("error is %v", err)
			}
			if n := l.rows(); n != 1 {
				t.Errorf("%d rows", n)
			}
		})
	}
}

func TestTheFirstErrorStandsForAFailedTransactionAndIsNotRetried(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	attempts := 0
	err := Run(t.Context(), l.runner, Op{Name: "add", MaxAttempts: 3}, func(ctx context.Context, tx *Tx) error {
		attempts++
		_, _ = tx.Exec(ctx, `SELECT 1/0`)
		return insert(ctx, tx, 1) // says 25P02
	})
	if pgerr.Code(err) != "22012" {
		t.Fatalf("the cause is not in %v", err)
	}
	if err := differ("attempts", attempts, 1); err != nil {
		t.Error(err)
	}
}

func TestAConflictTheFunctionHidIsRetriedAllTheSame(t *testing.T) {
	t.Parallel()
	for name, hide := range map[string]func(error) error{
		"by nil":           func(error) error { return nil },
		"by its own error": func(error) error { return errBoom },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			err := Run(t.Context(), l.runner, Op{Name: "add", Iso: pgx.RepeatableRead}, func(ctx context.Context, tx *Tx) error {
				if err := loseUpdate(l, ctx, tx); err != nil {
					return hide(err)
				}
				return nil
			})
			if err != nil || l.number(`SELECT n FROM items`) != 101 {
				t.Errorf("error %v, n = %d", err, l.number(`SELECT n FROM items`))
			}
		})
	}
}

func TestAnErrorThatASavepointByHandMendedIsForgotten(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
		for _, sql := range []string{`SAVEPOINT mine`, `SELECT 1/0`, `ROLLBACK TO SAVEPOINT mine`, `SELECT no_such_column`} {
			_, _ = tx.Exec(ctx, sql)
		}
		return nil
	})
	if !errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "42703" {
		t.Errorf("error is %v, want the one after the rollback", err)
	}
	err = Run(t.Context(), l.runner, Op{Name: "add"}, func(ctx context.Context, tx *Tx) error {
		for _, sql := range []string{`SAVEPOINT mine`, `SELECT 1/0`, `ROLLBACK TO SAVEPOINT mine`} {
			_, _ = tx.Exec(ctx, sql)
		}
		return insert(ctx, tx, 1)
	})
	if err != nil || l.rows() != 1 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

func TestOpenRowsAreAnErrorNotAnUnknownCommit(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "list"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT generate_series(1, 1000)`)
		rows.Next()
		return err
	})
	if !errors.Is(err, ErrOpenRows) {
		t.Errorf("error is %v", err)
	}
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestEndingTheTransactionByHandIsAnError(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for _, end := range []string{"COMMIT", "ROLLBACK"} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, end)
			return err
		})
		if !isEndedByHand(err) {
			t.Errorf("%s: error is %v", end, err)
		}
		if n := l.rows(); n != 0 {
			t.Errorf("%d rows", n)
		}
	}
}

func TestWithoutAConnectionToAskTheAnswerToCommitTellsOfSwallowedErrors(t *testing.T) {
	t.Parallel()
	db := &fakeDB{exec: serverError("23505"), commit: func(int) error { return pgx.ErrTxCommitRollback }}
	r := newRunner(t, db, Config{})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		_, _ = tx.Exec(ctx, "")
		return nil
	})
	if !errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "23505" {
		t.Errorf("error is %v", err)
	}
	db.exec = nil
	err = Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error { return nil })
	if !errors.Is(err, ErrSwallowed) {
		t.Errorf("without a known cause: %v", err)
	}
}
