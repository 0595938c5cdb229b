package pgserver

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotOwned is returned by [Server.Halt] and [Server.Start] of a server that
// this process did not start.
var ErrNotOwned = errors.New("pgserver: this server was not started here, so it is not ours to stop")

// ErrStopped is returned by [Server.Halt] and [Server.Start] after [Server.Stop].
var ErrStopped = errors.New("pgserver: the server has been stopped and its data removed")

// ErrNoStandby is returned by [Server.Standby] of a server in a container.
var ErrNoStandby = errors.New("pgserver: only a server run from binaries of this machine can be given a standby: " +
	"install PostgreSQL or set SQLKEEL_PG_BIN")

// errNotImported is the failure of a provider that was not registered.
var errNotImported = errors.New("not in this program, which does not import " + containerPackage)

const containerPackage = "github.com/sqlkeel/sqlkeel/pgtest/container"

// Failure is one provider's reason for not serving.
type Failure struct {
	Provider Provider
	Err      error
}

// UnavailableError is returned by [Start] when no provider could serve. It
// holds one failure for each that was tried, in order.
type UnavailableError struct {
	Failures []Failure
}

// Error lists the providers with their reasons, and ends with what to do.
func (e *UnavailableError) Error() string {
	var b strings.Builder
	b.WriteString("pgserver: no PostgreSQL server available:\n")
	for _, f := range e.Failures {
		fmt.Fprintf(&b, "  %s: %s\n", f.Provider, strings.ReplaceAll(f.Err.Error(), "\n", "\n    "))
	}
	b.WriteString("Do one of these: set TEST_DATABASE_URL to a server where databases may be created; " +
		"install PostgreSQL (Debian: apt-get install postgresql; macOS: brew install postgresql) or " +
		"set SQLKEEL_PG_BIN to its bin directory; ")
	if errors.Is(e, errNotImported) {
		b.WriteString("run the command by sqlkeel pg run -- CMD, which takes Docker or a download too; " +
			"import _ \"" + containerPackage + "\" in the tests, which makes them do so.")
	} else {
		b.WriteString("start Docker.")
	}
	return b.String()
}

// Unwrap returns the reasons.
func (e *UnavailableError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f.Err
	}
	return errs
}
