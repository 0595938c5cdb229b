package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestADSNIsPointedAtAnotherDatabase(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ dsn, want, address string }{
		{"postgres://u@h:5433/postgres", "postgres://u@h:5433/d", "h:5433"},
		{"postgres://u@h:5433", "postgres://u@h:5433/d", "h:5433"},
		{"postgresql://u:p%2Fw@h:5433/a%2Fb?sslmode=disable", "postgresql://u:p%2Fw@h:5433/d?sslmode=disable", "h:5433"},
		{"postgres://u@h:5433/x?dbname=mine&database=mine", "postgres://u@h:5433/d", "h:5433"},
		{"postgres://u@[::1]:5433/x", "postgres://u@[::1]:5433/d", "[::1]:5433"},
		{"postgres:///x?host=/run/pg&port=5433", "postgres:///d?host=%2Frun%2Fpg&port=5433", "/run/pg:5433"},
		{"host=h port=5433 user=u dbname=mine", "host=h port=5433 user=u dbname=mine dbname=d", "h:5433"},
		{"host=h port=5433 user=u", "host=h port=5433 user=u dbname=d", "h:5433"},
	} {
		got, address, err := onDatabase(tc.dsn, "d")
		if err != nil || got != tc.want || address != tc.address {
			t.Errorf("%s: %q at %q, error %v; want %q at %q", tc.dsn, got, address, err, tc.want, tc.address)
			continue
		}
		if cfg, err := pgx.ParseConfig(got); err != nil || cfg.Database != "d" {
			t.Errorf("%s: leads to database %q, error %v", tc.dsn, cfg.Database, err)
		}
	}
}

func TestABadDSNIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://u:secret@h:port/x", "postgres://u:secret@h/%zz", "secret", "host=h password='secret", "mysql://u:secret@h/x",
		"postgres://u:secret@h/x?sslmode=perhaps",
	} {
		got, _, err := onDatabase(dsn, "d")
		if err == nil || got != "" || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "the server's DSN") {
			t.Errorf("%s: %q, error %v", dsn, got, err)
		}
	}
}

func serverIsGone(t *testing.T, private *pgtest.Server) {
	server := foreign(t, private.DSN())
	private.Stop()
	ended := perform(t, t.Context(), server, everything(), nil)
	if ended.err == nil || !strings.Contains(ended.err.Error(), "create a database for the demonstration: ") || ended.text != "" {
		t.Errorf("error %v, shown %q", ended.err, ended.text)
	}
}

func readerIsRefused(t *testing.T, private *pgtest.Server) {
	onServer(t, private.DSN(), func(conn *pgx.Conn) {
		if _, err := conn.Exec(t.Context(), "CREATE ROLE reader LOGIN"); err != nil {
			t.Error(err)
		}
	})
	reader := strings.Replace(private.DSN(), "//postgres", "//reader", 1)
	ended := perform(t, t.Context(), foreign(t, reader), everything(), nil)
	if ended.err == nil || !strings.Contains(ended.err.Error(), "permission denied to create database") || ended.text != "" {
		t.Errorf("error %v, shown %q", ended.err, ended.text)
	}
}

func interruptedCreation(t *testing.T, private *pgtest.Server) {
	server := foreign(t, private.DSN())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	onServer(t, private.DSN(), func(conn *pgx.Conn) {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := tx.Exec(t.Context(), "LOCK TABLE pg_database IN SHARE MODE"); err != nil { // CREATE DATABASE waits for it
			t.Error(err)
		}
		out, ended := &console{}, make(chan error, 1)
		go func() {
			ended <- run(ctx, Options{Server: server, Out: out, Size: tiny}, everything())
		}()
		awaitStatement(t, private.DSN(), "CREATE DATABASE%")
		cancel()
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want ctx's", err)
		}
		// One that was cut short may or may not have made it: only the server knows.
		if text := out.text.String(); !strings.Contains(text, "Interrupted: dropping") {
			t.Errorf("the creation was cut short; shown %q", text)
		}
		var left int
		err = conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'sqlkeel_demo_%'").Scan(&left)
		if err != nil || left != 0 {
			t.Errorf("%d databases are left, error %v", left, err)
		}
	})
}

// awaitStatement waits until a statement like that waits for a lock.
func awaitStatement(t *testing.T, dsn, like string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	onServer(t, dsn, func(conn *pgx.Conn) {
		for waits := false; !waits; <-ticks.C {
			err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1)",
				like).Scan(&waits)
			if err != nil {
				t.Errorf("no statement like %s waits: %v", like, err)
				return
			}
		}
	})
}
