package txn_test

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// database returns a pool over a database of the example's own.
func database(schema string, configure ...func(*pgxpool.Config)) (pool *pgxpool.Pool, done func()) {
	tb, done := pgtest.ForExample()
	pool = pgtest.New(tb).Pool(configure...)
	if _, err := pool.Exec(ctx, schema); err != nil {
		tb.Fatalf("%v", err)
	}
	return pool, done
}

// openDB opens a database of the example's own.
func openDB(schema string) (d *db.DB, done func()) {
	tb, drop := pgtest.ForExample()
	empty := pgtest.New(tb)
	if _, err := empty.Pool().Exec(ctx, schema); err != nil {
		tb.Fatalf("%v", err)
	}
	d, err := db.Open(ctx, db.Config{DSN: empty.DSN()})
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return d, func() {
		_ = d.Close(ctx)
		drop()
	}
}
