package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"-rounds 0", "durations and numbers must be positive"},
		{"-duration 0s", "durations and numbers must be positive"},
		{"-conns many", `"many"`},
		{"-arms sqlc,nothing", `there is no arm "nothing"`},
		{"-dsn=", "no server: give -dsn or set TEST_DATABASE_URL"},
		{"extra", `no arguments are expected: ["extra"]`},
	} {
		var stdout, stderr strings.Builder
		args := append([]string{"-dsn", "postgres://tester@127.0.0.1:1/none"}, strings.Fields(tc.args)...)
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", tc.args, code, stderr.String(), tc.want)
		}
	}
}

func TestThePageAndItsChartsAreWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var stdout, stderr strings.Builder
	args := []string{"-dsn", pgtest.New(t).DSN(), "-smoke", "-arms", "sqlc", "-workloads", "read by key, 1 caller; update by key", "-out", folder}
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	page, err := os.ReadFile(filepath.Join(folder, "RESULTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| server | PostgreSQL ", "github.com/jackc/pgx/v5 v5.", "| sqlkeel | ", "### Read by key, 1 caller", "### Update by key", "](results/writes.svg)",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is not in the page:\n%s", want, page)
		}
	}
	for _, chart := range []string{"reads", "writes"} {
		if text, err := os.ReadFile(filepath.Join(folder, "results", chart+".svg")); err != nil || !strings.Contains(string(text), "<svg") {
			t.Errorf("chart %s: %v, %.40s", chart, err, text)
		}
	}
}

func TestARunThatCannotMeasureExitsWith1(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-dsn postgres://tester@127.0.0.1:1/none":                    "ask the server for its settings",
		"-dsn " + pgtest.New(t).DSN() + " -smoke -workloads nothing": `workload "nothing"`,
	} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), strings.Fields(args), &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %q, want 1 and %q", args, code, stderr.String(), want)
		}
	}
}
