package txn_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// exampleTB lets an example, which has no *testing.T, ask pgtest for a database.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                           {}
func (*exampleTB) Name() string                      { return "example" }
func (*exampleTB) Failed() bool                      { return false }
func (*exampleTB) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (*exampleTB) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (tb *exampleTB) Cleanup(f func())               { tb.cleanups = append(tb.cleanups, f) }

func (tb *exampleTB) done() {
	for i := len(tb.cleanups) - 1; i >= 0; i-- {
		tb.cleanups[i]()
	}
}

// database returns a pool over a database of the example's own.
func database(schema string) (pool *pgxpool.Pool, done func()) {
	tb := &exampleTB{}
	pool = pgtest.New(tb).Pool()
	if _, err := pool.Exec(ctx, schema); err != nil {
		tb.Fatalf("%v", err)
	}
	return pool, tb.done
}
