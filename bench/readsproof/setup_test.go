package readsproof

import (
	"os"
	"strconv"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// size reads an environment variable of these tests.
func size(t *testing.T, name string, or int) int {
	t.Helper()
	text := os.Getenv("SQLKEEL_READS_" + name)
	if text == "" {
		return or
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("SQLKEEL_READS_%s=%s is not a number above 0", name, text)
	}
	return n
}
