package pgserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// replicable is an instance that can be copied.
type replicable interface {
	// standby brings the instance down, copies its data, and brings up both
	// the instance and one that follows it.
	standby(ctx context.Context, settings map[string]string) (Instance, error)
}

// Standby returns a new server that follows s by streaming replication and
// answers queries that only read. It has the settings of s, but for
// synchronous_standby_names, and those given here on top. Its name as a standby is
// its cluster_name, by default walreceiver.
//
// The data are copied while s is down: its sessions end as by Halt in Fast mode,
// and it is up afterwards even if it was not before. Stopping s does not stop the
// standby. Standby returns [ErrNotOwned], [ErrStopped], [ErrNoStandby], or why one of
// both did not start; when ctx ends before the standby streams, ctx's error.
func (s *Server) Standby(ctx context.Context, settings map[string]string) (*Server, error) {
	var made *Server
	err := s.whileOurs(func() error {
		source, ok := s.inst.(replicable)
		if !ok {
			return ErrNoStandby
		}
		inst, err := source.standby(ctx, settings)
		if err != nil {
			return fmt.Errorf("pgserver: make a standby: %w", err)
		}
		made = &Server{provider: s.provider, version: s.version, dsn: inst.DSN(), inst: inst}
		return nil
	})
	return made, err
}

// Promote makes a standby a primary, on a timeline of its own, and returns when it
// takes writes; it does not ask whether the old primary still does. It returns
// [ErrNotOwned], [ErrStopped], the server's error when s is no standby, or ctx's.
func (s *Server) Promote(ctx context.Context) error {
	return s.whileOurs(func() error {
		if err := promote(ctx, s.dsn); err != nil {
			return fmt.Errorf("pgserver: promote: %w", err)
		}
		return nil
	})
}

// promoteTimeout bounds the server's own wait for the end of a promotion.
const promoteTimeout = time.Minute

func promote(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var done bool
	if err := conn.QueryRow(ctx, "SELECT pg_promote(true, $1)", int(promoteTimeout.Seconds())).Scan(&done); err != nil {
		return err
	}
	if !done {
		return errors.New("the server did not finish within " + promoteTimeout.String())
	}
	return nil
}

// awaitStream returns when the standby at dsn receives what its primary writes.
func awaitStream(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var streams bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')").Scan(&streams)
		if streams || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
