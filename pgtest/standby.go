package pgtest

import "context"

// NewStandby returns a streaming standby of the server, which answers queries that
// only read; it is stopped and its data removed at the end of the test. Further
// standbys, and standbys of standbys, are made in the same way.
//
// The server is down while its data are copied, two seconds' work: make its
// standbys before the sessions of the test. A standby has the settings of its
// server except synchronous_standby_names, and its own on top. Its cluster_name is
// what synchronous_standby_names calls it, by default walreceiver; a
// primary_conninfo of its own may lead through a [Proxy] to a server that it
// shall follow late or not at all.
//
// NewStandby ends the test when the standby cannot be made, as for a server in a
// container.
func (s *Server) NewStandby(opts ...ServerOption) *Server {
	s.t.Helper()
	cfg := configure(s.t, opts)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	standby, err := s.server.Standby(ctx, cfg.Settings)
	if err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	return own(s.t, standby)
}

// Promote makes a standby a primary, on a timeline of its own, and returns when
// it takes writes. It does not ask whether the old primary still does: what that
// has not sent by then is lost to the new one.
func (s *Server) Promote() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := s.server.Promote(ctx); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
}
