package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sqlkeel/sqlkeel/migrations"
)

// BuildTool builds sqlkeel in the folder dir and returns its path. It is to be called
// from a folder of the module.
func BuildTool(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "sqlkeel")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/sqlkeel/sqlkeel/cmd/sqlkeel")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build sqlkeel: %w\n%s", err, out)
	}
	return path, nil
}

// runTool runs sqlkeel in a folder that has the migrations as its schema, and returns
// its output. An interrupt reaches it as a signal.
func (s *stage) runTool(ctx context.Context, dsn string, args ...string) (out []byte, err error) {
	dir, err := os.MkdirTemp("", "sqlkeel-demo-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(dir, migrations.FS); err != nil {
		return nil, err
	}
	tool := exec.CommandContext(ctx, s.opts.Tool, append(args, "--dir", dir)...)
	tool.Env = append(os.Environ(), "DATABASE_URL="+dsn)
	tool.Cancel = func() error { return tool.Process.Signal(os.Interrupt) }
	tool.WaitDelay = 15 * time.Second
	out, err = tool.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return nil, errors.New(strings.TrimSpace(string(exit.Stderr)))
	case err != nil:
		return nil, fmt.Errorf("sqlkeel %s: %w", args[0], err)
	}
	return out, nil
}
