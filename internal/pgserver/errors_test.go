//go:build unix

package pgserver

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestTheErrorListsEveryProviderAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	boom := errors.New("first line\nsecond line")
	err := error(&UnavailableError{[]Failure{{DSN, errors.New("not set")}, {Local, boom}, {Docker, context.Canceled}}})
	wantInError(t, err, "  dsn: not set\n", "  local: first line\n    second line\n", "  docker: context canceled\n",
		"TEST_DATABASE_URL", "SQLKEEL_PG_BIN", "apt-get install postgresql", "start Docker")
	if !errors.Is(err, boom) || !errors.Is(err, context.Canceled) {
		t.Error("the reasons are not unwrapped")
	}
}

func TestAProviderThatIsNotInTheProgramIsNamedWithItsPackage(t *testing.T) {
	t.Parallel()
	for _, p := range []Provider{Docker, Download} {
		_, err := Start(t.Context(), Config{Getenv: env{"SQLKEEL_PG_PROVIDER": string(p)}.get})
		wantInError(t, err, "  "+string(p)+": not in this program", "sqlkeel pg run -- CMD", `import _ "github.com/sqlkeel/sqlkeel/pgtest/container"`)
		if strings.Contains(err.Error(), "start Docker") {
			t.Errorf("%s: Docker would not help: %v", p, err)
		}
	}
}

func TestEachProvidersFailureIsReportedAndKept(t *testing.T) {
	t.Parallel()
	var reports []string
	_, err := Start(t.Context(), Config{
		Providers: []Provider{DSN, Local},
		Getenv:    env{"SQLKEEL_PG_BIN": t.TempDir()}.get,
		Report:    func(line string) { reports = append(reports, line) },
	})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) {
		t.Fatalf("got %v, want an UnavailableError", err)
	}
	if len(unavailable.Failures) != 2 || unavailable.Failures[1].Provider != Local {
		t.Errorf("failures %v", unavailable.Failures)
	}
	if len(reports) != 2 || !strings.HasPrefix(reports[1], "provider local passed over: SQLKEEL_PG_BIN: ") {
		t.Errorf("reports %q", reports)
	}
}

func TestAnEndedContextIsNotTakenForAMissingServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, fromBinaries())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestModesHaveNames(t *testing.T) {
	t.Parallel()
	for mode, want := range map[Mode]string{Fast: "fast", Immediate: "immediate", Killed: "killed", 7: "Mode(7)"} {
		if mode.String() != want {
			t.Errorf("%d: %s, want %s", int(mode), mode, want)
		}
	}
}
