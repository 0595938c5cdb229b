//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

func (l *local) standby(ctx context.Context, settings map[string]string) (Instance, error) {
	if err := l.Halt(ctx, Fast); err != nil {
		return nil, err
	}
	follower, err := l.clone(ctx, settings)
	// Up again, whatever came of the copy.
	if err := errors.Join(err, l.Start(ctx)); err != nil {
		return nil, errors.Join(err, follower.discard(ctx))
	}
	if err := follower.follow(ctx); err != nil {
		return nil, errors.Join(err, follower.discard(ctx))
	}
	return follower, nil
}

// clone returns a server, still down, with a copy of the data of one that is down.
func (l *local) clone(ctx context.Context, settings map[string]string) (*local, error) {
	cfg := l.cfg
	cfg.Settings = maps.Clone(l.cfg.Settings)
	// The new server has no standby; once promoted it would wait for one for ever.
	delete(cfg.Settings, "synchronous_standby_names")
	maps.Copy(cfg.Settings, settings)
	follower, err := newLocal(cfg, l.bin)
	if err != nil {
		return nil, err
	}
	follower.primary = l.port
	if err := follower.copyData(ctx, l.data()); err != nil {
		return nil, errors.Join(err, follower.discard(ctx))
	}
	return follower, nil
}

func (l *local) copyData(ctx context.Context, from string) error {
	if err := l.run(ctx, "/bin/cp", "-Rp", from, l.data()); err != nil {
		return err
	}
	// A server that was killed leaves the file that says that it runs.
	if err := os.Remove(filepath.Join(l.data(), "postmaster.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	signal := filepath.Join(l.data(), "standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil || l.as == nil {
		return err
	}
	return os.Chown(signal, l.as.uid, l.as.gid)
}

// follow starts a standby and returns when it streams.
func (l *local) follow(ctx context.Context) error {
	if err := l.settle(ctx); err != nil {
		return err
	}
	if err := awaitStream(ctx, l.DSN()); err != nil {
		return fmt.Errorf("wait for the stream of its primary: %w", err)
	}
	return nil
}

// following are the arguments of postgres that name the primary. A server that was
// promoted does not look at them.
func (l *local) following() []string {
	if l.primary == 0 {
		return nil
	}
	return []string{"-c", fmt.Sprintf("primary_conninfo=host=127.0.0.1 port=%d user=postgres sslmode=disable", l.primary)}
}

// discard removes what was made of a server that is not to be.
func (l *local) discard(ctx context.Context) error {
	if l == nil {
		return nil
	}
	return l.Stop(context.WithoutCancel(ctx))
}
