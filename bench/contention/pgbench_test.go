package contention

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stand makes a pgbench that is another program, and returns its path.
func stand(t *testing.T, in string) string {
	t.Helper()
	program, err := exec.LookPath(in)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pgbench")
	if err := os.Symlink(program, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnArmWithoutItsBinaryIsMissing(t *testing.T) {
	t.Parallel()
	failing := stand(t, "false")
	for path, want := range map[string]string{
		"/nowhere/pgbench": "/nowhere/pgbench",
		failing:            failing + " --version: exit status 1",
	} {
		if a := pgbenchArm(path); !strings.Contains(a.missing, want) || a.run != nil {
			t.Errorf("%s: missing because %q, want %q", path, a.missing, want)
		}
	}
}

func TestABinaryThatCannotRetryIsNotTaken(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string]bool{
		"pgbench (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": true,
		"pgbench (PostgreSQL) 18beta1\n":                        true,
		"pgbench (PostgreSQL) 17.2\n":                           true,
		"pgbench (PostgreSQL) 14.9\n":                           false,
		"pgbench (PostgreSQL) 9.6.24\n":                         false,
		"what is this\n":                                        false,
		"":                                                      false,
	} {
		if got := retries(printed); got != want {
			t.Errorf("%q: %v", printed, got)
		}
	}
}

func TestTheBinaryOfTheChosenServerGoesFirst(t *testing.T) {
	chosen, other := stand(t, "true"), stand(t, "true")
	t.Setenv("PATH", filepath.Dir(other))
	t.Setenv("SQLKEEL_PG_BIN", filepath.Dir(chosen))
	if got, err := findPgbench(""); err != nil || got != chosen {
		t.Errorf("found %s, %v, want %s", got, err, chosen)
	}
	t.Setenv("SQLKEEL_PG_BIN", t.TempDir()) // a server without pgbench
	if got, err := findPgbench(""); err != nil || got != other {
		t.Errorf("found %s, %v, want %s", got, err, other)
	}
	if got, err := findPgbench(chosen); err != nil || got != chosen {
		t.Errorf("given %s, found %s, %v", chosen, got, err)
	}
}

func TestPgbenchIsToldTheSameScenario(t *testing.T) {
	t.Parallel()
	r := round{Scenario: Scenario{Workers: 1, Rows: 10}, dsn: "postgres://x", duration: 1200 * time.Millisecond, seed: 42}
	got := strings.Join(pgbenchArguments(r, "script", "prefix"), " ")
	want := "-n -M prepared --max-tries=0 -c 1 -j 1 -T 2 --random-seed 42 -f script -l --log-prefix prefix postgres://x"
	if got != want {
		t.Errorf("arguments %s, want %s", got, want)
	}
}

func TestWhatPgbenchSaysWhenItFailsIsInTheError(t *testing.T) {
	t.Parallel()
	// A shell has no option -M.
	_, err := runPgbench(t.Context(), stand(t, "sh"), round{Scenario: Scenario{1, 2}})
	if err == nil || !strings.Contains(err.Error(), "exit status") || !strings.Contains(err.Error(), "-M") {
		t.Errorf("err = %v", err)
	}
}

func TestPgbenchLeavesNoFiles(t *testing.T) {
	path := stand(t, "true")
	t.Setenv("TMPDIR", t.TempDir())
	if _, err := runPgbench(t.Context(), path, round{Scenario: Scenario{1, 2}}); err == nil {
		t.Error("no error though nothing was printed")
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
