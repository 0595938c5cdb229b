package pgtest

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs a package's tests, stops the server that they started, if any, and
// then fails the run when goroutines are left. It returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// A package works without it: the server ends with the process. What Main adds is
// the check for goroutines, which the server's own would disturb.
func Main(m *testing.M) int {
	code := m.Run()
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	// After a failed test left-over goroutines are a consequence, not news.
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: goroutines left after the tests:", err)
		return 1
	}
	return 0
}
