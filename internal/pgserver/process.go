//go:build unix

package pgserver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// process is a child that does not outlive us, where the system can see to
// that, and is deaf to the terminal's Ctrl-C: we decide when it ends.
type process struct {
	self *os.Process
	done chan struct{} // closed when it and all that share its output have gone
	err  error         // how it ended; set before done is closed
}

// launch starts cmd as the account; death is the signal it gets when we die.
func launch(cmd *exec.Cmd, as *account, death syscall.Signal) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(as.uid), Gid: uint32(as.gid)}
	}
	dieWithParent(cmd.SysProcAttr, death)
	p := &process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// On Linux a child's parent is the thread that started it, so this
		// one must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.self = cmd.Process
	return p, nil
}

// alive reports whether it still runs.
func (p *process) alive() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends sig unless the process was reaped already.
func (p *process) signal(sig syscall.Signal) error {
	if !p.alive() {
		return nil
	}
	return ignoreGone(p.self.Signal(sig))
}

// kill ends the process and its children by SIGKILL. It is stopped first and dies
// last: else it would tell its children to end, or they would notice that it
// died, and sessions would still get a message.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGSTOP); err != nil || !p.alive() {
		return err
	}
	for _, pid := range children(p.self.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return ignoreGone(p.self.Kill())
}

func ignoreGone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// wait returns when the process and its children have gone, or with ctx's error.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
