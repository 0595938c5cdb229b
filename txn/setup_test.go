package txn

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/pgerr"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var errBoom = errors.New("boom")

// lab is a database with the tables items and moves, a pool and a Runner over it.
type lab struct {
	t      testing.TB
	db     *pgtest.DB
	pool   *pgxpool.Pool
	runner *Runner
}

func setup(t testing.TB, changes ...func(*pgxpool.Config)) *lab {
	t.Helper()
	db := pgtest.New(t)
	l := &lab{t: t, db: db, pool: db.Pool(changes...)}
	l.runner = newRunner(t, l.pool, Config{})
	l.exec(`CREATE TABLE items (id int PRIMARY KEY, n bigint NOT NULL); CREATE TABLE moves (a int, b int)`)
	return l
}

func newRunner(t testing.TB, db Beginner, cfg Config) *Runner {
	t.Helper()
	r, err := New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one makes a pool of one connection: what is not released blocks the next use.
func one(cfg *pgxpool.Config) { cfg.MaxConns = 1 }

// exec runs a statement on the pool, outside of any transaction.
func (l *lab) exec(sql string, args ...any) {
	l.t.Helper()
	if _, err := l.pool.Exec(bounded(l.t), sql, args...); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

// number is the answer to a query for one number, from the pool.
func (l *lab) number(sql string, args ...any) int {
	l.t.Helper()
	var n int
	if err := l.pool.QueryRow(bounded(l.t), sql, args...).Scan(&n); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// rows is the number of committed rows. Over a pool of one it also shows that
// the connection was given back.
func (l *lab) rows() int {
	l.t.Helper()
	return l.number(`SELECT count(*) FROM items`)
}

func insert(ctx context.Context, tx *Tx, id int) error {
	_, err := tx.Exec(ctx, `INSERT INTO items VALUES ($1, 0)`, id)
	return err
}

// bounded is a context that ends long after anything sound has.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// barrier lets n callers go on when all of them have come.
type barrier struct {
	mu   sync.Mutex
	left int
	open chan struct{}
}

func newBarrier(n int) *barrier { return &barrier{left: n, open: make(chan struct{})} }

func (b *barrier) wait(ctx context.Context) error {
	b.mu.Lock()
	if b.left--; b.left == 0 {
		close(b.open)
	}
	b.mu.Unlock()
	select {
	case <-b.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fakeDB hands out transactions without a connection. Their COMMIT is answered
// by commit, which may be nil.
type fakeDB struct {
	commit                      func(n int) error
	begins, commits, rollbacks  int
	options                     []pgx.TxOptions
	rollbackCtxErr, begin, exec error
	rollbackBounded             bool
}

func (f *fakeDB) BeginTx(_ context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	f.begins++
	f.options = append(f.options, options)
	return &fakeTx{db: f}, f.begin
}

type fakeTx struct {
	pgx.Tx
	db *fakeDB
}

func (*fakeTx) Conn() *pgx.Conn { return nil }

func (tx *fakeTx) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, tx.db.exec
}

func (*fakeTx) QueryRow(context.Context, string, ...any) pgx.Row { return fakeRow{} }

// fakeRow leaves what it is scanned into as it is.
type fakeRow struct{}

func (fakeRow) Scan(...any) error { return nil }

func (tx *fakeTx) Commit(context.Context) error {
	tx.db.commits++
	if tx.db.commit == nil {
		return nil
	}
	return tx.db.commit(tx.db.commits)
}

func (tx *fakeTx) Rollback(ctx context.Context) error {
	tx.db.rollbacks++
	tx.db.rollbackCtxErr = ctx.Err()
	_, tx.db.rollbackBounded = ctx.Deadline()
	return nil
}

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

// setupOn is setup on a server of the test's own.
func setupOn(t testing.TB, dsn string, changes ...func(*pgxpool.Config)) *lab {
	t.Helper()
	l := &lab{t: t, pool: openPool(t, dsn, changes...)}
	l.runner = newRunner(t, l.pool, Config{})
	l.exec(`CREATE TABLE items (id int PRIMARY KEY, n bigint NOT NULL); CREATE TABLE moves (a int, b int)`)
	return l
}

func openPool(t testing.TB, dsn string, changes ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// asRole is the DSN for another role.
func asRole(t testing.TB, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// isEndedByHand reports whether err is of a function that ended, or would end, its
// transaction.
func isEndedByHand(err error) bool {
	var misuse *MisuseError
	return errors.As(err, &misuse) && strings.HasPrefix(misuse.Problem, endedByHand)
}

func isUnknown(err error) bool {
	var unknown *CommitUnknownError
	return errors.As(err, &unknown)
}

// advisory is how many advisory locks are held in the test's database.
func (l *lab) advisory() int {
	l.t.Helper()
	return l.number(`SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
		WHERE locktype = 'advisory' AND granted AND datname = current_database()`)
}

// fakeSet is a db.Set: it has a target for each name that ctx may choose.
type fakeSet struct {
	Beginner // of all targets
	name     func(ctx context.Context) string
	targets  sync.Map // by name, a *unit.Target
}

// Unit returns the target that ctx chooses.
func (s *fakeSet) Unit(ctx context.Context) (*unit.Target, error) {
	t := &unit.Target{Name: s.name(ctx), Acquire: func(context.Context, string) (unit.Lease, error) {
		return &otherLease{b: s.Beginner}, nil
	}}
	t.Pool = t
	known, _ := s.targets.LoadOrStore(t.Name, t)
	return known.(*unit.Target), nil
}

// violated returns the name of the constraint that err is a violation of, or "".
func violated(err error) string {
	c, _ := pgerr.ConstraintOf(err)
	return c.ID.Name
}
