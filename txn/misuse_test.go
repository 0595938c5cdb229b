package txn

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// wantMisuse returns an error unless err is that misuse, of that statement.
func wantMisuse(err error, statement string, why string) error {
	var misuse *MisuseError
	if !errors.As(err, &misuse) || misuse.Statement != statement || misuse.Problem != why || misuse.Op == "" {
		return fmt.Errorf("error is %v, want that %s met %v", err, statement, why)
	}
	return nil
}

const named = "-- name: AddItem :exec\nINSERT INTO items VALUES (1, 1)"

func TestATransactionIsOfNoUseAfterItsAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	var kept *Tx
	if err := Run(t.Context(), l.runner, Op{Name: "leak"}, func(_ context.Context, tx *Tx) error {
		kept = tx
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	// Another transaction has the connection now; the old one must not reach it.
	err := Run(ctx, l.runner, Op{Name: "next"}, func(context.Context, *Tx) error {
		_, execErr := kept.Exec(ctx, named)
		rows, queryErr := kept.Query(ctx, named)
		_, copyErr := kept.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 1}}))
		batch := &pgx.Batch{}
		batch.Queue(named)
		for statement, list := range map[string][]error{
			"AddItem": {
				execErr, queryErr, rows.Err(), rows.Scan(new(int)), kept.QueryRow(ctx, named).Scan(new(int)),
			},
			"COPY":      {copyErr},
			"BATCH":     {kept.SendBatch(ctx, batch).Close()},
			"SAVEPOINT": {kept.Savepoint(ctx, func(context.Context) error { t.Error("the part ran"); return nil })},
		} {
			for i, err := range list {
				if err := wantMisuse(err, statement, txEnded); err != nil {
					t.Error(i, err)
				}
			}
		}
		rows.Close()
		if _, err := rows.Values(); rows.Next() || err == nil || rows.RawValues() != nil || rows.FieldDescriptions() != nil ||
			rows.TypeMap() != nil || rows.Conn() != nil || rows.CommandTag() != (pgconn.CommandTag{}) {
			t.Error("rows that were never asked for have something in them")
		}
		return nil
	})
	if err != nil || l.rows() != 0 {
		t.Errorf("%d rows, error %v", l.rows(), err)
	}
}

func TestRowsAndResultsAreOfNoUseAfterTheirAttempt(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	ctx := t.Context()
	var rows pgx.Rows
	var row pgx.Row
	var results pgx.BatchResults
	for name, keep := range map[string]func(tx *Tx){
		"rows": func(tx *Tx) { rows, _ = tx.Query(ctx, `SELECT generate_series(1, 9)`); rows.Next() },
		"row":  func(tx *Tx) { row = tx.QueryRow(ctx, `SELECT 1`) },
		"batch": func(tx *Tx) {
			batch := &pgx.Batch{}
			batch.Queue(`SELECT 1`)
			batch.Queue(`SELECT 2`)
			results = tx.SendBatch(ctx, batch)
		},
	} {
		err := Run(ctx, l.runner, Op{Name: "leak"}, func(_ context.Context, tx *Tx) error { keep(tx); return nil })
		if !errors.Is(err, ErrOpenRows) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	_, execErr := results.Exec()
	batchRows, queryErr := results.Query()
	for i, err := range []error{execErr, queryErr, batchRows.Err(), results.QueryRow().Scan(new(int)), results.Close()} {
		if err := wantMisuse(err, "BATCH", txEnded); err != nil {
			t.Error(i, err)
		}
	}
	_, valuesErr := rows.Values()
	if rows.Next() {
		t.Error("there is another row")
	}
	for i, err := range []error{valuesErr, rows.Scan(new(int)), rows.Err(), row.Scan(new(int))} {
		if err := wantMisuse(err, "SELECT", txEnded); err != nil {
			t.Error(i, err)
		}
	}
	rows.Close()
}

const waitsForLock = `SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()`

func TestTwoGoroutinesInOneTransactionAreCaught(t *testing.T) {
	t.Parallel()
	l := setup(t)
	var second error
	err := Run(bounded(t), l.runner, Op{Name: "shared"}, func(ctx context.Context, tx *Tx) error {
		var first, other <-chan error
		err := l.holding(ctx, 1, func() error {
			first = async(func() error { _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(1)`); return err })
			l.await(waitsForLock, 1)
			other = async(func() error { _, err := tx.Exec(ctx, named); return err })
			select {
			case second = <-other:
			case <-time.After(10 * time.Second):
			}
			return nil
		})
		if err := errors.Join(err, <-first); err != nil {
			return err
		}
		if second == nil {
			second = <-other
		}
		return nil // and hides the misuse
	})
	if err := wantMisuse(second, "AddItem", concurrentUse); err != nil {
		t.Fatal(err)
	}
	if err := wantMisuse(err, "AddItem", concurrentUse); err != nil {
		t.Fatal(err)
	}
	if err := differ("rows", l.rows(), 0); err != nil {
		t.Error(err)
	}
}

func async(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

func TestACallThatIsUnderWayWhenTheFunctionReturnsIsCutShort(t *testing.T) {
	t.Parallel()
	for name, out := range map[string]func() error{
		"return": func() error { return nil }, "error": func() error { return errBoom }, "panic": func() error { panic(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := setup(t)
			var left <-chan error
			var err error
			held := l.holding(bounded(t), 1, func() error {
				_, _, err = leave(bounded(t), l.runner, Op{Name: "leaves one behind"}, func(ctx context.Context, tx *Tx) error {
					if err := insert(ctx, tx, 1); err != nil {
						return err
					}
					left = async(func() error { _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(1)`); return err })
					l.await(waitsForLock, 1)
					return out()
				})
				return nil
			})
			if held != nil || (name != "panic" && wantMisuse(err, "", concurrentUse) != nil) {
				t.Errorf("error is %v, %v", err, held)
			}
			if err := <-left; err == nil {
				t.Error("the call was not cut short")
			}
			if n := l.rows(); n != 0 {
				t.Errorf("%d rows", n)
			}
			for ctx := bounded(t); l.pool.Stat().AcquiredConns() != 0; { // it is closed in the background
				if l.number(`SELECT 1`); ctx.Err() != nil {
					t.Fatal("the connection is not given back")
				}
			}
		})
	}
}

func TestACallbackOfACallIsAnotherCall(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	err := Run(t.Context(), l.runner, Op{Name: "inside"}, func(ctx context.Context, tx *Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`SELECT 1`).QueryRow(func(row pgx.Row) error {
			_, err := tx.Exec(ctx, named)
			return err
		})
		return tx.SendBatch(ctx, batch).Close()
	})
	if err := wantMisuse(err, "AddItem", concurrentUse); err != nil || l.rows() != 0 {
		t.Error(err)
	}
}

// holding runs fn while another session holds the advisory lock.
func (l *lab) holding(ctx context.Context, key int, fn func() error) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, key); err != nil {
			return err
		}
		return fn()
	})
}
