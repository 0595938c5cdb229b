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
		return errors.Join(err, closeQuietly(results))
	},
	"batch Query": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		rows, _ := results.Query()
		rows.Close()
		return errors.Join(rows.Err(), closeQuietly(results))
	},
	"batch Query's own error": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		rows, err := results.Query()
		rows.Close()
		if err == nil { // it may come with the rows
			err = rows.Err()
		}
		return errors.Join(err, closeQuietly(results))
	},
	"batch QueryRow": func(ctx context.Context, x Executor) error {
		results := sendAgain(ctx, x)
		return errors.Join(results.QueryRow().Scan(nil), closeQuietly(results))
	},
	"batch Close": func(ctx context.Context, x Executor) error { return sendAgain(ctx, x).Close() },
}

func sendAgain(ctx context.Context, x Executor) pgx.BatchResults {
	var batch pgx.Batch
	batch.Queue(again)
	return x.SendBatch(ctx, &batch)
}

// closeQuietly closes results whose error was returned already, and must not hide it.
func closeQuietly(results pgx.BatchResults) error {
	_ = results.Close()
	return nil
}

// violating is one database and the ways to reach it.
func violating(t *testing.T) (*DB, map[string]func(func(context.Context, Executor) error) error) {
	t.Helper()
	pg := pgtest.New(t)
	execute(t, pg.Conn(), "CREATE TABLE items (id int PRIMARY KEY, twin int REFERENCES items DEFERRABLE INITIALLY DEFERRED)", "INSERT INTO items VALUES (1)",
		"CREATE FUNCTION break() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO items VALUES (1); RETURN 1; END $$")
	d := start(t, Config{DSN: pg.DSN(), MaxConns: 1})
	runner, err := txn.New(d, txn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d, map[string]func(func(context.Context, Executor) error) error{
		"DB": func(use func(context.Context, Executor) error) error { return use(t.Context(), d) },
		"transaction by hand": func(use func(context.Context, Executor) error) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error { return use(t.Context(), tx) })
		},
		"part of one": func(use func(context.Context, Executor) error) error {
			return pgx.BeginTxFunc(t.Context(), d, pgx.TxOptions{}, func(tx pgx.Tx) error {
				return pgx.BeginFunc(t.Context(), tx, func(tx pgx.Tx) error { return use(t.Context(), tx) })
			})
		},
		"txn": func(use func(context.Context, Executor) error) error {
			return txn.Run(t.Context(), runner, txn.Op{Name: "use"}, func(ctx context.Context, tx *txn.Tx) error { return use(ctx, tx) })
		},
	}
}

func TestAViolationNamesItsConstraintOnEveryWay(t *testing.T) {
	t.Parallel()
	_, ways := violating(t)
	for through, way := range ways {
		for name, violate := range violations {
			if err := way(violate); !names(err, itemsKey) {
				t.Errorf("%s, %s: %v", through, name, err)
			}
		}
	}
}

// names reports whether an error names the constraint, and is the server's own.
func names(err error, id pgerr.ConstraintID) bool {
	var server *pgconn.PgError
	return pgerr.Is(err, id) && errors.As(err, &server)
}

func TestAViolationAtCommitNamesItsConstraint(t *testing.T) {
	t.Parallel()
	_, ways := violating(t)
	delete(ways, "DB")
	twin := pgerr.ConstraintID{Schema: "public", Table: "items", Name: "items_twin_fkey"}
	for through, way := range ways {
		err := way(func(ctx context.Context, x Executor) error {
			_, err := x.Exec(ctx, "INSERT INTO items VALUES (2, 3)")
			return err
		})
		if !names(err, twin) {
			t.Errorf("%s: %v", through, err)
		}
	}
}

func TestAViolationInATransactionThatABatchBeganNamesItsConstraint(t *testing.T) {
	t.Parallel()
	d, _ := violating(t)
	var batch pgx.Batch
	batch.BeginTx(pgx.TxOptions{})
	results := d.SendBatch(t.Context(), &batch)
	tx := results.Tx()
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), again); !names(err, itemsKey) {
		t.Error(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}
