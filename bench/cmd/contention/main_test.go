package main

import (
	"os"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"-workers 0", "durations and numbers must be positive"},
		{"-rows many", `"many"`},
		{"-duration 0s", "durations and numbers must be positive"},
		{"-slow 0s", "durations and numbers must be positive"},
		{"-rounds 0", "durations and numbers must be positive"},
		{"-pool 0", "durations and numbers must be positive"},
		{"-table 0", "durations and numbers must be positive"},
		{"-dsn=", "no server: give -dsn or set TEST_DATABASE_URL"},
		{"-unknown", "-unknown"},
		{"extra", `no arguments are expected: ["extra"]`},
	} {
		var stdout, stderr strings.Builder
		args := append([]string{"-dsn", "postgres://tester@127.0.0.1:1/none"}, strings.Fields(tc.args)...)
		if code := run(t.Context(), args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), tc.want) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", tc.args, code, stderr.String(), tc.want)
		}
	}
}

func TestWorkloadsAreAList(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	o, err := parse([]string{"-dsn", "postgres://x", "-workloads", "hot rows, warehouse", "-seed", "7"}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(o.config.Workloads, "|"); got != "hot rows|warehouse" || o.config.Seed != 7 {
		t.Errorf("workloads %q, seed %d", got, o.config.Seed)
	}
}

func TestARunThatCannotMeasureExitsWith1(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	args := []string{"-dsn", pgtest.New(t).DSN(), "-workloads", "cold rows"}
	if code := run(t.Context(), args, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), `workload "cold rows"`) {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q", stdout.String())
	}
}

func TestAClaimThatFailsExitsWith1(t *testing.T) {
	t.Parallel()
	args := []string{"-dsn", pgtest.New(t).DSN(), "-workloads", "hot rows", "-workers", "3", "-duration", "200ms", "-rounds", "1", "-pool", "3"}
	for _, tc := range []struct {
		verdict string
		fails   func(out string) bool
	}{
		{"-verdict=false", func(string) bool { return false }},
		{"-verdict", func(out string) bool { return strings.Contains(out, "FAILS  hot rows: ") }},
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append(args, tc.verdict), &stdout, &stderr)
		want := 0
		if tc.fails(stdout.String()) {
			want = 1
		}
		judged := strings.Contains(stdout.String(), "hot rows: at least 0.85 of the rate of FOR UPDATE: ")
		if code != want || judged != (tc.verdict == "-verdict") {
			t.Errorf("%s: exit code %d, want %d\n%s%s", tc.verdict, code, want, stdout.String(), stderr.String())
		}
	}
}
