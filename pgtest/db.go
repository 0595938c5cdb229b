package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// opTimeout bounds each single step at a server: connect, build, clone, drop.
const opTimeout = time.Minute

// DB is a database that one test has for itself. It is safe for concurrent use.
type DB struct {
	t     testing.TB
	name  string
	dsn   string // of the database
	admin string // of the server
	owned bool   // the server ends with this process

	settle time.Duration // how long sessions may take to end
}

// New returns a database of the test's own, on the server described in the package's
// documentation. At the end of the test the database is dropped. Sessions that the test
// left in it are an error, which lists them; after a failed test it stays and its URL
// is logged.
//
// New ends the test when there is no server, saying what to do about it, and
// when migrations or seed fail.
func New(t testing.TB, opts ...Option) *DB {
	t.Helper()
	var tmpl template
	for _, opt := range opts {
		if err := opt.apply(&tmpl); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	server, err := shared.get()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	db := &DB{t: t, name: databaseName(t.Name()), admin: server.DSN(), owned: server.Owned(), settle: settleTime}
	if db.dsn, err = withDatabase(db.admin, db.name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	if err := db.create(&tmpl); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(db.finish)
	return db
}

func (db *DB) create(tmpl *template) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	admin, err := shared.connect(ctx, db.admin)
	if err != nil {
		return err
	}
	defer func() { shared.release(ctx, admin, err) }()
	source, err := tmpl.ensure(ctx, admin)
	if err != nil {
		return err
	}
	if err := clone(ctx, admin, source, db.name); err != nil {
		return fmt.Errorf("clone the template: %w", err)
	}
	return nil
}

// DSN returns the database's URL.
func (db *DB) DSN() string { return db.dsn }

// Conn returns a new connection, closed at the end of the test. It ends the
// test when it cannot connect.
func (db *DB) Conn() *pgx.Conn {
	db.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, db.dsn)
	if err != nil {
		db.t.Fatalf("pgtest: connect: %v", err)
	}
	db.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	})
	return conn
}

// Pool returns a new pool, after the changes given to its configuration. At the
// end of the test it is closed; a connection that was not released by then is
// an error of the test. It ends the test when the configuration is not usable.
func (db *DB) Pool(changes ...func(*pgxpool.Config)) *pgxpool.Pool {
	db.t.Helper()
	cfg, err := pgxpool.ParseConfig(db.dsn)
	if err != nil {
		db.t.Fatalf("pgtest: %v", err)
	}
	for _, change := range changes {
		change(cfg)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		db.t.Fatalf("pgtest: %v", err)
	}
	db.t.Cleanup(func() { db.closePool(pool) })
	return pool
}

// withDatabase returns the URL of another database on the same server.
func withDatabase(dsn, database string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", fmt.Errorf("TEST_DATABASE_URL must be a URL: postgres://user@host:port/database")
	}
	u.Path = "/" + database
	return u.String(), nil
}
