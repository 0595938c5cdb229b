package pgtest

import (
	"context"
	"errors"
	"net"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/pgserver"
)

// ServerOption is a wish for the server that [NewServer] or [Server.NewStandby]
// returns.
type ServerOption interface {
	applyServer(*pgserver.Config) error
}

type serverOptionFunc func(*pgserver.Config) error

func (f serverOptionFunc) applyServer(c *pgserver.Config) error { return f(c) }

// WithSetting sets a server parameter, such as max_connections.
func WithSetting(name, value string) ServerOption {
	return serverOptionFunc(func(c *pgserver.Config) error {
		if name == "" {
			return errors.New("WithSetting: name is empty")
		}
		if c.Settings == nil {
			c.Settings = map[string]string{}
		}
		c.Settings[name] = value
		return nil
	})
}

// Server is a PostgreSQL server that one test has for itself, to be stopped,
// killed and started. What was committed survives. Its methods are safe for
// concurrent use, but end the test on failure: call them from the test's
// goroutine.
type Server struct {
	t      testing.TB
	server *pgserver.Server
	addr   string
}

// NewServer starts a private server, about a second's work; it is stopped and
// its data removed at the end of the test. TEST_DATABASE_URL is not used: that
// server is not the test's to stop. NewServer ends the test when no server can be
// started, saying what to do about it.
func NewServer(t testing.TB, opts ...ServerOption) *Server {
	t.Helper()
	cfg := configure(t, opts)
	cfg.Providers = []pgserver.Provider{pgserver.Local, pgserver.Docker, pgserver.Download}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := pgserver.Start(ctx, cfg)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return own(t, server)
}

func configure(t testing.TB, opts []ServerOption) (cfg pgserver.Config) {
	t.Helper()
	for _, opt := range opts {
		if err := opt.applyServer(&cfg); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	return cfg
}

// own returns the server for the test, at whose end it is stopped.
func own(t testing.TB, server *pgserver.Server) *Server {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Errorf("pgtest: stop the server: %v", err)
		}
	})
	addr, err := address(server.DSN())
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return &Server{t: t, server: server, addr: addr}
}

// DSN returns the URL of the server's database postgres, for its superuser. It
// stays the same when the server is started again.
func (s *Server) DSN() string { return s.server.DSN() }

// Addr returns the server's host:port.
func (s *Server) Addr() string { return s.addr }

// Stop stops the server as an administrator does (fast mode): sessions are
// ended with 57P01. It returns when the server is down.
func (s *Server) Stop() { s.t.Helper(); s.halt(pgserver.Fast) }

// StopImmediate stops the server without an orderly end (immediate mode):
// sessions are ended with 57P02, and the next start recovers.
func (s *Server) StopImmediate() { s.t.Helper(); s.halt(pgserver.Immediate) }

// Kill ends all processes of the server by SIGKILL: sessions end without a word.
func (s *Server) Kill() { s.t.Helper(); s.halt(pgserver.Killed) }

func (s *Server) halt(mode pgserver.Mode) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.server.Halt(ctx, mode); err != nil {
		s.t.Fatalf("pgtest: stop the server (%s): %v", mode, err)
	}
}

// Start starts a stopped server again, at the same address, and returns when it
// accepts connections.
func (s *Server) Start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := s.server.Start(ctx); err != nil {
		s.t.Fatalf("pgtest: start the server: %v", err)
	}
}

func address(dsn string) (string, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))), nil
}
