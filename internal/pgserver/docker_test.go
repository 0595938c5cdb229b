//go:build unix

package pgserver

import (
	"errors"
	"os"
	"testing"
)

// dockerEnv is the part of the environment that the docker provider reads.
func dockerEnv() env {
	return env{"SQLKEEL_PG_IMAGE": os.Getenv("SQLKEEL_PG_IMAGE")}
}

// TestDockerStartsAContainerOrSaysWhyNot runs a real container where a daemon
// answers, and must where SQLKEEL_PG_PROVIDER=docker. Elsewhere it makes sure that
// the chain says why and goes on.
func TestDockerStartsAContainerOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	noDaemon := probeDocker(t.Context())
	if noDaemon != nil && os.Getenv("SQLKEEL_PG_PROVIDER") != string(Docker) {
		t.Logf("no daemon: %v", noDaemon)
		passesOverDocker(t)
		return
	}
	s := start(t, Config{Providers: []Provider{Docker}, Getenv: dockerEnv().get, Settings: map[string]string{"max_connections": "33"}})
	if s.Provider() != Docker || !s.Owned() {
		t.Errorf("served by %s, owned %t", s.Provider(), s.Owned())
	}
	if got := query[string](t, s.DSN(), "SHOW max_connections"); got != "33" {
		t.Errorf("max_connections is %s, want 33", got)
	}
	execute(t, s.DSN(), "CREATE TABLE halts (id int)")
	for _, mode := range []Mode{Fast, Immediate, Killed} {
		if err := s.Halt(t.Context(), mode); err != nil {
			t.Fatalf("Halt(%s): %v", mode, err)
		}
		if _, err := ping(t.Context(), s.DSN()); err == nil {
			t.Errorf("it answers after Halt(%s)", mode)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("Start after Halt(%s): %v", mode, err)
		}
		if got := query[int64](t, s.DSN(), "SELECT count(*) FROM halts"); got != 0 {
			t.Errorf("after Halt(%s) there are %d rows", mode, got)
		}
	}
}

// passesOverDocker makes sure that without a daemon its failure is kept with a
// reason, and that the provider behind it is tried.
func passesOverDocker(t *testing.T) {
	t.Helper()
	_, err := Start(t.Context(), Config{Providers: []Provider{Docker, Local}, Getenv: env{"SQLKEEL_PG_BIN": t.TempDir()}.get})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || len(unavailable.Failures) != 2 {
		t.Fatalf("got %v, want the failures of docker and local", err)
	}
	wantInError(t, unavailable.Failures[0].Err, "no Docker daemon answers: ")
	wantInError(t, unavailable.Failures[1].Err, "SQLKEEL_PG_BIN")
}

func TestAContainerThatDoesNotStayUpIsReportedAndRemoved(t *testing.T) {
	t.Parallel()
	if probeDocker(t.Context()) != nil {
		passesOverDocker(t)
		return
	}
	cfg := Config{Providers: []Provider{Docker}, Getenv: dockerEnv().get, Settings: map[string]string{"no_such_setting": "1"}}
	_, err := Start(t.Context(), cfg)
	wantInError(t, err, "docker: container of ", "ended with exit code")
}
