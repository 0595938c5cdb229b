//go:build unix

package container

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

func TestMain(m *testing.M) {
	// The tests end their containers themselves; the reaper's image would have
	// to come from a registry.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// environment returns a Config.Getenv of one variable.
func environment(name, value string) func(string) string {
	return func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	}
}

// config forces a provider, with the variables that the providers read.
func config(p pgserver.Provider, settings map[string]string) pgserver.Config {
	return pgserver.Config{Providers: []pgserver.Provider{p}, Settings: settings, Getenv: func(name string) string {
		switch name {
		case "PATH", "SQLKEEL_PG_BIN", "SQLKEEL_PG_IMAGE":
			return os.Getenv(name)
		}
		return ""
	}}
}

// start returns a server that is stopped at the end of the test.
func start(t *testing.T, p pgserver.Provider, settings map[string]string) *pgserver.Server {
	t.Helper()
	s, err := pgserver.Start(t.Context(), config(p, settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return s
}

// query returns the one text that a statement answers with, if any.
func query(t *testing.T, dsn, sql string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = pgx.ForEachRow(rows, []any{&text}, func() error { return nil }); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func wantInError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
}
