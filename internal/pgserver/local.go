//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// local is a server run from binaries of this machine.
type local struct {
	bin  string   // directory of initdb and postgres
	home string   // holds the data directory; the guard removes it
	as   *account // nil: ourselves
	cfg  Config   // for its settings
	port int

	primary int // the port of the server that it follows, or followed; 0: none

	guard *guard
	proc  *process // nil or dead while the server is down
}

func startLocal(ctx context.Context, cfg Config) (Instance, error) {
	bin, err := findBinaries(cfg.Getenv, binaryPlaces())
	if err != nil {
		return nil, err
	}
	return StartBinaries(ctx, cfg, bin)
}

// StartBinaries makes a new server from the binaries in bin.
func StartBinaries(ctx context.Context, cfg Config, bin string) (Instance, error) {
	l, err := newLocal(cfg, bin)
	if err != nil {
		return nil, err
	}
	if err := l.create(ctx); err != nil {
		return nil, errors.Join(err, l.Stop(context.WithoutCancel(ctx)))
	}
	return l, nil
}

// newLocal returns a server without data, but with a place for them.
func newLocal(cfg Config, bin string) (*local, error) {
	as, err := pickAccount(os.Geteuid())
	if err != nil {
		return nil, err
	}
	home, err := as.makeHome(homes(cfg, freeInMemory)...)
	if err != nil {
		return nil, fmt.Errorf("make a data directory: %w", err)
	}
	g, err := newGuard(home, guardScript)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	return &local{bin: bin, home: home, as: as, cfg: cfg, guard: g}, nil
}

func (l *local) create(ctx context.Context) error {
	if err := l.initdb(ctx); err != nil {
		return err
	}
	return l.settle(ctx)
}

// settle starts the server at a port of its own.
func (l *local) settle(ctx context.Context) error {
	// Another process may take the port between our look and the server's.
	for attempt := 1; ; attempt++ {
		port, err := FreePort()
		if err != nil {
			return err
		}
		l.port = port
		if err = l.Start(ctx); err == nil || attempt == 5 || !errors.Is(err, errPortTaken) {
			return err
		}
	}
}

func (l *local) initdb(ctx context.Context) error {
	return l.run(ctx, filepath.Join(l.bin, "initdb"), "-D", l.data(), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
}

// run returns when a program of the server's account has ended.
func (l *local) run(ctx context.Context, path string, args ...string) error {
	out, name := newOutput(), filepath.Base(path)
	proc, err := launch(l.command(out, path, args...), l.as, syscall.SIGKILL)
	if err != nil {
		return l.explain(err)
	}
	if err := proc.wait(ctx); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), proc.kill(), proc.wait(context.WithoutCancel(ctx)))
	}
	if proc.err != nil {
		return fmt.Errorf("%s: %w\n%s", name, proc.err, out.tail())
	}
	return nil
}

func (l *local) data() string { return filepath.Join(l.home, "data") }

func (l *local) DSN() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", l.port)
}

// command runs a program in a clean environment: PGDATA, PGPORT or LC_MESSAGES of
// the caller must not reach it.
func (l *local) command(out *output, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = l.home
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Stdout, cmd.Stderr = out, out
	l.guard.watch(cmd)
	return cmd
}

// explain adds what a bare "permission denied" of fork does not say.
func (l *local) explain(err error) error {
	if l.as != nil && errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w (as root the server runs as user %s, who must be able to enter %s)", err, l.as.name, l.bin)
	}
	return err
}

var errPortTaken = errors.New("the port was taken by another process")

func (l *local) Start(ctx context.Context) error {
	if l.proc.alive() {
		return nil
	}
	out := newOutput()
	out.readOnly = l.primary != 0
	args := slices.Concat([]string{"-D", l.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(l.port), "-k", "",
		"-c", "dynamic_shared_memory_type=mmap"}, l.following(), l.cfg.Arguments())
	// SIGQUIT is an immediate shutdown: it leaves nothing in shared memory.
	proc, err := launch(l.command(out, filepath.Join(l.bin, "postgres"), args...), l.as, syscall.SIGQUIT)
	if err != nil {
		return l.explain(err)
	}
	l.proc = proc
	select {
	case <-out.ready:
		return l.verify(ctx)
	case <-proc.done:
		return startError(proc, out)
	case <-ctx.Done():
		return errors.Join(ctx.Err(), l.Halt(context.WithoutCancel(ctx), Immediate))
	}
}

func startError(proc *process, out *output) error {
	tail := out.tail()
	if strings.Contains(tail, "could not bind") {
		return fmt.Errorf("postgres: %w\n%s", errPortTaken, tail)
	}
	return fmt.Errorf("postgres did not start: %v\n%s", proc.err, tail)
}

// verify makes sure that it is our server that answers at our address.
func (l *local) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, l.DSN())
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var dir string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&dir); err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	if dir != l.data() {
		return fmt.Errorf("another server answers at port %d: its data are in %s", l.port, dir)
	}
	return nil
}

func (l *local) Halt(ctx context.Context, mode Mode) error {
	if !l.proc.alive() {
		return nil
	}
	var err error
	switch mode {
	case Killed:
		err = l.proc.kill()
	case Immediate:
		err = l.proc.signal(syscall.SIGQUIT)
	case Fast:
		err = l.proc.signal(syscall.SIGINT)
	}
	return errors.Join(err, l.proc.wait(ctx))
}

func (l *local) Stop(ctx context.Context) error {
	// The data are thrown away, so nothing needs to be written out.
	return errors.Join(l.Halt(ctx, Immediate), l.guard.release(ctx))
}
