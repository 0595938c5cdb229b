package txn

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/pgerr"
)

// The pool below these is pgx's own, whose errors are bare.

const taken = `INSERT INTO items VALUES (1, 0) RETURNING id`

func TestAViolationIsTypedOnEveryWayOutOfATx(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	send := func(ctx context.Context, tx *Tx) pgx.BatchResults {
		var batch pgx.Batch
		batch.Queue(taken)
		return tx.SendBatch(ctx, &batch)
	}
	for name, violate := range map[string]func(ctx context.Context, tx *Tx) error{
		"Exec": func(ctx context.Context, tx *Tx) error { _, err := tx.Exec(ctx, taken); return err },
		"Query": func(ctx context.Context, tx *Tx) error {
			rows, _ := tx.Query(ctx, taken)
			_, err := pgx.CollectRows(rows, pgx.RowTo[int])
			return err
		},
		"Query, simple protocol": func(ctx context.Context, tx *Tx) error {
			rows, _ := tx.Query(ctx, taken, pgx.QueryExecModeSimpleProtocol)
			rows.Close()
			return rows.Err()
		},
		"QueryRow": func(ctx context.Context, tx *Tx) error { return tx.QueryRow(ctx, taken).Scan(nil) },
		"CopyFrom": func(ctx context.Context, tx *Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{1, 0}}))
			return err
		},
		"batch Exec": func(ctx context.Context, tx *Tx) error {
			results := send(ctx, tx)
			defer results.Close()
			_, err := results.Exec()
			return err
		},
		"batch Query": func(ctx context.Context, tx *Tx) error {
			results := send(ctx, tx)
			defer results.Close()
			rows, _ := results.Query()
			rows.Close()
			return rows.Err()
		},
		"batch QueryRow": func(ctx context.Context, tx *Tx) error {
			results := send(ctx, tx)
			defer results.Close()
			return results.QueryRow().Scan(nil)
		},
		"batch Close": func(ctx context.Context, tx *Tx) error { return send(ctx, tx).Close() },
		"a part": func(ctx context.Context, tx *Tx) error {
			return tx.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, tx, 1) })
		},
		"swallowed": func(ctx context.Context, tx *Tx) error { _ = insert(ctx, tx, 1); return nil },
	} {
		err := Run(bounded(t), l.runner, Op{Name: "violate"}, violate)
		if !typedOnce(err, pgerr.ConstraintID{Schema: "public", Table: "items", Name: "items_pkey"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAViolationAtCommitIsTyped(t *testing.T) {
	t.Parallel()
	l := setup(t, one)
	l.exec(`ALTER TABLE items ADD CONSTRAINT once UNIQUE (n) DEFERRABLE INITIALLY DEFERRED`)
	l.exec(`INSERT INTO items VALUES (1, 0)`)
	err := Run(bounded(t), l.runner, Op{Name: "insert"}, func(ctx context.Context, tx *Tx) error { return insert(ctx, tx, 2) })
	if !typedOnce(err, pgerr.ConstraintID{Schema: "public", Table: "items", Name: "once"}) {
		t.Error(err)
	}
}

// typedOnce says whether one *pgerr.Constraint is in err, and the server's error
// below it.
func typedOnce(err error, id pgerr.ConstraintID) bool {
	var outer, inner *pgerr.Constraint
	var server *pgconn.PgError
	return errors.As(err, &outer) && errors.Is(err, id) && !errors.As(outer.Unwrap(), &inner) && errors.As(outer, &server)
}
