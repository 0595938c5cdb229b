package database

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestADatabaseIsMadeAndDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t).DSN()
	dsn, drop, err := Make(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }() // it is still open when the database goes
	if err := drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database is still there")
	}
}

func TestAServerMustBeAURLThatAnswers(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"host=localhost":                       "must be given as a URL",
		"postgres://tester@127.0.0.1:1/nodb":   "make a database",
		"postgresql://tester@127.0.0.1:1/none": "make a database",
	} {
		if _, _, err := Make(t.Context(), server); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", server, err, want)
		}
	}
}
