//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

// argsVar holds, as JSON, the arguments with which this test binary is sqlkeel.
const argsVar = "SQLKEEL_TEST_ARGS"

// TestAsCommand is no test: it is sqlkeel itself, as a process to be sent signals.
func TestAsCommand(t *testing.T) {
	args := os.Getenv(argsVar)
	if args == "" {
		return
	}
	os.Args = []string{"sqlkeel"}
	if err := json.Unmarshal([]byte(args), &os.Args); err != nil {
		t.Fatal(err)
	}
	main()
	os.Exit(0)
}

// sqlkeel returns the command as a process of a session of its own, so without a
// terminal, and with env in place of the variables that choose a server.
func sqlkeel(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	encoded, err := json.Marshal(append([]string{"sqlkeel"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsCommand$")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "TEST_DATABASE_URL" || name == "DATABASE_URL" || name == "SQLKEEL_PG_PROVIDER"
	})
	cmd.Env = append(append(cmd.Env, argsVar+"="+string(encoded)), env...)
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

// onServer is the environment that names a server which is there already.
func onServer(t *testing.T) []string {
	t.Helper()
	return []string{"TEST_DATABASE_URL=" + pgtest.New(t).DSN()}
}

func listens(t *testing.T, dsn string) bool {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		t.Fatalf("%q is no DSN: %v", dsn, err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func TestPGRunGivesTheCommandAServerAndRemovesIt(t *testing.T) {
	t.Parallel()
	cmd := sqlkeel(t, []string{"SQLKEEL_PG_PROVIDER=local"}, "pg", "run", "--", "sh", "-c",
		"echo $TEST_DATABASE_URL; echo $DATABASE_URL; cat")
	cmd.Stdin = strings.NewReader("input\n")
	stdout, stderr, code := result(t, cmd)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, stderr)
	}
	lines := strings.Split(stdout, "\n")
	if len(lines) != 4 || lines[0] != lines[1] || lines[2] != "input" {
		t.Fatalf("output %q", lines)
	}
	if listens(t, lines[0]) {
		t.Error("the server outlived the command")
	}
	if !strings.Contains(stderr, "served by provider local") {
		t.Errorf("stderr does not say which provider served: %s", stderr)
	}
}

func TestPGRunSaysWhyAProviderWasPassedOver(t *testing.T) {
	t.Parallel()
	cmd := sqlkeel(t, nil, "pg", "run", "--", "true")
	if _, stderr, code := result(t, cmd); code != 0 ||
		!strings.Contains(stderr, "provider dsn passed over: TEST_DATABASE_URL, DATABASE_URL not set") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
}

func TestPGRunHasEveryProvider(t *testing.T) {
	t.Parallel()
	for _, provider := range []string{"docker", "download"} {
		// Whether one can serve here is for the tests of pgtest/container.
		nowhere := []string{"DOCKER_HOST=tcp://127.0.0.1:1", "SQLKEEL_PG_REPOSITORY=http://127.0.0.1:1"}
		cmd := sqlkeel(t, append(nowhere, "SQLKEEL_PG_PROVIDER="+provider), "pg", "run", "--", "true")
		if _, stderr, _ := result(t, cmd); !strings.Contains(stderr, "provider "+provider) || strings.Contains(stderr, "not in this program") {
			t.Errorf("%s: stderr:\n%s", provider, stderr)
		}
	}
}

func TestPGRunReturnsTheCommandsExitCode(t *testing.T) {
	t.Parallel()
	env := onServer(t)
	if _, stderr, code := result(t, sqlkeel(t, env, "pg", "run", "sh", "-c", "exit 3")); code != 3 {
		t.Errorf("without --: exit code %d, want 3\n%s", code, stderr)
	}
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 143, "kill -KILL $$": 137} {
		_, stderr, code := result(t, sqlkeel(t, env, "pg", "run", "--", "sh", "-c", script))
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", script, code, want, stderr)
		}
	}
}

func TestPGRunPassesSignalsOnAndThenStopsTheServer(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		// Nothing runs in the background: a shell may lose the signal for a process
		// that it has just forked, which would then hold the output open.
		cmd := sqlkeel(t, []string{"SQLKEEL_PG_PROVIDER=local"}, "pg", "run", "--", "sh", "-c",
			"trap 'exit 9' TERM INT; echo $TEST_DATABASE_URL; while :; do sleep 0.1; done")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(out)
		dsn, err := r.ReadString('\n')
		if err != nil || !listens(t, strings.TrimSpace(dsn)) {
			t.Fatalf("the command said %q, %v", dsn, err)
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 9 {
			t.Errorf("%s: exit code %d, want the command's 9", sig, code)
		}
		if listens(t, strings.TrimSpace(dsn)) {
			t.Errorf("%s: the server outlived the command", sig)
		}
	}
}

func TestPGRunWithoutAUsableCommandStartsNothing(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"pg run needs a command to run":       {"pg", "run"},
		"pg needs a subcommand":               {"pg"},
		`exec: "no-such-command": executable`: {"pg", "run", "--", "no-such-command"},
		`unknown flag: --verbose`:             {"pg", "run", "--verbose", "true"},
	} {
		_, stderr, code := result(t, sqlkeel(t, nil, args...))
		if code != 1 || !strings.Contains(stderr, want) || strings.Contains(stderr, "provider") {
			t.Errorf("%q: exit code %d, stderr %s; want %q", args, code, stderr, want)
		}
	}
}

func TestPGRunWithoutAServerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	env := []string{"SQLKEEL_PG_PROVIDER=local", "SQLKEEL_PG_BIN=" + t.TempDir()}
	_, stderr, code := result(t, sqlkeel(t, env, "pg", "run", "--", "true"))
	if code != 1 || !strings.Contains(stderr, "no PostgreSQL server available") || !strings.Contains(stderr, "SQLKEEL_PG_BIN") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

func TestAChosenDATABASE_URLStays(t *testing.T) {
	t.Parallel()
	base := []string{"HOME=/home", "TEST_DATABASE_URL=old"}
	if got := withServer(base, "mine", "dsn"); !slices.Equal(got, append(slices.Clone(base), "TEST_DATABASE_URL=dsn")) {
		t.Errorf("chosen: %q", got)
	}
	if got := withServer(base, "", "dsn"); !slices.Equal(got[2:], []string{"TEST_DATABASE_URL=dsn", "DATABASE_URL=dsn"}) {
		t.Errorf("not chosen: %q", got)
	}
	if len(base) != 2 {
		t.Errorf("the caller's environment became %q", base)
	}
}

func TestExitCodeIsOneUnlessTheErrorBringsAnother(t *testing.T) {
	t.Parallel()
	child := &childError{command: "make", code: 42, err: errors.New("exit status 42")}
	for err, want := range map[error]int{
		errors.New("x"):   1,
		&exec.ExitError{}: 1, // of a program that is none of the caller's business
		child:             42,
		errors.Join(errors.New("x"), error(child)): 42,
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: exit code %d, want %d", err, got, want)
		}
	}
	if child.Error() != "make: exit status 42" || !errors.Is(child, child.err) {
		t.Errorf("message %q", child)
	}
	if err := childResult("make", nil); err != nil {
		t.Errorf("a child that did well is an error: %v", err)
	}
}
