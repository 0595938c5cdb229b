//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// deadDSN is the URL of a port without a listener.
func deadDSN(t *testing.T) string {
	t.Helper()
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "postgres://postgres:secret@" + l.Addr().String() + "/postgres?sslmode=disable"
}

func TestAServerNamedByTheEnvironmentIsUsedAndNotOwned(t *testing.T) {
	t.Parallel()
	owned := start(t, fromBinaries())
	for name, vars := range map[string]env{
		"TEST_DATABASE_URL alone":        {"TEST_DATABASE_URL": owned.DSN()},
		"DATABASE_URL alone":             {"DATABASE_URL": owned.DSN()},
		"TEST_DATABASE_URL comes first":  {"TEST_DATABASE_URL": owned.DSN(), "DATABASE_URL": deadDSN(t)},
		"an empty variable is not a DSN": {"TEST_DATABASE_URL": "", "DATABASE_URL": owned.DSN()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(t.Context(), Config{Getenv: vars.get})
			if err != nil {
				t.Fatal(err)
			}
			if s.DSN() != owned.DSN() || s.Provider() != DSN || s.Owned() || s.Version() != owned.Version() {
				t.Errorf("got %s by %s, owned %t, version %s", s.DSN(), s.Provider(), s.Owned(), s.Version())
			}
			if err := s.Halt(t.Context(), Fast); !errors.Is(err, ErrNotOwned) {
				t.Errorf("Halt: %v, want ErrNotOwned", err)
			}
			if err := s.Start(t.Context()); !errors.Is(err, ErrNotOwned) {
				t.Errorf("Start: %v, want ErrNotOwned", err)
			}
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
			if _, err := Ping(t.Context(), owned.DSN()); err != nil {
				t.Errorf("after Stop the server that is not ours has gone: %v", err)
			}
		})
	}
}

// refusesOtherServers is the check of the promise that a DSN once set is not
// passed over.
func refusesOtherServers(t *testing.T) error {
	t.Helper()
	var reports []string
	_, err := Start(t.Context(), Config{
		Providers: []Provider{DSN, Local},
		Getenv:    env{"TEST_DATABASE_URL": deadDSN(t), "SQLKEEL_PG_BIN": t.TempDir()}.get,
		Report:    func(line string) { reports = append(reports, line) },
	})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || len(unavailable.Failures) != 1 || unavailable.Failures[0].Provider != DSN {
		return fmt.Errorf("more than the DSN was tried: %w", err)
	}
	wantInError(t, err, "TEST_DATABASE_URL is set but unusable", "no other server is tried")
	if strings.Contains(err.Error(), "secret") || strings.Contains(strings.Join(reports, ""), "secret") {
		return errors.New("the password was told")
	}
	return nil
}

func TestAnUnusableDSNIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	if err := refusesOtherServers(t); err != nil {
		t.Error(err)
	}
}

func TestAMalformedDSNIsAnErrorThatNamesTheVariable(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Getenv: env{"DATABASE_URL": "postgres://%zz"}.get})
	wantInError(t, err, "DATABASE_URL is set but unusable")
}

func TestAnUnsetDSNIsAFailureThatNamesTheVariables(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Providers: []Provider{DSN}, Getenv: env{}.get})
	wantInError(t, err, "dsn: TEST_DATABASE_URL, DATABASE_URL not set")
}

func TestWhatAnswersMustBePostgreSQL(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH\r\n"))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-served })
	_, err = Start(t.Context(), Config{Getenv: env{"DATABASE_URL": "postgres://postgres@" + l.Addr().String() + "/x?sslmode=disable"}.get})
	wantInError(t, err, "DATABASE_URL is set but unusable")
}
