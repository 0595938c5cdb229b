//go:build unix

package pgserver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shell launches a script and returns what it writes as well.
func shell(t *testing.T, script string) (*process, *output) {
	t.Helper()
	out := newOutput()
	cmd := exec.Command("/bin/sh", "-c", script)
	cmd.Stdout, cmd.Stderr = out, out
	p, err := launch(cmd, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.kill()
		<-p.done
	})
	return p, out
}

func TestAProcessEndsWithItsError(t *testing.T) {
	t.Parallel()
	p, out := shell(t, "echo some words; exit 3")
	if err := p.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) || exit.ExitCode() != 3 || out.tail() != "some words" {
		t.Errorf("ended with %v and %q", p.err, out.tail())
	}
	if p.alive() {
		t.Error("alive after its end")
	}
	if err := errors.Join(p.signal(syscall.SIGTERM), p.kill()); err != nil {
		t.Errorf("a signal to a process that has gone: %v", err)
	}
}

func TestAProcessThatWasNeverLaunchedIsNotAlive(t *testing.T) {
	t.Parallel()
	var p *process
	if p.alive() {
		t.Error("alive")
	}
}

func TestAProcessThatCannotBeLaunchedIsAnError(t *testing.T) {
	t.Parallel()
	_, err := launch(exec.Command(filepath.Join(t.TempDir(), "none")), nil, syscall.SIGKILL)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want a file that does not exist", err)
	}
}

func TestWaitingForAProcessEndsWithTheContext(t *testing.T) {
	t.Parallel()
	p, _ := shell(t, "sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if !p.alive() {
		t.Error("not alive")
	}
}

func TestAProcessIsDoneOnlyWhenItsChildrenHaveGone(t *testing.T) {
	t.Parallel()
	p, _ := shell(t, "sleep 1000 & exit 0")
	eventually(t, "the shell itself has been reaped", func() bool {
		return errors.Is(p.self.Signal(syscall.Signal(0)), os.ErrProcessDone)
	})
	if !p.alive() {
		t.Error("done while a child holds its output")
	}
	// The child is an orphan of its own session: its group is the shell's.
	if err := syscall.Kill(-p.self.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKillTakesTheChildrenAlong(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // elsewhere a server's children notice by themselves
	}
	p, out := shell(t, "sleep 1000 & echo database system is ready to accept connections; wait")
	<-out.ready
	if got := children(p.self.Pid); len(got) != 1 {
		t.Errorf("children %v, want one", got)
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAProcessIsDeafToTheTerminal(t *testing.T) {
	t.Parallel()
	p, out := shell(t, "ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat")
	if err := p.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.tail()); got != strconv.Itoa(p.self.Pid) {
		t.Errorf("its session is %q, want its own, %d", got, p.self.Pid)
	}
}

func TestTheGuardRemovesTheHomeWhenItIsReleased(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	// What a killed server leaves: a shared memory key that is not there any more.
	data := filepath.Join(home, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "postmaster.pid"), []byte(strings.Repeat("1\n", 6)+"  1  2147483647\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := newGuard(home, guardScript)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(data); err != nil {
		t.Errorf("before its release: %v", err)
	}
	if err := g.release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after its release: %v", err)
	}
}

func TestTheGuardWaitsForTheServerToo(t *testing.T) {
	t.Parallel()
	if !endsWithUs {
		return // a server that outlives us would keep the guard for ever
	}
	home := t.TempDir()
	g, err := newGuard(home, guardScript)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("/bin/sh", "-c", "read -r line")
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	g.watch(server)
	p, err := launch(server, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	_ = g.pipe.Close()
	if !g.proc.alive() || !p.alive() {
		t.Error("the guard did not wait")
	}
	if _, err := os.Stat(home); err != nil {
		t.Errorf("removed while the server runs: %v", err)
	}
	_ = stdin.Close()
	if err := g.release(t.Context()); err != nil {
		t.Error(err)
	}
	<-p.done
}

func TestAGuardThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	g, err := newGuard(t.TempDir(), "cat; exit 4")
	if err != nil {
		t.Fatal(err)
	}
	wantInError(t, g.release(t.Context()), "remove the server's data", "exit status 4")
}

func TestInitdbsWordsAreInItsError(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	script := "#!/bin/sh\necho cannot do it >&2\nexit 1\n"
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	g, err := newGuard(home, guardScript)
	if err != nil {
		t.Fatal(err)
	}
	l := &local{bin: bin, home: home, guard: g}
	wantInError(t, l.create(t.Context()), "initdb: exit status 1", "cannot do it")
	wantInError(t, l.Start(t.Context()), "postgres did not start", "cannot do it")
	if err := l.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAServerThatSaysNothingIsWaitedForUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	script := "#!/bin/sh\ntrap 'kill $!; exit 0' QUIT\nsleep 1000 &\n: >\"$2.started\"\nwait\n"
	if err := os.WriteFile(filepath.Join(bin, "postgres"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	g, err := newGuard(home, guardScript)
	if err != nil {
		t.Fatal(err)
	}
	l := &local{bin: bin, home: home, guard: g}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Start(ctx) }()
	eventually(t, "it runs", func() bool { _, err := os.Stat(l.data() + ".started"); return err == nil })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if l.proc.alive() {
		t.Error("it still runs")
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRootIsToldWhyItsServerMayNotStart(t *testing.T) {
	t.Parallel()
	err := (&local{as: &account{name: "postgres"}, bin: "/closed/bin"}).explain(fs.ErrPermission)
	wantInError(t, err, "permission denied", "user postgres", "/closed/bin")
	for _, plain := range []error{(&local{}).explain(fs.ErrPermission), (&local{as: &account{}}).explain(fs.ErrNotExist)} {
		if strings.Contains(plain.Error(), "user") {
			t.Errorf("explained without need: %v", plain)
		}
	}
}

func TestTheEnvironmentOfAServerIsClean(t *testing.T) {
	t.Parallel()
	g := &guard{}
	cmd := (&local{bin: "/bin", home: "/home", guard: g}).command(newOutput(), "/bin/postgres", "-D", "x")
	if want := []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}; !slices.Equal(cmd.Env, want) {
		t.Errorf("environment %q, want %q", cmd.Env, want)
	}
	if cmd.Path != "/bin/postgres" || cmd.Dir != "/home" {
		t.Errorf("runs %s in %s", cmd.Path, cmd.Dir)
	}
}
