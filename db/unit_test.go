package db

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// inside is a context as the function of a transaction on d has it.
func inside(ctx context.Context, d *DB) (context.Context, *unit.Unit) {
	u := &unit.Unit{Op: "transfer", Pool: d, Outer: unit.Of(ctx)}
	return context.WithValue(ctx, unit.Key{}, u), u
}

const insideOne = "-- name: GetOne :one\nSELECT 1"

func TestAUseInsideOfATransactionIsRefused(t *testing.T) {
	t.Parallel()
	if err := refusesInside(t.Context(), start(t, Config{DSN: pgtest.New(t).DSN(), MaxConns: 2})); err != nil {
		t.Error(err)
	}
}

func refusesInside(ctx context.Context, d *DB) error {
	in, u := inside(ctx, d)
	rows, queryErr := d.Query(in, insideOne)
	rows.Close()
	_, execErr := d.Exec(in, insideOne)
	for i, err := range []error{queryErr, execErr, d.QueryRow(in, insideOne).Scan(new(int))} {
		var misuse *inTransactionError
		if !errors.As(err, &misuse) || misuse.Op != "transfer" || misuse.Statement != "GetOne" || misuse.Target != d.Target(ctx) {
			return fmt.Errorf("use %d: %w", i, err)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(insideOne)
	_, copyErr := d.CopyFrom(in, pgx.Identifier{"t"}, nil, pgx.CopyFromRows(nil))
	tx, beginErr := d.BeginTx(in, pgx.TxOptions{})
	if beginErr == nil {
		_ = tx.Rollback(ctx)
	}
	lent := d.WithConn(in, func(context.Context, *pgx.Conn) error { return nil })
	for i, err := range []error{copyErr, beginErr, lent, d.SendBatch(in, batch).Close()} {
		var misuse *inTransactionError
		if !errors.As(err, &misuse) {
			return fmt.Errorf("other use %d: %w", i, err)
		}
	}
	u.End()
	if _, err := d.Exec(in, insideOne); err != nil {
		return fmt.Errorf("after the transaction: %w", err)
	}
	return nil
}

func TestAUseInsideOfATransactionElsewhereIsNone(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), Config{DSN: pgtest.New(t).DSN()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close(t.Context()) }()
	in, _ := inside(t.Context(), new(DB))
	if _, err := d.Exec(in, insideOne); err != nil {
		t.Error(err)
	}
	err = &inTransactionError{Target: "main", Op: "transfer"}
	const want = `db: a use was sent to "main" instead of to the transaction of transfer that it is inside of`
	if err.Error() != want {
		t.Errorf("text is %s", err)
	}
}
