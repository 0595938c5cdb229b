package db

import (
	"context"
	"strings"
)

const (
	schemaUnchecked = "unchecked"
	schemaMatches   = "matches"
)

// compareSchema compares the database with [Config].Statements, once for each of
// the monitor's connections: behind a new one may be another server. A failure is
// not the server's state; it is asked again at the next probe.
func (m *monitor) compareSchema(ctx context.Context) {
	if m.compared || m.conn == nil || m.d.cfg.Statements == nil {
		return
	}
	list, err := changed(ctx, m.conn, m.d.cfg.Statements)
	if err != nil {
		m.note(err)
		return
	}
	m.compared = true
	now := schemaMatches
	if len(list) > 0 {
		names := make([]string, len(list))
		for i, r := range list {
			names[i] = r.Name
		}
		now = "differs: " + strings.Join(names, ", ")
	}
	m.mu.Lock()
	before := m.schema
	m.schema = now
	m.mu.Unlock()
	if now != before {
		m.d.events.schema(now)
	}
}

// loadTypesOnce loads the types that [Config].Statements need, once for each of the
// monitor's connections: behind a new one may be another server, with other OIDs. A
// failure is not the server's state; it is tried again at the next probe.
func (m *monitor) loadTypesOnce(ctx context.Context) {
	if m.typed || m.conn == nil || len(m.d.types.names) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, m.d.cfg.HealthTimeout)
	defer cancel()
	var asked []uint32
	if set := m.d.types.set.Load(); set != nil {
		asked = set.asked
	}
	if err := m.d.types.load(ctx, m.conn, asked); err != nil {
		m.note(err)
		return
	}
	m.typed = true
}
