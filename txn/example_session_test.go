package txn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/txn"
)

// A bare pool lends a connection with what the unit before has told its session,
// unless the pool's own hook undoes that. Package db does it by itself.
func ExampleRunner_barePool() {
	pool, done := database("", func(config *pgxpool.Config) {
		config.MaxConns = 1
		config.AfterRelease = func(conn *pgx.Conn) bool {
			_, err := conn.Exec(ctx, "close all; set session authorization default; reset all; unlisten *; "+
				"select pg_advisory_unlock_all(); discard temp", pgx.QueryExecModeSimpleProtocol)
			return err == nil // else the pool closes the connection
		}
	})
	defer done()
	runner, err := txn.New(pool, txn.Config{})
	if err != nil {
		log.Fatal(err)
	}
	err = txn.Run(ctx, runner, txn.Op{Name: "tell"}, func(ctx context.Context, tx *txn.Tx) error {
		_, err := tx.Exec(ctx, `SET app.tenant = '42'; CREATE TEMP TABLE mine (n int); SELECT pg_advisory_lock(1)`)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	tenant, err := txn.Do(ctx, runner, txn.Op{Name: "ask"}, func(ctx context.Context, tx *txn.Tx) (s string, err error) {
		err = tx.QueryRow(ctx, `SELECT current_setting('app.tenant') || (SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND pid = pg_backend_pid()) || coalesce(to_regclass('mine')::text, '')`).Scan(&s)
		return s, err
	})
	fmt.Println(tenant, err)
	// Output: 0 <nil>
}
