//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// few makes the demonstration load little.
const few = "--sales=1500"

var (
	demoDatabase = regexp.MustCompile(`working in database (sqlkeel_demo_\S+) at (\S+),`)
	plainText    = regexp.MustCompile(`^[^\r\x1b]*$`)
)

// TestAsCommand is no test: it is the demonstration itself, as a process to be sent
// signals.
func TestAsCommand(t *testing.T) {
	args := os.Getenv(argsVar)
	if args == "" {
		return
	}
	os.Args = append([]string{"demo"}, strings.Fields(args)...)
	main()
	os.Exit(0)
}

// argsVar holds the arguments with which this test binary is the demonstration.
const argsVar = "SQLKEEL_TEST_DEMO"

// command returns the demonstration as a process of a session of its own, so without a
// terminal, and with env in place of the variables that choose a server.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsCommand$")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "TEST_DATABASE_URL" || name == "DATABASE_URL" || name == "SQLKEEL_PG_PROVIDER"
	})
	cmd.Env = append(append(cmd.Env, argsVar+"= "+strings.Join(args, " ")), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// result runs a command to its end.
func result(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// theatre is a demonstration in a process of its own, shown up to a line.
type theatre struct {
	*exec.Cmd
	t                 *testing.T
	out               io.ReadCloser
	lines             *bufio.Reader
	errs              bytes.Buffer
	database, address string
}

// demoUpTo starts the demonstration and returns when a line that begins with
// text was shown.
func demoUpTo(t *testing.T, env []string, text string) *theatre {
	t.Helper()
	th := &theatre{Cmd: command(t, env, few), t: t}
	var err error
	if th.out, err = th.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	th.Stderr = &th.errs
	if err := th.Start(); err != nil {
		t.Fatal(err)
	}
	th.lines = bufio.NewReader(th.out)
	var shown strings.Builder
	for {
		line, err := th.lines.ReadString('\n')
		shown.WriteString(line)
		if found := demoDatabase.FindStringSubmatch(line); found != nil {
			th.database, th.address = found[1], found[2]
		}
		if strings.HasPrefix(line, text) {
			return th
		}
		if err != nil {
			_ = th.Wait()
			t.Fatalf("it ended before %q: %v\n%s%s", text, err, shown.String(), th.errs.String())
		}
	}
}

// end waits for the end of the process and returns its exit code.
func (th *theatre) end() int {
	th.t.Helper()
	if _, err := io.Copy(io.Discard, th.lines); err != nil && !errors.Is(err, os.ErrClosed) {
		th.t.Error(err)
	}
	_ = th.Wait()
	return th.ProcessState.ExitCode()
}

// demoDatabases returns how many databases of that name the server has.
func demoDatabases(t *testing.T, pg *pgtest.DB, name string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := pg.Conn().QueryRow(ctx, "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDemoShowsEverythingInPlainLines(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	stdout, stderr, code := result(t, command(t, []string{"DATABASE_URL=" + pg.DSN()}, few))
	if code != 0 || stderr != "" || !strings.Contains(stdout, "14 of 14 parts held") {
		t.Fatalf("exit code %d, stderr %q\n%s", code, stderr, stdout)
	}
	if !plainText.MatchString(stdout) || !strings.Contains(stdout, "1500 of them sales") {
		t.Errorf("not plain lines, or not of 1500 sales:\n%q", stdout)
	}
	found := demoDatabase.FindStringSubmatch(stdout)
	if found == nil || demoDatabases(t, pg, found[1]) != 0 {
		t.Errorf("database %q is still there", found)
	}
}

func TestDemoInterruptedOnAForeignServerLeavesNothing(t *testing.T) {
	t.Parallel()
	for sig, at := range map[syscall.Signal]string{
		syscall.SIGINT: "[4/14]", syscall.SIGTERM: "[2/14]", syscall.SIGHUP: "[1/14]",
	} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			pg := pgtest.New(t)
			th := demoUpTo(t, []string{"TEST_DATABASE_URL=" + pg.DSN()}, at)
			if demoDatabases(t, pg, th.database) != 1 {
				t.Errorf("database %q is not there while it is shown", th.database)
			}
			if err := th.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			code := th.end()
			if want := "demo: interrupted: " + sig.String() + " signal received\n"; code != 1 || th.errs.String() != want {
				t.Errorf("exit code %d, stderr %q; want 1, %q", code, th.errs.String(), want)
			}
			if demoDatabases(t, pg, th.database) != 0 {
				t.Errorf("database %s is still there", th.database)
			}
		})
	}
}

func TestDemoInterruptedOnItsOwnServerLeavesNoProcess(t *testing.T) {
	t.Parallel()
	th := demoUpTo(t, []string{"SQLKEEL_PG_PROVIDER=local"}, "[4/14]")
	if !listens(th.address) {
		t.Errorf("no server at %s while it is shown", th.address)
	}
	if err := th.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := th.end(); code != 1 || th.errs.String() != "demo: interrupted: interrupt signal received\n" {
		t.Errorf("exit code %d, stderr %q", code, th.errs.String())
	}
	if listens(th.address) {
		t.Error("the server outlived the demonstration")
	}
}

func TestDemoWhoseReaderLeftCleansUp(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	th := demoUpTo(t, []string{"TEST_DATABASE_URL=" + pg.DSN()}, "[1/14]")
	if err := th.out.Close(); err != nil { // as in: go run ./cmd | head
		t.Fatal(err)
	}
	code := th.end()
	if code != 1 || !strings.Contains(th.errs.String(), "interrupted: write the output: ") {
		t.Errorf("exit code %d, stderr %q", code, th.errs.String())
	}
	if demoDatabases(t, pg, th.database) != 0 {
		t.Errorf("database %s is still there", th.database)
	}
}

func TestDemoExitsWithOneWhenAPartDoesNotHold(t *testing.T) {
	t.Parallel()
	// Enough for the pool, not for a connection a request.
	server := pgtest.NewServer(t, pgtest.WithSetting("max_connections", "16"))
	stdout, stderr, code := result(t, command(t, []string{"DATABASE_URL=" + server.DSN()}, few))
	if code != 1 || stderr != "demo: a part of the demonstration did not hold\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	_, summary, _ := strings.Cut(stdout, "\nSummary\n")
	if !regexp.MustCompile(`connection pool under stress +NO .* requests failed: .*too many clients`).MatchString(summary) ||
		!strings.Contains(summary, "13 of 14 parts held") {
		t.Errorf("the summary does not name it:\n%s", stdout)
	}
}

func TestDemoWithoutAServerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"TEST_DATABASE_URL, DATABASE_URL not set": {"SQLKEEL_PG_PROVIDER=dsn"},
		"DATABASE_URL is set but unusable":        {"DATABASE_URL=postgres://tester@127.0.0.1:1/none"},
	} {
		stdout, stderr, code := result(t, command(t, env))
		if code != 1 || !strings.Contains(stderr, "no PostgreSQL server available") || !strings.Contains(stderr, name) {
			t.Errorf("%s: exit code %d, stderr %q", name, code, stderr)
		}
		if strings.Contains(stdout, "[1/14]") {
			t.Errorf("%s: it began all the same:\n%s", name, stdout)
		}
	}
}

func TestDemoRefusesBadArgumentsBeforeItLooksForAServer(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--sales must be at least 1, is 0":   {"--sales=0"},
		"--sales must be at least 1, is -20": {"--sales=-20"},
		`invalid value "many"`:               {"--sales=many"},
		`unexpected argument "now"`:          {"now"},
	} {
		stdout, stderr, code := result(t, command(t, nil, args...))
		if code != 1 || !strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("%q: exit code %d, stderr %q, stdout %q; want %q", args, code, stderr, stdout, want)
		}
	}
}

func TestOnlyATerminalGetsABar(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if isTerminal(file) {
		t.Error("a file is taken for a terminal")
	}
}
