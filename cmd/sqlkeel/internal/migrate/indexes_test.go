package migrate

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// withInvalidIndex returns a database where a concurrent build has failed.
func withInvalidIndex(t *testing.T) (db testDB, fsys fstest.MapFS) {
	t.Helper()
	db, fsys = migrated(t), twoTables()
	exec(t, db, "INSERT INTO authors VALUES (1); INSERT INTO books VALUES (1, 1), (2, 1)")
	conn := connect(t, db)
	if _, err := conn.Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY books_author ON books (author_id)"); err == nil {
		t.Fatal("the index was built")
	}
	return db, fsys
}

func TestAnInvalidIndexInTheWayIsToldBeforeAFileWithoutTransaction(t *testing.T) {
	t.Parallel()
	db, fsys := withInvalidIndex(t)
	fsys["00003_index.sql"] = files("x", "-- +goose NO TRANSACTION\n-- +goose Up\nDELETE FROM books;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS books_author ON books (author_id);\n-- +goose Down\nDROP INDEX books_author;\n")["x"]
	_, err := migrator(t, db, fsys).Up(t.Context())
	var invalid *InvalidIndexError
	const want = `migrations/00003_index.sql:4:1: index "public"."books_author" exists but is invalid, probably left by a build that failed (version 3): ` +
		`run DROP INDEX CONCURRENTLY "public"."books_author", then try again`
	if !errors.As(err, &invalid) || err.Error() != want {
		t.Errorf("Up = %v\nwant %s", err, want)
	}
	if n := one[int](t, db, "SELECT count(*) FROM books"); n != 2 {
		t.Errorf("the file was run: %d rows are left", n)
	}
	exec(t, db, "DROP INDEX CONCURRENTLY books_author")
	if run := mustUp(t, migrator(t, db, fsys)); len(run.Steps) != 1 || len(run.Warnings) != 0 {
		t.Errorf("run = %+v", run)
	}
}

func TestAFileThatDropsTheInvalidIndexItselfIsRun(t *testing.T) {
	t.Parallel()
	db, fsys := withInvalidIndex(t)
	fsys["00003_index.sql"] = files("x", "-- +goose NO TRANSACTION\n-- +goose Up\nDROP INDEX CONCURRENTLY IF EXISTS books_author;\nCREATE INDEX CONCURRENTLY books_author ON books (author_id);\n-- +goose Down\nDROP INDEX books_author;\n")["x"]
	run := mustUp(t, migrator(t, db, fsys))
	if len(run.Steps) != 1 || len(run.Warnings) != 1 || run.Warnings[0] != `before migrations/00003_index.sql: index "public"."books_author" is invalid` {
		t.Errorf("run = %+v", run)
	}
	if !one[bool](t, db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'books_author'::regclass") {
		t.Error("the index is invalid")
	}
}

func TestAFileWithTransactionIsNotHeldUpByAnInvalidIndex(t *testing.T) {
	t.Parallel()
	db, fsys := withInvalidIndex(t)
	fsys["00003_x.sql"] = files("x", migration("CREATE TABLE books_author2 (id bigint)", "DROP TABLE books_author2"))["x"]
	if run := mustUp(t, migrator(t, db, fsys)); len(run.Warnings) != 0 {
		t.Errorf("run = %+v", run)
	}
}

func TestIdentQuotesEveryPart(t *testing.T) {
	t.Parallel()
	if got := ident("a", `b"c`); got != `"a"."b""c"` || strings.Contains(ident("x"), ".") {
		t.Errorf("ident = %s", got)
	}
}
