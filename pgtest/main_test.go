package pgtest

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
)

// bound is far beyond what anything here takes; only a failure waits for it.
const bound = 30 * time.Second

// books are the migrations of these tests.
func books() fstest.MapFS {
	return fstest.MapFS{
		"00001_books.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE books (id int PRIMARY KEY, title text NOT NULL);\n-- +goose Down\nDROP TABLE books;\n")},
		"00002_authors.sql": {Data: []byte("-- +goose Up\nCREATE TABLE authors (id int PRIMARY KEY);\n-- +goose Down\nDROP TABLE authors;\n")},
	}
}

// query returns the one value that sql selects.
func query[T any](t *testing.T, dsn, sql string, args ...any) T {
	t.Helper()
	conn := connect(t, dsn)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// serverDSN is the maintenance database of the tests' server.
func serverDSN(t *testing.T) string {
	t.Helper()
	server, err := shared.get()
	if err != nil {
		t.Fatal(err)
	}
	return server.DSN()
}
