package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// runChild runs the command to its end, however long that takes after a signal:
// its server must not go before it.
func runChild(ctx context.Context, child *exec.Cmd, terminal bool) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if ctx.Err() != nil { // a signal came before we listened
		return context.Cause(ctx)
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("pg run: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-signals:
			// A terminal sends its Ctrl-C to the command as well: once is enough.
			if s != os.Interrupt || !terminal {
				_ = child.Process.Signal(s)
			}
		case err := <-ended:
			return childResult(child.Args[0], err)
		}
	}
}

// childResult turns the end of a command into our own.
func childResult(command string, err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal()) // as shells do
	}
	return &childError{command: command, code: code, err: err}
}

// hasTerminal reports whether a terminal controls this process.
func hasTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	return tty.Close() == nil
}
