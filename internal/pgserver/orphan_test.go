//go:build unix

package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// helperVar makes this test binary a process that owns a server and is killed.
const helperVar = "PGSERVER_TEST_HELPER"

func serveUntilKilled() {
	s, err := Start(context.Background(), fromBinaries())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.DSN(), s.inst.(*local).home)
	select {}
}

// leavesNothing is the check of the promise that a server does not outlive its
// owner: it kills an owner without a warning and returns what is left, after limit.
func leavesNothing(t *testing.T, limit time.Duration) error {
	t.Helper()
	if runtime.GOOS != "linux" {
		limit += time.Minute // the server looks for its data once a minute
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"=serve")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	dsn, home, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		t.Fatalf("the owner said %q, %v", line, readErr)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	host := hostOf(t, dsn)
	if !within(limit, func() bool { return !listens(host) }) {
		return errors.New("a server still listens at " + host)
	}
	if !within(limit, func() bool { _, err := os.Stat(home); return errors.Is(err, os.ErrNotExist) }) {
		return errors.New("its data are still in " + home)
	}
	return nil
}

func listens(host string) bool {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func TestAServerDoesNotOutliveAnOwnerThatIsKilled(t *testing.T) {
	t.Parallel()
	if err := leavesNothing(t, 30*time.Second); err != nil {
		t.Error(err)
	}
}
