//go:build unix

package container

import (
	"errors"
	"os"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// TestDockerStartsAContainerOrSaysWhyNot runs a real container where a daemon
// answers, and must where SQLKEEL_PG_PROVIDER=docker. Elsewhere it makes sure that
// the chain says why and goes on.
func TestDockerStartsAContainerOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	noDaemon := probeDocker(t.Context())
	if noDaemon != nil && os.Getenv("SQLKEEL_PG_PROVIDER") != string(pgserver.Docker) {
		t.Logf("no daemon: %v", noDaemon)
		passesOverDocker(t)
		return
	}
	s := start(t, pgserver.Docker, map[string]string{"max_connections": "33"})
	if s.Provider() != pgserver.Docker || !s.Owned() {
		t.Errorf("served by %s, owned %t", s.Provider(), s.Owned())
	}
	if got := query(t, s.DSN(), "SHOW max_connections"); got != "33" {
		t.Errorf("max_connections is %s, want 33", got)
	}
	query(t, s.DSN(), "CREATE TABLE halts AS SELECT 1 AS id WHERE false")
	for _, mode := range []pgserver.Mode{pgserver.Fast, pgserver.Immediate, pgserver.Killed} {
		if err := s.Halt(t.Context(), mode); err != nil {
			t.Fatalf("Halt(%s): %v", mode, err)
		}
		if _, err := pgserver.Ping(t.Context(), s.DSN()); err == nil {
			t.Errorf("it answers after Halt(%s)", mode)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("Start after Halt(%s): %v", mode, err)
		}
		if got := query(t, s.DSN(), "SELECT count(*)::text FROM halts"); got != "0" {
			t.Errorf("after Halt(%s) there are %s rows", mode, got)
		}
	}
}

// passesOverDocker makes sure that without a daemon its failure is kept with a
// reason, and that the provider behind it is tried.
func passesOverDocker(t *testing.T) {
	t.Helper()
	_, err := pgserver.Start(t.Context(), pgserver.Config{
		Providers: []pgserver.Provider{pgserver.Docker, pgserver.Local}, Getenv: environment("SQLKEEL_PG_BIN", t.TempDir()),
	})
	var unavailable *pgserver.UnavailableError
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
	_, err := pgserver.Start(t.Context(), config(pgserver.Docker, map[string]string{"no_such_setting": "1"}))
	wantInError(t, err, "docker: container of ", "ended with exit code")
}
