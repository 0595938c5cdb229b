package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/txn"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var errBoom = errors.New("boom")

// lab is a database with the tables items and moves, a pool and a Runner over it.
type lab struct {
	t      testing.TB
	pool   *pgxpool.Pool
	runner *txn.Runner
}

func setup(t testing.TB) *lab {
	t.Helper()
	l := &lab{t: t, pool: pgtest.New(t).Pool()}
	l.runner = newRunner(t, l.pool, txn.Config{})
	l.exec(`CREATE TABLE items (id int PRIMARY KEY, n bigint NOT NULL); CREATE TABLE moves (a int, b int)`)
	return l
}

func newRunner(t testing.TB, db txn.Beginner, cfg txn.Config) *txn.Runner {
	t.Helper()
	r, err := txn.New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// exec runs a statement on the pool, outside of any transaction.
func (l *lab) exec(sql string, args ...any) {
	l.t.Helper()
	if _, err := l.pool.Exec(l.t.Context(), sql, args...); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

// number is the answer to a query for one number, from the pool.
func (l *lab) number(sql string, args ...any) (n int) {
	l.t.Helper()
	if err := l.pool.QueryRow(l.t.Context(), sql, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// bounded is a context that ends long after anything sound has.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func insert(ctx context.Context, tx *txn.Tx, id int) error {
	_, err := tx.Exec(ctx, `INSERT INTO items VALUES ($1, 0)`, id)
	return err
}

// fakeDB hands out transactions without a connection, whose statements end with exec.
type fakeDB struct{ exec error }

func (f *fakeDB) BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error) {
	return &fakeTx{exec: f.exec}, nil
}

type fakeTx struct {
	pgx.Tx
	exec error
}

func (*fakeTx) Conn() *pgx.Conn { return nil }

func (tx *fakeTx) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, tx.exec
}

func (*fakeTx) Commit(context.Context) error { return nil }

func (*fakeTx) Rollback(context.Context) error { return nil }

func serverError(code string) error {
	return &pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: code, Message: "as asked"}
}

// differ returns an error when got is not want.
func differ[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *txn.ConfigError
	if !errors.As(err, &invalid) || invalid.Field != field {
		t.Errorf("error is %v, want a ConfigError about %s", err, field)
	}
}
