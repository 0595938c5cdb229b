package db

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// Outside of a transaction each call has a connection of its own, so what a text
// leaves open belongs to no caller.
func TestATextThatLeavesATransactionOpenIsAnError(t *testing.T) {
	t.Parallel()
	own := pgtest.New(t)
	d := start(t, Config{DSN: own.DSN(), MaxConns: 2})
	execute(t, own.Conn(), "CREATE TABLE t (n int)")
	for way, send := range map[string]func(ctx context.Context, sql string) error{
		"Exec": func(ctx context.Context, sql string) error { _, err := d.Exec(ctx, sql); return err },
		"Query": func(ctx context.Context, sql string) error {
			rows, _ := d.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
			rows.Close()
			return rows.Err()
		},
		"Query, to the end": func(ctx context.Context, sql string) error {
			rows, _ := d.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
			for rows.Next() {
			}
			return rows.Err()
		},
		"QueryRow": func(ctx context.Context, sql string) error {
			err := d.QueryRow(ctx, sql, pgx.QueryExecModeSimpleProtocol).Scan()
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		},
	} {
		for sql, want := range map[string]error{
			"begin": ErrTxLeftOpen, ";--\rstart transaction": ErrTxLeftOpen, "begin; insert into t values (1)": ErrTxLeftOpen, "commit; begin": ErrTxLeftOpen,
			"begin; rollback": nil, "begin; select 1; commit": nil, "commit": nil,
		} {
			if err := send(t.Context(), sql); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%s, %q: %v, want %v", way, sql, err, want)
			}
		}
	}
	batch := &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue("insert into t values (2)")
	if err := d.SendBatch(t.Context(), batch).Close(); !errors.Is(err, ErrTxLeftOpen) {
		t.Errorf("a batch: %v", err)
	}
	var n int
	if err := d.QueryRow(t.Context(), "select count(*) from t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}
