package txn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func nothing(context.Context, *Tx) error { return nil }

func TestANestedDoOnTheSameDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	l := setup(t)
	same, elsewhere := newRunner(t, l.pool, Config{}), newRunner(t, l.db.Pool(), Config{})
	var kept context.Context
	err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
		kept = ctx
		err := Run(ctx, elsewhere, Op{Name: "elsewhere"}, func(ctx context.Context, _ *Tx) error {
			return Run(ctx, same, Op{Name: "inner"}, nothing)
		})
		var nested *MisuseError
		if !errors.As(err, &nested) || nested.Op != "inner" || !strings.Contains(nested.Problem, "the transaction of outer") {
			t.Errorf("nested through another database: %v", err)
		}
		if err := Run(ctx, elsewhere, Op{Name: "elsewhere"}, nothing); err != nil {
			t.Errorf("another database was refused: %v", err)
		}
		return Run(ctx, l.runner, Op{Name: "inner"}, nothing)
	})
	const want = "txn: inner: is inside the transaction of outer: pass its Tx, or choose Op.Propagation"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v", err)
	}
	if err := Run(kept, l.runner, Op{Name: "later"}, nothing); err != nil {
		t.Errorf("the context's mark outlived its transaction: %v", err)
	}
}

func TestANestedOperationJoins(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	var hooks []string
	err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
		if err := insert(ctx, tx, 1); err != nil {
			return err
		}
		id, err := Do(ctx, l.runner, Op{Name: "inner", Propagation: Join}, func(ctx context.Context, inner *Tx) (int, error) {
			inner.AfterCommit(func(context.Context) { hooks = append(hooks, "inner") })
			return 2, insert(ctx, inner, 2)
		})
		if err != nil || id != 2 {
			t.Errorf("result %d, error %v", id, err)
		}
		tx.AfterCommit(func(context.Context) { hooks = append(hooks, "outer") })
		return nil
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{1, 2}) || !slices.Equal(hooks, []string{"inner", "outer"}) {
		t.Errorf("ids %v, hooks %q, error %v", ids, hooks, err)
	}
}

func TestAJoinedOperationThatFailedIsNotCommittedByHalf(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]func() error{
		"error": func() error { return errBoom },
		"panic": func() error { panic(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t, one)
			err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
				func() {
					defer func() { _ = recover() }()
					_ = Run(ctx, l.runner, Op{Name: "inner", Propagation: Join}, func(ctx context.Context, tx *Tx) error {
						return errors.Join(insert(ctx, tx, 1), out())
					})
				}()
				return insert(ctx, tx, 2)
			})
			if !errors.Is(err, ErrSwallowed) {
				t.Fatalf("%d rows, error %v", l.rows(), err)
			}
			if err := differ("rows", l.rows(), 0); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestANestedOperationIsASavepoint(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	op := Op{Name: "inner", Propagation: Savepoint, Iso: pgx.ReadCommitted}
	err := Run(t.Context(), l.runner, Op{Name: "outer", Iso: pgx.RepeatableRead}, func(ctx context.Context, tx *Tx) error {
		for id, fails := range []bool{false, true, false} {
			err := Run(ctx, l.runner, op, func(ctx context.Context, tx *Tx) error {
				if fails {
					return errors.Join(insert(ctx, tx, id), errBoom)
				}
				return insert(ctx, tx, id)
			})
			if errors.Is(err, errBoom) != fails {
				return err
			}
		}
		return nil
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{0, 2}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestAConflictInANestedOperationRestartsTheOutermost(t *testing.T) {
	t.Parallel()
	for _, nest := range []Propagation{Join, Savepoint} {
		l := setup(t)
		l.exec(`INSERT INTO items VALUES (1, 0)`)
		var outer, inner int
		err := Run(t.Context(), l.runner, Op{Name: "outer", Iso: pgx.RepeatableRead}, func(ctx context.Context, tx *Tx) error {
			outer++
			_ = Run(ctx, l.runner, Op{Name: "inner", Propagation: nest}, func(ctx context.Context, tx *Tx) error {
				inner++
				return loseUpdate(l, ctx, tx)
			})
			return nil
		})
		if n := l.number(`SELECT n FROM items`); err != nil || n != 101 || outer != 2 || inner != 2 {
			t.Errorf("nest %d: %d outer and %d inner attempts, n = %d, error %v", nest, outer, inner, n, err)
		}
	}
}

func TestANestedOperationGetsWhatItAsksForOrAnError(t *testing.T) {
	t.Parallel()
	strict := Op{Name: "outer", Iso: pgx.Serializable, ReadOnly: true}
	for name, tc := range map[string]struct {
		outer, inner Op
		fits         bool
	}{
		"nothing asked":            {Op{}, Op{}, true},
		"weaker isolation":         {Op{Iso: pgx.Serializable}, Op{Iso: pgx.RepeatableRead}, true},
		"the same isolation":       {Op{Iso: pgx.RepeatableRead}, Op{Iso: pgx.RepeatableRead}, true},
		"as strict in PostgreSQL":  {Op{Iso: pgx.ReadUncommitted}, Op{Iso: pgx.ReadCommitted}, true},
		"the same commit":          {Op{Commit: Resolve}, Op{Commit: Resolve}, true},
		"less of a commit":         {Op{Commit: Resolve}, Op{}, true},
		"all the same":             {strict, strict, true},
		"stricter isolation":       {Op{Iso: pgx.RepeatableRead}, Op{Iso: pgx.Serializable}, false},
		"isolation in one unknown": {Op{}, Op{Iso: pgx.ReadCommitted}, false},
		"read only in read write":  {Op{}, Op{ReadOnly: true}, false},
		"another commit":           {Op{}, Op{Commit: Resolve}, false},
		"another key":              {Op{Commit: Idempotent, Key: "a"}, Op{Commit: Idempotent, Key: "b"}, false},
		"a timeout":                {Op{}, Op{LockTimeout: time.Second}, false},
		"a setting":                {Op{}, Op{Settings: map[string]string{"a.b": "c"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, nest := range []Propagation{Join, Savepoint} {
				r := newRunner(t, &fakeDB{}, Config{})
				outer, inner := tc.outer, tc.inner
				outer.Name, inner.Name, inner.Propagation = "outer", "inner", nest
				err := Run(t.Context(), r, outer, func(ctx context.Context, _ *Tx) error { return Run(ctx, r, inner, nothing) })
				var nested *MisuseError
				if errors.As(err, &nested) == tc.fits || (err == nil) != tc.fits {
					t.Fatalf("nest %d: error is %v", nest, err)
				}
			}
		})
	}
}

func TestAnErrorOfANestedOperationIsItsOwn(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "outer"}, func(ctx context.Context, tx *Tx) error {
		err := Run(ctx, l.runner, Op{Name: "inner", Propagation: Savepoint}, func(ctx context.Context, tx *Tx) error {
			return errors.Join(insert(ctx, tx, 1), insert(ctx, tx, 1))
		})
		if violated(err) != "items_pkey" {
			t.Errorf("error is %v", err)
		}
		return insert(ctx, tx, 2)
	})
	if ids := l.ids(); err != nil || !slices.Equal(ids, []int{2}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}
