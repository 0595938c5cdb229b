package pgserver

import (
	"context"
	"fmt"
	"sync"
)

// Mode is how a server goes down.
type Mode int

const (
	// Fast ends every session, writes everything out and stops.
	Fast Mode = iota
	// Immediate stops at once, as in a crash; the next start recovers.
	Immediate
	// Killed ends all processes by SIGKILL, without a word to the sessions.
	Killed
)

// String returns the mode in words.
func (m Mode) String() string {
	switch m {
	case Fast:
		return "fast"
	case Immediate:
		return "immediate"
	case Killed:
		return "killed"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// Instance is a running server as its provider sees it.
type Instance interface {
	DSN() string
	// Halt brings the server down and keeps its data; it must cope with a
	// server that is down already.
	Halt(ctx context.Context, mode Mode) error
	// Start brings it up again at the same address; it must cope with a
	// server that is up already.
	Start(ctx context.Context) error
	// Stop brings it down and removes all that was made for it.
	Stop(ctx context.Context) error
}

// Server is a PostgreSQL server that answered. Its methods are safe for
// concurrent use.
type Server struct {
	provider Provider
	version  string
	dsn      string

	mu      sync.Mutex
	inst    Instance // nil: not ours
	stopped bool     // guarded by mu
}

// Start returns a server that answers queries, from the first of the
// configured providers that has one. It returns an [*UnavailableError] when
// none has, and ctx's error when ctx ended; ctx does not bound the server's life.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	unavailable := &UnavailableError{}
	for _, p := range cfg.Providers {
		s, err := startWith(ctx, p, cfg)
		if err == nil {
			cfg.Report(fmt.Sprintf("PostgreSQL %s served by provider %s", s.version, p))
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("pgserver: start with provider %s: %w", p, err)
		}
		cfg.Report(fmt.Sprintf("provider %s passed over: %v", p, err))
		unavailable.Failures = append(unavailable.Failures, Failure{p, err})
		if p == DSN && wasSet(cfg) {
			break
		}
	}
	return nil, unavailable
}

func startWith(ctx context.Context, p Provider, cfg Config) (*Server, error) {
	if p == DSN {
		return useDSN(ctx, cfg)
	}
	launch := launcherOf(p)
	if launch == nil {
		return nil, errNotImported
	}
	inst, err := launch(ctx, cfg)
	if err != nil {
		return nil, err
	}
	version, err := Ping(ctx, inst.DSN())
	if err != nil {
		_ = inst.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return &Server{provider: p, version: version, dsn: inst.DSN(), inst: inst}, nil
}

// DSN returns the URL of the server's maintenance database, for a user who may
// create databases. It stays the same over Halt and Start.
func (s *Server) DSN() string { return s.dsn }

// Provider returns which provider serves.
func (s *Server) Provider() Provider { return s.provider }

// Version returns the server's version, such as "18.1".
func (s *Server) Version() string { return s.version }

// Owned reports whether this process started the server, and so may stop it.
func (s *Server) Owned() bool { return s.inst != nil }

// Halt brings the server down and keeps its data for [Server.Start]; it returns
// when no process of the server is left. Halting a server that is down does
// nothing. It returns [ErrNotOwned], [ErrStopped], or ctx's error when ctx
// ended first: the server is then still on its way down.
func (s *Server) Halt(ctx context.Context, mode Mode) error {
	return s.whileOurs(func() error { return s.inst.Halt(ctx, mode) })
}

// Start brings a halted server up again, with its data and at the same
// address, and returns when it accepts connections. Starting a server that is
// up does nothing. It returns [ErrNotOwned], [ErrStopped], or why it did not start.
func (s *Server) Start(ctx context.Context) error {
	return s.whileOurs(func() error { return s.inst.Start(ctx) })
}

func (s *Server) whileOurs(do func() error) error {
	if !s.Owned() {
		return ErrNotOwned
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	return do()
}

// Stop ends the server and removes its data. On a server that is not ours, and
// the second time, it does nothing. It returns ctx's error when ctx ended before
// all was gone.
func (s *Server) Stop(ctx context.Context) error {
	if !s.Owned() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	return s.inst.Stop(ctx)
}
