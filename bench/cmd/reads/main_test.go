package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "relay" { // it was started as such
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(pgtest.Main(m))
}

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"-rounds 0", "durations and numbers must be positive"},
		{"-turn 0s", "durations and numbers must be positive"},
		{"-open-turn -1s", "durations and numbers must be positive"},
		{"-rows none", `"none"`},
		{"-only (", "missing closing )"},
		{"-dsn=", "no server: give -dsn or set TEST_DATABASE_URL"},
		{"extra", `no arguments are expected: ["extra"]`},
	} {
		var stdout, stderr strings.Builder
		args := append([]string{"-dsn", "postgres://tester@127.0.0.1:1/none"}, strings.Fields(tc.args)...)
		if code := run(t.Context(), args, nil, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", tc.args, code, stderr.String(), tc.want)
		}
	}
}

func TestThePageAndItsChartsAreWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var stdout, stderr strings.Builder
	args := []string{"-dsn", pgtest.New(t).DSN(), "-smoke", "-only", `^pool 8, (16 callers(, \+1ms)?|64 callers, half updates by key, open loop)$`, "-out", folder}
	if code := run(t.Context(), args, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	page, err := os.ReadFile(filepath.Join(folder, "READS.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| server | PostgreSQL ", "github.com/jackc/pgx/v5 v5.", "seed 1", "](results/shared-reads.svg)", "### Loopback", "### +1ms",
		"| p99 of others | ",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is not in the page:\n%s", want, page)
		}
	}
	for _, chart := range []string{"shared-reads", "shared-reads-settings"} {
		if text, err := os.ReadFile(filepath.Join(folder, "results", chart+".svg")); err != nil || !strings.Contains(string(text), "<svg") {
			t.Errorf("chart %s: %v, %.40s", chart, err, text)
		}
	}
}

func TestARunThatCannotMeasureExitsWith1(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	if code := run(t.Context(), []string{"-dsn", "postgres://tester@127.0.0.1:1/none"}, nil, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "ask the server for its settings") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
	for args, want := range map[string]string{"relay postgres://x soon": `"soon"`, "relay http://x 1ms": "cannot parse"} {
		stderr.Reset()
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %q", args, code, stderr.String())
		}
	}
}
