package db

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

var itemsKey = pgerr.ConstraintID{Schema: "public", Table: "items", Name: "items_pkey"}

const again = "INSERT INTO items VALUES (1) RETURNING id"

// violations are the ways on which an error leaves an Executor.
var violations = map[string]func(ctx context.Context, x Executor) error{
	"Exec": func(ctx context.Context, x Executor) error { _, err := x.Exec(ctx, again); return err },
	"Exec, simple protocol": func(ctx context.Context, x Executor) error {
		_, err := x.Exec(ctx, again, pgx.QueryExecModeSimpleProtocol)
		return err
	},
	"Query": func(ctx context.Context, x Executor) error {
		rows, _ := x.Query(ctx, again)
		_, err := pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	},
	"Query, simple protocol": func(ctx context.Context, x Executor) error {
		rows, err := x.Query(ctx, again, pgx.QueryExecModeSimpleProtocol)
		rows.Close()
		if err == nil {
			err = rows.Err()
		}
		return err
	},
	"QueryRow": func(ctx context.Context, x Executor) error { return x.QueryRow(ctx, again).Scan(nil) },
	"CopyFrom": func(ctx context.Context, x Executor) error {
		_, err := x.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}}))
		return err
	},
	"batch Exec": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		_, err := results.Exec()
		return errors.Join(err, typedClose(results))
	},
	"batch Query": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		rows, _ := results.Query()
		rows.Close()
		return errors.Join(rows.Err(), typedClose(results))
	},
	"batch Query's own error": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		rows, err := results.Query()
		rows.Close()
		if err == nil { // it may come with the rows
			err = rows.Err()
		}
		return errors.Join(err, typedClose(results))
	},
	"batch QueryRow": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		return errors.Join(results.QueryRow().Scan(nil), typedClose(results))
	},
	"batch Close": func(ctx context.Context, x Executor) error { return sendAgain(ctx, x).Close() },
}

func sendAgain(ctx context.Context, x Executor) pgx.BatchResults {
	var batch pgx.Batch
	batch.Queue(again)
	return x.SendBatch(ctx, &batch)
}

// typedClose closes results whose error was told already, and must not hide it.
func typedClose(results pgx.BatchResults) error {
	_ = results.Close()
	return nil
}

// typing is one database and the ways to reach it.
func typing(t *testing.T) (*DB, map[string]func(func(context.Context, Executor) error) error) {
	t.Helper()
	pg := pgtest.New(t)
	exec(t, pg.Conn(), "CREATE TABLE items (id int PRIMARY KEY, twin int REFERENCES items DEFERRABLE INITIALLY DEFERRED)", "INSERT INTO items VALUES (1)",
		"CREATE FUNCTION break() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO items VALUES (1); RETURN 1; END $$")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	runner, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d, map[string]func(func(context.Context, Executor) error) error{
		"DB": func(use func(context.Context, Executor) error) error { return use(t.Context(), d) },
		"transaction by hand": func(use func(context.Context, Executor) error) error {
			return pgx.BeginFunc(t.Context(), d, func(tx pgx.Tx) error { return use(t.Context(), tx) })
		},
		"part of one": func(use func(context.Context, Executor) error) error {
			return pgx.BeginFunc(t.Context(), d, func(tx pgx.Tx) error {
				return pgx.BeginFunc(t.Context(), tx, func(tx pgx.Tx) error { return use(t.Context(), tx) })
			})
		},
		"txn": func(use func(context.Context, Executor) error) error {
			return txn.Run(t.Context(), runner, txn.Op{Name: "use"}, func(ctx context.Context, tx *txn.Tx) error { return use(ctx, tx) })
		},
	}
}

func TestAViolationIsTypedOnEveryWay(t *testing.T) {
	t.Parallel()
	_, ways := typing(t)
	for through, way := range ways {
		for name, violate := range violations {
			if err := way(violate); !typedOnce(err, itemsKey) {
				t.Errorf("%s, %s: %v", through, name, err)
			}
		}
	}
}

// typedOnce says whether one *pgerr.Constraint is in err, and the server's error
// below it.
func typedOnce(err error, id pgerr.ConstraintID) bool {
	var outer, inner *pgerr.Constraint
	var server *pgconn.PgError
	return errors.As(err, &outer) && errors.Is(err, id) && !errors.As(outer.Unwrap(), &inner) && errors.As(outer, &server)
}

func TestAViolationAtCommitIsTyped(t *testing.T) {
	t.Parallel()
	_, ways := typing(t)
	delete(ways, "DB")
	twin := pgerr.ConstraintID{Schema: "public", Table: "items", Name: "items_twin_fkey"}
	for through, way := range ways {
		err := way(func(ctx context.Context, x Executor) error {
			_, err := x.Exec(ctx, "INSERT INTO items VALUES (2, 3)")
			return err
		})
		if !typedOnce(err, twin) {
			t.Errorf("%s: %v", through, err)
		}
	}
}

func TestAViolationInARepeatedReadIsTyped(t *testing.T) {
	t.Parallel()
	d, _ := typing(t)
	for name, read := range map[string]func() error{
		"Exec":     func() error { _, err := d.Reads().Exec(t.Context(), "SELECT break()"); return err },
		"QueryRow": func() error { return d.Reads().QueryRow(t.Context(), "SELECT break()").Scan(nil) },
		"Query":    func() error { _, err := d.Reads().Query(t.Context(), "SELECT break()"); return err },
	} {
		if err := read(); !typedOnce(err, itemsKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAViolationInATransactionThatABatchBeganIsTyped(t *testing.T) {
	t.Parallel()
	d, _ := typing(t)
	var batch pgx.Batch
	batch.BeginTx(pgx.TxOptions{})
	results := d.SendBatch(t.Context(), &batch)
	tx := results.Tx()
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), again); !typedOnce(err, itemsKey) {
		t.Error(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}
