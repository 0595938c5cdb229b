package db_test

import (
	"context"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

var ctx = context.Background()

// database returns the DSN of a database of the example's own.
func database(statements ...string) (dsn string, done func()) {
	tb, done := pgtest.ForExample()
	pg := pgtest.New(tb)
	conn := pg.Conn()
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	}
	return pg.DSN(), done
}
