package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// cached is a handle of package db of which results may be cached.
type cached interface {
	CachedBy(ctx context.Context, c stmt.Invalidator) (target, why string)
}

func TestWhatATransactionReadsIsNotCached(t *testing.T) {
	t.Parallel()
	l := setupNotified(t)
	cfg := db.Config{DSN: l.db.DSN(), Name: "shop", Statements: known, Invalidator: l.ledger}
	other := cfg
	other.Name = "other"
	d, err := db.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	set, err := db.OpenSet(t.Context(), "shop", cfg, other)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(d.Close(bounded(t)), set.Close(bounded(t))) })
	wants := func(what string, from cached, ctx context.Context, want string) {
		t.Helper()
		if _, why := from.CachedBy(ctx, l.ledger); why != want {
			t.Errorf("%s: %q, want %q", what, why, want)
		}
	}
	for name, handle := range map[string]interface {
		cached
		Beginner
	}{"db": d, "set": set} {
		r := newRunner(t, handle, Config{})
		var kept context.Context
		err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
			kept = ctx
			wants(name+" inside", handle, ctx, "transaction")
			wants(name+" inside, with another context", handle, t.Context(), "")
			if name == "set" {
				wants("another database of the Set", handle, db.WithTarget(ctx, "other"), "")
			}
			for _, reader := range []any{tx, tx.PgxTx()} {
				if _, has := reader.(cached); has {
					t.Errorf("what is read through %T could be cached", reader)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		wants(name+" afterwards", handle, kept, "")
	}
}

// addItems adds items and returns their keys.
const addItems = `INSERT INTO items SELECT generate_series($1::int, $2::int), 0 RETURNING id`

// watched is an Invalidator that writes down the rows of the writes.
type watched struct{ calls []string }

func (w *watched) note(call string, runs []stmt.Run) {
	for _, r := range runs {
		call += fmt.Sprint(" ", r.Name, r.Rows)
	}
	w.calls = append(w.calls, call)
}

func (w *watched) BeforeWrite(_ string, runs []stmt.Run) { w.note("before", runs) }

func (w *watched) AfterWrite(_ string, runs []stmt.Run, _ stmt.Outcome) { w.note("after", runs) }

func TestWhatATransactionReturnedIsKnownBeforeItsCommit(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := &watched{}
	keys := stmt.Effects{Writes: []string{"items"}, WriteKeys: []stmt.RowKey{{Relation: "items", Column: "id", Result: 1}}}
	r := newRunner(t, l.pool, Config{Statements: stmt.Declare(addItems, keys), Invalidator: w})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		rows, _ := tx.Query(ctx, addItems, 1, 2)
		_, failed := pgx.CollectRows(rows, pgx.RowTo[int])
		lib := tx.PgxTx()
		one := lib.QueryRow(ctx, addItems, 3, 4).Scan(nil)
		b := &pgx.Batch{}
		b.Queue(addItems, 5, 5).QueryRow(func(row pgx.Row) error { return row.Scan(nil) })
		b.Queue(addItems, 6, 6)
		_, unread := tx.Exec(ctx, addItems, 7, 7)
		_, text := lib.Exec(ctx, "DELETE FROM items WHERE id = 7")
		_, copied := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{8, 0}}))
		return errors.Join(failed, one, tx.SendBatch(ctx, b).Close(), unread, text, copied)
	})
	runs := " [[1] [2]] [[3] [4]] [] DELETE[] COPY items[] [[5]] []"
	if want := []string{"before" + runs, "after" + runs}; err != nil || !slices.Equal(w.calls, want) {
		t.Errorf("error %v, calls:\n%q, want\n%q", err, w.calls, want)
	}
}

func TestARetryReturnsRowsOfItsOwn(t *testing.T) {
	t.Parallel()
	l := setup(t)
	w := &watched{}
	keys := stmt.Effects{Writes: []string{"items"}, WriteKeys: []stmt.RowKey{{Relation: "items", Column: "id", Result: 1}}}
	r := newRunner(t, l.pool, Config{Statements: stmt.Declare(addItems, keys), Invalidator: w, BackoffBase: 1, BackoffMax: 1})
	err := Run(t.Context(), r, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		err := tx.QueryRow(ctx, addItems, tx.Attempt(), tx.Attempt()).Scan(nil)
		if err == nil && tx.Attempt() == 1 {
			err = Retryable(errBoom)
		}
		return err
	})
	if want := []string{"before [[2]]", "after [[2]]"}; err != nil || !slices.Equal(w.calls, want) {
		t.Errorf("error %v, calls %q, want %q", err, w.calls, want)
	}
}
