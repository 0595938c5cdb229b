package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// startTimeout bounds finding or starting a server, a first download included.
const startTimeout = 5 * time.Minute

// serverVar names the server that all test processes share.
const serverVar = "TEST_DATABASE_URL"

// stopTimeout bounds ending a server.
const stopTimeout = 30 * time.Second

// shared is the one mutable variable of this package. The tests of a package have
// no object in common but their process, and a server for each of them would
// cost a second each; so the process holds the server, behind this lock.
var shared sharedServer

type sharedServer struct {
	mu      sync.Mutex
	started bool             // guarded by mu
	server  *pgserver.Server // guarded by mu
	err     error            // guarded by mu; why there is none
	idle    []*pgx.Conn      // guarded by mu; see connect
}

// get returns the process's server, the first time after finding or starting it.
// A failure is kept: a hundred tests shall not wait for a hundred failures.
func (s *sharedServer) get() (*pgserver.Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return s.server, s.err
	}
	s.started = true
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cfg := pgserver.Config{DSNVars: []string{serverVar}}
	if os.Getenv(serverVar) != "" {
		// SQLKEEL_PG_PROVIDER chose the server that `sqlkeel pg run` names here;
		// choosing again would give each package a server of its own.
		cfg.Providers = []pgserver.Provider{pgserver.DSN}
	}
	s.server, s.err = pgserver.Start(ctx, cfg)
	return s.server, s.err
}

// stop ends the server if this process started one; get would start another.
func (s *sharedServer) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	server, idle := s.server, s.idle
	s.started, s.server, s.err, s.idle = false, nil, nil, nil
	for _, conn := range idle {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		_ = conn.Close(ctx)
		cancel()
	}
	if server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		return fmt.Errorf("pgtest: stop the server: %w", err)
	}
	return nil
}

// maxIdle bounds the connections that wait for the next test.
const maxIdle = 4

// connect returns a connection to the server's own database, where databases are made
// and dropped. To connect and to plan the statements anew costs as much as a clone, so
// the connections are kept; release takes them back.
func (s *sharedServer) connect(ctx context.Context, dsn string) (*pgx.Conn, error) {
	s.mu.Lock()
	var kept *pgx.Conn
	if n := len(s.idle); n > 0 {
		kept, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	s.mu.Unlock()
	if kept != nil {
		if kept.Ping(ctx) == nil {
			return kept, nil
		}
		_ = kept.Close(ctx)
	}
	return pgx.Connect(ctx, dsn)
}

// release closes the connection unless it can serve another test: it is good, without a
// transaction or a lock that a failed statement left to it.
func (s *sharedServer) release(ctx context.Context, conn *pgx.Conn, failed error) {
	s.mu.Lock()
	keep := failed == nil && s.started && len(s.idle) < maxIdle && conn.PgConn().TxStatus() == 'I'
	if keep {
		s.idle = append(s.idle, conn)
	}
	s.mu.Unlock()
	if !keep {
		_ = conn.Close(ctx)
	}
}
