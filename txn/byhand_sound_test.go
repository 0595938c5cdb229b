package txn

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Work that was committed by hand is run again.
func TestACommitByHandIsNotSent(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO moves VALUES (1, 1)`)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `COMMIT`); err != nil {
			return err
		}
		if tx.Attempt() == 1 {
			return Retryable(errBoom)
		}
		return nil
	})
	if n := l.number(`SELECT count(*) FROM moves`); n != 0 || !isEndedByHand(err) {
		t.Errorf("applied %d times, error %v", n, err)
	}
}

func TestCommitAndChainIsAnEndByHand(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO moves VALUES (1, 1)`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `COMMIT AND CHAIN`)
		return err
	})
	if !isEndedByHand(err) {
		t.Errorf("error %v", err)
	}
}

// pgx's helpers, and a hand over to other goroutines: no false alarm.
func TestSoundUsesAreNotMisuse(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	type item struct {
		ID int
		N  int64
	}
	err := Run(t.Context(), l.runner, Op{Name: "x"}, func(ctx context.Context, tx *Tx) error {
		var work sync.WaitGroup
		turn := make(chan struct{}, 1)
		for i := range 8 {
			work.Go(func() {
				turn <- struct{}{}
				defer func() { <-turn }()
				_ = insert(ctx, tx, i)
			})
		}
		work.Wait()
		rows, err := tx.Query(ctx, `SELECT * FROM items ORDER BY id`)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByName[item])
		if err != nil || len(list) != 8 {
			t.Errorf("%v, %v", list, err)
		}
		rows, _ = tx.Query(ctx, `SELECT id FROM items`)
		var id int
		if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { return nil }); err != nil {
			return err
		}
		rows, _ = tx.Query(ctx, `SELECT * FROM items`)
		if _, err := pgx.CollectRows(rows, pgx.RowToMap); err != nil {
			return err
		}
		b := &pgx.Batch{}
		for range 2 {
			b.Queue(`SELECT id FROM items`)
		}
		results := tx.SendBatch(ctx, b)
		defer func() { _ = results.Close() }()
		for range 2 {
			rows, err := results.Query()
			if err != nil {
				return err
			}
			if _, err := pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
				return err
			}
		}
		return results.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

// No place is kept, however the function is left.
func TestPlacesAreGivenBack(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		r := newRunner(t, &fakeDB{}, Config{})
		g, _ := shut(r, gateKey{}, "x", 1)
		_ = within(time.Minute, func() {
			_ = Run(t.Context(), r, Op{Name: "x"}, func(context.Context, *Tx) error {
				if name == "panic" {
					out()
				}
				runtime.Goexit()
				return nil
			})
		})
		if g.inside != 0 {
			t.Errorf("%s: %d inside", name, g.inside)
		}
	}
}
