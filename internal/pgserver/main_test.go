//go:build unix

package pgserver

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(helperVar) != "" {
		serveUntilKilled()
		return
	}
	goleak.VerifyTestMain(m)
}

// env is an environment for Config.Getenv.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// hostEnv is the part of the real environment that tells where binaries are.
func hostEnv() env {
	return env{"PATH": os.Getenv("PATH"), "SQLKEEL_PG_BIN": os.Getenv("SQLKEEL_PG_BIN")}
}

// fromBinaries is a configuration that gives a server run from binaries of this
// machine.
func fromBinaries() Config {
	return Config{Providers: []Provider{Local}, Getenv: hostEnv().get}
}

// start returns a server that is stopped at the end of the test.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if _, err := os.Stat(homeOf(s)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Stop its data are still in %s: %v", homeOf(s), err)
		}
	})
	return s
}

// eventually fails the test unless yes becomes true; only a failure takes long.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	if !within(20*time.Second, yes) {
		t.Fatalf("still not so: %s", what)
	}
}

func within(limit time.Duration, yes func() bool) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes() {
			return true
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return false
		}
	}
}

func wantInError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q:\n%v", part, err)
		}
	}
}

func hostOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
