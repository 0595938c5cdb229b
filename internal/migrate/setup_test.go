package migrate

import (
	"context"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// database returns the DSN of an empty database of this test.
func database(t *testing.T) string {
	t.Helper()
	return pgtest.New(t).DSN()
}

// files makes a file system of names and contents.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

// migration is a file of one statement each way.
func migration(up, down string) string {
	return "-- +goose Up\n" + up + ";\n\n-- +goose Down\n" + down + ";\n"
}

// twoTables are migrations that work.
func twoTables() fstest.MapFS {
	return files(
		"00001_authors.sql", migration("CREATE TABLE authors (id bigint PRIMARY KEY)", "DROP TABLE authors"),
		"00002_books.sql", migration("CREATE TABLE books (id bigint PRIMARY KEY, author_id bigint REFERENCES authors)", "DROP TABLE books"),
	)
}

// migrator returns a Migrator whose retries do not wait long.
func migrator(t *testing.T, dsn string, fsys fstest.MapFS) *Migrator {
	t.Helper()
	m, err := New(Config{DSN: dsn, FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	m.tune.poll = 10 * time.Millisecond
	m.tune.retry.Base = time.Millisecond
	return m
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs sql in a connection of its own.
func exec(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// one returns the single value that sql selects.
func one[T any](t *testing.T, dsn, sql string) T {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// snapshot returns the schema.
func snapshot(t *testing.T, dsn string) string {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	schema, err := Snapshot(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// versions returns goose's version table, in its order.
func versions(t *testing.T, dsn string) string {
	t.Helper()
	return one[string](t, dsn, "SELECT coalesce(string_agg(version_id::text, ' ' ORDER BY id), '') FROM goose_db_version")
}

func mustUp(t *testing.T, m *Migrator) *Run {
	t.Helper()
	run, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// lockFree tells whether nobody holds the migration lock.
func lockFree(t *testing.T, dsn string) bool {
	t.Helper()
	return one[int](t, dsn, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 0
}
