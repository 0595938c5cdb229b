package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/bench/contention"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"-workers 0", `"0" is not a positive number`},
		{"-rows 10,many", `"many" is not a positive number`},
		{"-duration 0s", "-duration, -rounds, -table and -pool must be positive"},
		{"-rounds 0", "-duration, -rounds, -table and -pool must be positive"},
		{"-pool 0", "-duration, -rounds, -table and -pool must be positive"},
		{"-table 0", "-duration, -rounds, -table and -pool must be positive"},
		{"-dsn=", "no server: give -dsn or set TEST_DATABASE_URL"},
		{"-unknown", "-unknown"},
		{"extra", `no arguments are expected: ["extra"]`},
	} {
		var stdout, stderr strings.Builder
		args := append([]string{"-dsn", "postgres://nobody@127.0.0.1:1/none"}, strings.Fields(tc.args)...)
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", tc.args, code, stderr.String(), tc.want)
		}
	}
}

func TestEachNumberOfWorkersMeetsEachNumberOfRows(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	o, err := parse([]string{"-dsn", "postgres://x", "-workers", "32, 2", "-rows", "10,1000"}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	want := []contention.Scenario{{Workers: 32, Rows: 10}, {Workers: 32, Rows: 1000}, {Workers: 2, Rows: 10}, {Workers: 2, Rows: 1000}}
	if len(o.config.Scenarios) != len(want) {
		t.Fatalf("scenarios %v, want %v", o.config.Scenarios, want)
	}
	for i, s := range o.config.Scenarios {
		if s != want[i] {
			t.Errorf("scenario %d is %v, want %v", i, s, want[i])
		}
	}
}

func TestADatabaseIsMadeAndDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t).DSN()
	dsn, drop, err := makeDatabase(t.Context(), server)
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
		"postgres://nobody@127.0.0.1:1/nodb":   "make a database",
		"postgresql://nobody@127.0.0.1:1/none": "make a database",
	} {
		if _, _, err := makeDatabase(t.Context(), server); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", server, err, want)
		}
	}
}

func TestARunThatCannotMeasureExitsWith1(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	args := []string{"-dsn", pgtest.New(t).DSN(), "-isolation", "read committed"}
	if code := run(t.Context(), args, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), `isolation "read committed"`) {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q", stdout.String())
	}
}

// A gate decides the exit code: without pgbench its claim cannot hold.
func TestAGateThatFailsExitsWith1(t *testing.T) {
	t.Parallel()
	args := []string{"-dsn", pgtest.New(t).DSN(), "-workers", "3", "-rows", "10", "-duration", "200ms", "-rounds", "1", "-pool", "3", "-pgbench", "/nowhere"}
	for _, tc := range []struct {
		gate string
		code int
		want string
	}{
		{"-gate=false", 0, "ARM MISSING: pgbench"},
		{"-gate", 1, "FAILS  3 workers x 10 rows: at least 2 times the rate of pgbench: pgbench is missing"},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append(args, tc.gate), &stdout, &stderr)
		if code != tc.code || !strings.Contains(stdout.String(), tc.want) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", tc.gate, code, tc.code, tc.want, stdout.String(), stderr.String())
		}
		if !strings.Contains(stderr.String(), "ARM MISSING: pgbench") {
			t.Errorf("stderr does not say that an arm is missing: %q", stderr.String())
		}
	}
}
