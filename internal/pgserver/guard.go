//go:build unix

package pgserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// guard removes a server's home when the server and this process have gone,
// however they went: it is a small shell that waits for the end of a pipe which
// we, and where possible the server, hold open.
type guard struct {
	pipe *os.File
	proc *process
}

// guardScript also frees the server's shared memory key, which survives a
// SIGKILL; line 7 of postmaster.pid holds it.
const guardScript = `cat >/dev/null
sed -n 7p "$1/data/postmaster.pid" 2>/dev/null | { read -r _ id && ipcrm -m "$id"; } >/dev/null 2>&1
rm -rf "$1" || rm -rf "$1"`

func newGuard(home, script string) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("guard %s: %w", home, err)
	}
	cmd := exec.Command("/bin/sh", "-c", script, "sh", home)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.Stdin = r
	proc, err := launch(cmd, nil, syscall.Signal(0))
	_ = r.Close()
	if err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("guard %s: %w", home, err)
	}
	return &guard{pipe: w, proc: proc}, nil
}

// watch lets the guard wait for cmd as well.
func (g *guard) watch(cmd *exec.Cmd) {
	if endsWithUs {
		cmd.ExtraFiles = append(cmd.ExtraFiles, g.pipe)
	}
}

// release lets the guard do its work and waits until it has.
func (g *guard) release(ctx context.Context) error {
	_ = g.pipe.Close()
	if err := g.proc.wait(ctx); err != nil {
		return err
	}
	if g.proc.err != nil {
		return fmt.Errorf("remove the server's data: %w", g.proc.err)
	}
	return nil
}
