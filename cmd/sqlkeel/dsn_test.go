package main

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAMalformedDSNIsRefusedByEveryCommandAndNotTold(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dials atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dials.Add(1)
			_ = conn.Close()
		}
	}()
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	libpq := []string{"PGHOST=" + host, "PGPORT=" + port}
	dir := project(t)
	const good = "postgres://app:s3cr3t@10.9.9.9:1/x?sslmode=disable"
	for _, dsn := range []string{" " + good, `"` + good + `"`, "P" + good[1:], "pgx5" + good[8:], "X=" + good, good[11:], "host=h password='s3cr3t", "postgres://app:%s3cr3t@h/d"} {
		for place, run := range map[string]struct{ env, args []string }{
			"--dsn is":                 {nil, []string{"generate", "--config", dir, "--dsn", dsn}},
			"--dsn has":                {nil, []string{"check", "--config", dir, "--dsn", dsn}},
			"--dsn ":                   {nil, []string{"inspect", "--config", dir, "--dsn", dsn}},
			"--dsn  ":                  {nil, []string{"migrate", "--dir", dir, "status", "--dsn", dsn}},
			"DATABASE_URL":             {[]string{"DATABASE_URL=" + dsn}, []string{"migrate", "--dir", dir, "up"}},
			"TEST_DATABASE_URL is set": {[]string{"TEST_DATABASE_URL=" + dsn}, []string{"generate", "--config", dir}},
			"DATABASE_URL is set":      {[]string{"DATABASE_URL=" + dsn}, []string{"pg", "run", "--", "true"}},
		} {
			stdout, stderr, code := result(t, sqlkeel(t, append(run.env, libpq...), run.args...))
			name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(place), " is"), " has")
			if code == 0 || !strings.Contains(stderr, name) || strings.Contains(stdout+stderr, "s3cr") {
				t.Errorf("%q, %q: code %d, %s%s", dsn, run, code, stdout, stderr)
			}
		}
	}
	_ = listener.Close()
	<-done
	if n := dials.Load(); n != 0 {
		t.Errorf("%d dials", n)
	}
}

func TestADSNInAPlaceWhereNoneBelongsIsNotTold(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://app:s3cr3t@h/d", `host=h password='s3cr3t"x'`} {
		for _, args := range [][]string{{dsn}, {"migrate", dsn}, {"migrate", "status", dsn}, {"generate", dsn}, {"migrate", "up", "--lock-timeout", dsn}, {"check", "-" + dsn}, {"pg", "run", "--", dsn}} {
			cmd := sqlkeel(t, []string{"SQLKEEL_PG_PROVIDER=dsn"}, args...)
			if stdout, stderr, code := result(t, cmd); strings.Contains(stdout+stderr, "s3cr") {
				t.Errorf("%q: code %d, %s", args, code, stderr)
			}
		}
	}
}
