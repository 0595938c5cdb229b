package txn

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// ids are the committed rows.
func (l *lab) ids() []int {
	l.t.Helper()
	rows, _ := l.pool.Query(bounded(l.t), `SELECT id FROM items ORDER BY id`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		l.t.Fatal(err)
	}
	return ids
}

func TestAFailedPartIsUndoneAndTheRestCommitted(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		err := tx.Savepoint(ctx, func(ctx context.Context) error {
			return errors.Join(insert(ctx, tx, 2), errBoom)
		})
		if !errors.Is(err, errBoom) {
			t.Errorf("the part's error became %v", err)
		}
		err = tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, 1) })
		if violated(err) != "items_pkey" {
			t.Errorf("the part's error became %v", err)
		}
		return tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, 3) })
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{1, 3}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestPartsMayBeNested(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		return tx.Savepoint(ctx, func(ctx context.Context) error {
			inner := tx.Savepoint(ctx, func(ctx context.Context) error {
				return errors.Join(insert(ctx, tx, 1), tx.Savepoint(ctx, func(ctx context.Context) error {
					return insert(ctx, tx, 2)
				}), errBoom)
			})
			if !errors.Is(inner, errBoom) {
				return inner
			}
			return insert(ctx, tx, 3)
		})
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{3}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestAnErrorSwallowedInAPartIsReportedAndThePartUndone(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		err := tx.Savepoint(ctx, func(ctx context.Context) error {
			_ = insert(ctx, tx, 1)
			_, _ = tx.Exec(ctx, `SELECT 1/0`)
			return nil
		})
		if !errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "22012" {
			t.Errorf("error is %v", err)
		}
		return insert(ctx, tx, 2)
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{2}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestAPartThatPanicsIsUndoneBeforeThePanicGoesOn(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) (err error) {
		func() {
			defer func() {
				if p := recover(); p != errBoom {
					t.Errorf("the panic became %v", p)
				}
			}()
			_ = tx.Savepoint(ctx, func(ctx context.Context) error {
				if err := insert(ctx, tx, 1); err != nil {
					return err
				}
				panic(errBoom)
			})
		}()
		return insert(ctx, tx, 2)
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{2}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestAPartThatCannotBeUndoneDoomsTheTransaction(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		var open pgx.Rows
		func() {
			defer func() { _ = recover() }()
			_ = tx.Savepoint(ctx, func(ctx context.Context) error {
				if err := insert(ctx, tx, 1); err != nil {
					return err
				}
				open, _ = tx.Query(ctx, `SELECT generate_series(1, 9)`)
				panic(errBoom) // with the rows open, so that no statement can be sent
			})
		}()
		open.Close()
		return insert(ctx, tx, 2)
	})
	if ids := l.ids(); !errors.Is(err, ErrSwallowed) || len(ids) != 0 {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestACancelledPartIsUndoneWithoutItsContext(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		part, cancel := context.WithCancel(ctx)
		err := tx.Savepoint(part, func(ctx context.Context) error {
			defer cancel()
			return insert(ctx, tx, 1)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		return insert(ctx, tx, 2)
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{2}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestAConflictInAPartRestartsTheWholeTransaction(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{"returned": false, "hidden": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			l.exec(`INSERT INTO items VALUES (1, 0)`)
			var parts []int
			op := Op{Name: "parts", Iso: pgx.RepeatableRead}
			err := Run(t.Context(), l.runner, op, func(ctx context.Context, tx *Tx) error {
				err := tx.Savepoint(ctx, func(ctx context.Context) error {
					parts = append(parts, tx.Attempt())
					if len(parts) > 5 {
						return errBoom
					}
					return loseUpdate(l, ctx, tx)
				})
				if hidden {
					return nil
				}
				return err
			})
			if err != nil || l.number(`SELECT n FROM items`)%100 != 1 {
				t.Fatalf("n = %d, error %v", l.number(`SELECT n FROM items`), err)
			}
			if !slices.Equal(parts, []int{1, 2}) {
				t.Fatalf("the part ran in the attempts %v", parts)
			}
		})
	}
}

func TestAConflictAPartHidInsideIsReturnedByTheSavepoint(t *testing.T) {
	t.Parallel()
	l := setup(t)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	err := Run(t.Context(), l.runner, Op{Name: "parts", Iso: pgx.RepeatableRead, MaxAttempts: 1}, func(ctx context.Context, tx *Tx) error {
		err := tx.Savepoint(ctx, func(ctx context.Context) error {
			_ = loseUpdate(l, ctx, tx)
			return nil
		})
		if !errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "40001" {
			t.Errorf("the savepoint returned %v", err)
		}
		return nil
	})
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) {
		t.Errorf("error is %v", err)
	}
}

func TestAnErrorDeclaredTransientInAPartIsTheFunctionsToHandle(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	attempts := 0
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		attempts++
		_ = tx.Savepoint(ctx, func(ctx context.Context) error { return Retryable(errBoom) })
		return insert(ctx, tx, 1)
	})
	if err != nil || attempts != 1 || l.rows() != 1 {
		t.Errorf("%d attempts, error %v", attempts, err)
	}
}

func TestFailedPartsDoNotPileUp(t *testing.T) {
	t.Parallel()
	counter := pgtest.NewCounter()
	l := setup(t, one, counter.Attach)
	counter.Reset()
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		for range 3 {
			_ = tx.Savepoint(ctx, func(context.Context) error { return errBoom })
		}
		return tx.Savepoint(ctx, func(context.Context) error { return nil })
	})
	const begin, undo, keep = "SAVEPOINT sqlkeel_part_1", "ROLLBACK TO SAVEPOINT sqlkeel_part_1; RELEASE SAVEPOINT sqlkeel_part_1", "RELEASE SAVEPOINT sqlkeel_part_1"
	want := []string{"begin", begin, undo, begin, undo, begin, undo, begin, keep, "commit"}
	if got := counter.Statements(); err != nil || !slices.Equal(got, want) {
		t.Errorf("statements %q, error %v", got, err)
	}
}

func TestASavepointThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "parts"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		_ = tx.Savepoint(ctx, func(ctx context.Context) error {
			_, err := tx.Exec(ctx, `RELEASE SAVEPOINT sqlkeel_part_1`)
			return err
		})
		return nil
	})
	if !errors.Is(err, ErrSwallowed) || pgerr.Code(err) != "3B001" {
		t.Errorf("error is %v", err)
	}
	if n := l.rows(); n != 0 {
		t.Errorf("%d rows", n)
	}
}
