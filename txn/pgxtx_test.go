package txn

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/examples/shelf/shelf"
)

// add is a function as libraries have them.
func add(ctx context.Context, tx pgx.Tx, id int) error {
	_, err := tx.Exec(ctx, `INSERT INTO items VALUES ($1, 0)`, id)
	return err
}

func TestGeneratedCodeTakesTheTransactionAsPgxs(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`CREATE TABLE authors (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, bio text)`)
	q := shelf.New(l.pool)
	for want, result := range []error{errBoom, nil} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			_, err := q.WithTx(tx.PgxTx()).AddAuthor(ctx, "Ann")
			return errors.Join(err, result)
		})
		if n := l.number(`SELECT count(*) FROM authors`); n != want || !errors.Is(err, result) {
			t.Errorf("%d authors, error %v", n, err)
		}
	}
}

// A caller that asks for COMMIT or ROLLBACK relies on it: neither is forgotten.
func TestWhoEndsTheTransactionAsPgxsFailsTheAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for name, end := range map[string]func(ctx context.Context, tx pgx.Tx){
		"COMMIT":   func(ctx context.Context, tx pgx.Tx) { _ = tx.Commit(ctx) },
		"ROLLBACK": func(ctx context.Context, tx pgx.Tx) { defer func() { _ = tx.Rollback(ctx) }(); _ = add(ctx, tx, 2) },
		"SELECT":   func(ctx context.Context, tx pgx.Tx) { _, _ = tx.Exec(ctx, "select 1; commit") },
		"END":      func(ctx context.Context, tx pgx.Tx) { _, _ = tx.Prepare(ctx, "harmless", "; end and chain") },
	} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			outer := tx.PgxTx()
			if err := add(ctx, outer, 1); err != nil {
				return err
			}
			end(ctx, outer)
			return add(ctx, outer, 3)
		})
		if wantMisuse(err, name, endedByHand) != nil || l.rows() != 0 {
			t.Errorf("%s: %d rows, error %v", name, l.rows(), err)
		}
	}
}

// Parts behave as pgx's: the same function, with pgx's transaction and with ours.
func TestASavepointOfTheTransactionAsPgxsIsPgxs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fn   func(ctx context.Context, tx pgx.Tx) error
		want []int
	}{
		"released": {func(ctx context.Context, tx pgx.Tx) error {
			return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return add(ctx, tx, 1) })
		}, []int{1}},
		"rolled back": {func(ctx context.Context, tx pgx.Tx) error {
			err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return errors.Join(add(ctx, tx, 1), errBoom) })
			if !errors.Is(err, errBoom) {
				return err
			}
			return add(ctx, tx, 2)
		}, []int{2}},
		"after an error of the server": {func(ctx context.Context, tx pgx.Tx) error {
			err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, `SELECT 1/0`); return err })
			if err == nil {
				return errBoom
			}
			return add(ctx, tx, 2)
		}, []int{2}},
		"nested": {func(ctx context.Context, tx pgx.Tx) error {
			return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
				_ = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return errors.Join(add(ctx, tx, 1), errBoom) })
				return errors.Join(add(ctx, tx, 2), pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return add(ctx, tx, 3) }))
			})
		}, []int{2, 3}},
		"a deferred Rollback": {func(ctx context.Context, tx pgx.Tx) error {
			part, err := tx.Begin(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = part.Rollback(ctx) }()
			return errors.Join(add(ctx, part, 1), part.Commit(ctx))
		}, []int{1}},
		"the transaction beside its part": {func(ctx context.Context, tx pgx.Tx) error {
			part, err := tx.Begin(ctx)
			return errors.Join(err, add(ctx, tx, 1), add(ctx, part, 2), part.Rollback(ctx), add(ctx, tx, 3))
		}, []int{3}},
		"a panic": {func(ctx context.Context, tx pgx.Tx) error {
			func() {
				defer func() { _ = recover() }()
				_ = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { _ = add(ctx, tx, 1); panic(errBoom) })
			}()
			return add(ctx, tx, 2)
		}, []int{2}},
		"the rest": {func(ctx context.Context, tx pgx.Tx) error {
			_, copied := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 1}}))
			_, prepared := tx.Prepare(ctx, "add_item", `INSERT INTO items VALUES ($1, 0)`)
			_, err := tx.Exec(ctx, "add_item", 2)
			batch := &pgx.Batch{}
			batch.Queue("add_item", 3)
			batch.Queue(`INSERT INTO items VALUES (4, 0) RETURNING id`).QueryRow(func(row pgx.Row) error { return row.Scan(new(int)) })
			sent := tx.SendBatch(ctx, batch).Close()
			rows, _ := tx.Query(ctx, `SELECT id FROM items`)
			ids, queried := pgx.CollectRows(rows, pgx.RowTo[int])
			if len(ids) != 4 {
				return errBoom
			}
			return errors.Join(copied, prepared, err, sent, queried, tx.QueryRow(ctx, `SELECT 1`).Scan(new(int)))
		}, []int{1, 2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for whose, run := range map[string]func(l *lab) error{
				"pgx's": func(l *lab) error {
					return pgx.BeginFunc(t.Context(), l.pool, func(tx pgx.Tx) error { return c.fn(t.Context(), tx) })
				},
				"ours": func(l *lab) error {
					return Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error { return c.fn(ctx, tx.PgxTx()) })
				},
			} {
				l := setup(t, one)
				if err := run(l); err != nil || !slices.Equal(l.ids(), c.want) {
					t.Errorf("%s: rows %v, want %v, error %v", whose, l.ids(), c.want, err)
				}
			}
		})
	}
}

func TestAPartIsOfNoUseAfterItsEnd(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for name, end := range map[string]func(ctx context.Context, outer, part pgx.Tx) error{
		"Commit":              func(ctx context.Context, _, part pgx.Tx) error { return part.Commit(ctx) },
		"Rollback":            func(ctx context.Context, _, part pgx.Tx) error { return part.Rollback(ctx) },
		"Rollback around it":  func(ctx context.Context, outer, _ pgx.Tx) error { return outer.Rollback(ctx) },
		"a refused Commit of": func(ctx context.Context, outer, _ pgx.Tx) error { return wantOpen(outer.Commit(ctx)) },
	} {
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			outer, err := tx.PgxTx().Begin(ctx)
			if err != nil {
				return err
			}
			part, err := outer.Begin(ctx)
			if err := errors.Join(err, end(ctx, outer, part)); err != nil {
				return err
			}
			_, execErr := part.Exec(ctx, named)
			rows, queryErr := part.Query(ctx, named)
			_, copyErr := part.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 1}}))
			_, beginErr := part.Begin(ctx)
			_, prepareErr := part.Prepare(ctx, "p", named)
			for i, err := range []error{
				execErr, queryErr, rows.Err(), part.QueryRow(ctx, named).Scan(), copyErr, beginErr, prepareErr,
				part.SendBatch(ctx, batchOf(named)).Close(), part.Commit(ctx), part.Rollback(ctx),
			} {
				if !errors.Is(err, pgx.ErrTxClosed) {
					t.Errorf("%s, call %d: %v", name, i, err)
				}
			}
			if rows.Close(); rows.Next() {
				t.Error("there are rows")
			}
			if err := outer.Rollback(ctx); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
		if err != nil || l.rows() != 0 {
			t.Errorf("%s: %d rows, error %v", name, l.rows(), err)
		}
	}
}

func wantOpen(err error) error {
	if errors.Is(err, ErrOpenSavepoint) {
		return nil
	}
	return errors.Join(errors.New("it was not refused"), err)
}

func TestAPartThatIsLeftOpenIsNotCommitted(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	left := func(ctx context.Context, tx pgx.Tx) error {
		part, err := tx.Begin(ctx)
		return errors.Join(err, add(ctx, part, 1))
	}
	for name, fn := range map[string]func(ctx context.Context, tx *Tx) error{
		"by the function": func(ctx context.Context, tx *Tx) error { return left(ctx, tx.PgxTx()) },
		"by a savepoint's": func(ctx context.Context, tx *Tx) error {
			return tx.Savepoint(ctx, func(ctx context.Context) error { return left(ctx, tx.PgxTx()) })
		},
		"by a part": func(ctx context.Context, tx *Tx) error {
			return pgx.BeginFunc(ctx, tx.PgxTx(), func(tx pgx.Tx) error { return left(ctx, tx) })
		},
		"by a panic": func(ctx context.Context, tx *Tx) error {
			defer func() { _ = recover() }()
			_ = left(ctx, tx.PgxTx())
			panic(errBoom)
		},
	} {
		if err := Run(t.Context(), l.runner, Op{Name: "x"}, fn); !errors.Is(err, ErrOpenSavepoint) || l.rows() != 0 {
			t.Errorf("%s: %d rows, error %v", name, l.rows(), err)
		}
	}
	_, panicked, _ := leave(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		_ = left(ctx, tx.PgxTx())
		panic(errBoom)
	})
	if panicked != errBoom || l.rows() != 0 {
		t.Errorf("panic %v, %d rows", panicked, l.rows())
	}
}

// A second try of the part would see the same snapshot.
func TestAConflictInAPartOfPgxsRestartsTheTransaction(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	for name, swallow := range map[string]func(ctx context.Context, part pgx.Tx){
		"Rollback": func(ctx context.Context, part pgx.Tx) { _ = part.Rollback(ctx) },
		"Commit":   func(ctx context.Context, part pgx.Tx) { _ = part.Commit(ctx) },
	} {
		l.exec("truncate items")
		attempts := 0
		err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			if attempts++; attempts > 1 {
				return add(ctx, tx.PgxTx(), 2)
			}
			part, err := tx.PgxTx().Begin(ctx)
			if err != nil {
				return err
			}
			_, _ = part.Exec(ctx, `DO $$ BEGIN RAISE 'as asked' USING ERRCODE = '40001'; END $$`)
			swallow(ctx, part)
			_ = add(ctx, tx.PgxTx(), 1)
			return nil
		})
		if err != nil || attempts != 2 || !slices.Equal(l.ids(), []int{2}) {
			t.Errorf("%s: %d attempts, rows %v, error %v", name, attempts, l.ids(), err)
		}
	}
}

func TestHooksOfAPartOfPgxsThatWasRolledBackAreDropped(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	var ran []string
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		for _, keep := range []bool{true, false} {
			part, err := tx.PgxTx().Begin(ctx)
			if err != nil {
				return err
			}
			tx.AfterCommit(func(context.Context) { ran = append(ran, map[bool]string{true: "kept", false: "dropped"}[keep]) })
			end := part.Rollback
			if keep {
				end = part.Commit
			}
			if err := end(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !slices.Equal(ran, []string{"kept"}) {
		t.Errorf("hooks %v, error %v", ran, err)
	}
}

func TestTheTransactionAsPgxsIsOfNoUseAfterTheAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	var kept, part pgx.Tx
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		kept = tx.PgxTx()
		var err error
		part, err = kept.Begin(ctx)
		return errors.Join(err, errBoom)
	})
	if !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	ctx := t.Context()
	for name, tx := range map[string]pgx.Tx{"the transaction": kept, "a part": part} {
		_, execErr := tx.Exec(ctx, named)
		_, queryErr := tx.Query(ctx, named)
		_, copyErr := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 1}}))
		_, beginErr := tx.Begin(ctx)
		_, prepareErr := tx.Prepare(ctx, "p", named)
		for i, err := range []error{
			execErr, queryErr, tx.QueryRow(ctx, named).Scan(), copyErr, beginErr, prepareErr, tx.SendBatch(ctx, batchOf(named)).Close(), tx.Commit(ctx), tx.Rollback(ctx),
		} {
			var misuse *MisuseError
			if !errors.As(err, &misuse) || misuse.Problem != txEnded {
				t.Errorf("%s, call %d: %v", name, i, err)
			}
		}
		objects := tx.LargeObjects()
		if _, err := objects.Create(ctx, 0); !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("%s, a large object: %v", name, err)
		}
	}
	if kept.Conn() != nil || l.rows() != 0 {
		t.Error("it has a connection")
	}
}

func TestLargeObjectsArePartOfTheTransaction(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	var id uint32
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		objects := tx.PgxTx().LargeObjects()
		var err error
		if id, err = objects.Create(ctx, 0); err != nil {
			return err
		}
		object, err := objects.Open(ctx, id, pgx.LargeObjectModeWrite)
		if err != nil {
			return err
		}
		_, err = io.WriteString(object, "text")
		return err
	})
	if n := l.number(`SELECT length(lo_get($1))`, id); err != nil || n != 4 {
		t.Errorf("%d bytes, error %v", n, err)
	}
	err = Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		objects := tx.PgxTx().LargeObjects()
		_ = objects.Unlink(ctx, id+1)
		return nil // and hides the error
	})
	if !errors.Is(err, ErrSwallowed) {
		t.Errorf("a hidden error: %v", err)
	}
}

func TestTwoGoroutinesInTheTransactionAsPgxsAreCaught(t *testing.T) {
	t.Parallel()
	l := setup(t)
	err := Run(bounded(t), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		var first <-chan error
		err := l.holding(ctx, 1, func() error {
			first = async(func() error { _, err := tx.PgxTx().Exec(ctx, `SELECT pg_advisory_xact_lock(1)`); return err })
			l.await(waitsForLock, 1)
			_, err := tx.PgxTx().Begin(ctx)
			return wantMisuse(err, "SAVEPOINT", concurrentUse)
		})
		if err := errors.Join(err, <-first); err != nil {
			t.Error(err)
		}
		return nil
	})
	if !isMisuse(err) {
		t.Errorf("error is %v", err)
	}
}

func TestSavepointsThatCrossAreAnError(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		part, err := tx.PgxTx().Begin(ctx)
		if err != nil {
			return err
		}
		err = tx.Savepoint(ctx, func(ctx context.Context) error {
			return errors.Join(insert(ctx, tx, 1), part.Rollback(ctx)) // of the one around it
		})
		if !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("the savepoint returns %v", err)
		}
		return insert(ctx, tx, 2)
	})
	if err != nil || !slices.Equal(l.ids(), []int{2}) {
		t.Errorf("rows %v, error %v", l.ids(), err)
	}
}
