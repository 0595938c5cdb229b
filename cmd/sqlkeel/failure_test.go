//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// contents reads the files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unchanged fails when a file was changed, added or removed.
func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	now := contents(t, dir)
	if len(now) != len(before) {
		t.Errorf("%d files, before %d", len(now), len(before))
	}
	for name, text := range before {
		if now[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
}

// After ^C the prompt is back soon, and there is neither a database on the server
// nor half of the code.
func TestAnInterruptDropsTheScratchDatabase(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"generate", "check", "inspect"} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(command+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				dir := project(t, [3]string{"schema.sql", "CREATE TABLE", "DO $$ BEGIN PERFORM pg_sleep(600); END $$;\nCREATE TABLE"})
				before := contents(t, dir)
				conn := pgtest.New(t).Conn()
				name := "interrupted_" + rand.Text()
				cmd := sqlkeel(t, append(onServer(t), "PGAPPNAME="+name), command, "--config", dir)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				database := sleeping(t, conn, name)
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
					t.Errorf("it ended with %v", err)
				}
				var there bool
				if err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&there); err != nil || there {
					t.Errorf("%s is there: %t, %v", database, there, err)
				}
				unchanged(t, dir, before)
			})
		}
	}
}

// sleeping waits, on the server, until the schema of a session is being applied,
// and returns its database.
func sleeping(t *testing.T, conn *pgx.Conn, application string) (database string) {
	t.Helper()
	const wait = `DO $$ BEGIN
		FOR i IN 1..1000 LOOP
			EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'APPLICATION' AND query LIKE '%pg_sleep(600)%');
			PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
		END LOOP; END $$`
	if _, err := conn.Exec(t.Context(), strings.ReplaceAll(wait, "APPLICATION", application)); err != nil {
		t.Fatal(err)
	}
	const who = "SELECT datname FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%pg_sleep(600)%'"
	if err := conn.QueryRow(context.WithoutCancel(t.Context()), who, application).Scan(&database); err != nil {
		t.Fatal(err)
	}
	return database
}

func TestAPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	dir := project(t)
	before := contents(t, dir)
	for _, dsn := range []string{"postgres://someone:s3cr3t@127.0.0.1:1/x", "postgres://someone:s3cr3t@127.0.0.1:port/x", "host=127.0.0.1 port=1 user=someone password='s3cr3t'"} {
		for _, command := range []string{"generate", "check", "inspect"} {
			stdout, stderr, code := result(t, sqlkeel(t, nil, command, "--config", dir, "--dsn", dsn))
			if code != 1 || stdout != "" || strings.Contains(stderr, "s3cr3t") || !strings.HasPrefix(stderr, "sqlkeel: ") || strings.Count(stderr, "problem") > 0 {
				t.Errorf("%s --dsn %s: code %d, %s%s", command, dsn, code, stdout, stderr)
			}
		}
		_, stderr, code := result(t, sqlkeel(t, []string{"TEST_DATABASE_URL=" + dsn}, "generate", "--config", dir))
		if code != 1 || strings.Contains(stderr, "s3cr3t") {
			t.Errorf("TEST_DATABASE_URL=%s: code %d, %s", dsn, code, stderr)
		}
	}
	unchanged(t, dir, before)
}

func TestAFileOfSomebodyElseIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dir, env := project(t), onServer(t)
	hand := filepath.Join(dir, "db/statements_gen.go")
	if err := os.WriteFile(hand, []byte("package db\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	for command, outcome := range map[string]string{
		"generate": "sqlkeel: generate: nothing was written, for 1 problem\n", "check": "sqlkeel: check: the generated code is not up to date, for 1 problem\n",
	} {
		_, stderr, code := result(t, sqlkeel(t, env, command, "--config", dir))
		want := hand + ":1:1: this file was not written by sqlkeel generate and is in the place of one that is: rename it\n" + outcome
		if code != 1 || !strings.HasSuffix(stderr, want) {
			t.Errorf("%s: code %d, got %s want %s", command, code, stderr, want)
		}
	}
	unchanged(t, dir, before)
}
