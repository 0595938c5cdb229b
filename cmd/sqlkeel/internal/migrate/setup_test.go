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

// testDB is a database of one test, with a connection to look at it.
type testDB struct {
	dsn  string
	conn *pgx.Conn
}

// database returns an empty database of this test.
func database(t *testing.T) testDB {
	t.Helper()
	db := pgtest.New(t)
	return testDB{dsn: db.DSN(), conn: db.Conn()}
}

// migrated returns a database in which twoTables have been applied.
func migrated(t *testing.T) testDB {
	t.Helper()
	db := pgtest.New(t, pgtest.WithMigrations(twoTables()))
	return testDB{dsn: db.DSN(), conn: db.Conn()}
}

// migratedTo returns a database at a version of twoTables, with the version
// table in place.
func migratedTo(t *testing.T, version int64) testDB {
	t.Helper()
	db := migrated(t)
	m := migrator(t, db, twoTables())
	for v := int64(2); v > version; v-- {
		if _, err := m.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return db
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
func migrator(t *testing.T, db testDB, fsys fstest.MapFS) *Migrator {
	t.Helper()
	m, err := New(Config{DSN: db.dsn, FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	m.tune.poll = 10 * time.Millisecond
	m.tune.retry.Base = time.Millisecond
	return m
}

// connect returns one more connection.
func connect(t *testing.T, db testDB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, db testDB, sql string) {
	t.Helper()
	if _, err := db.conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// one returns the single value that sql selects.
func one[T any](t *testing.T, db testDB, sql string) T {
	t.Helper()
	var v T
	if err := db.conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// snapshot returns the schema.
func snapshot(t *testing.T, db testDB) string {
	t.Helper()
	schema, err := Snapshot(t.Context(), db.conn)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// versions returns goose's version table, in its order.
func versions(t *testing.T, db testDB) string {
	t.Helper()
	return one[string](t, db, "SELECT coalesce(string_agg(version_id::text, ' ' ORDER BY id), '') FROM goose_db_version")
}

func mustUp(t *testing.T, m *Migrator) *Run {
	t.Helper()
	run, err := m.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// lockFree reports whether no session holds the migration lock.
func lockFree(t *testing.T, db testDB) bool {
	t.Helper()
	return one[int](t, db, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 0
}
