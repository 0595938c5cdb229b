package db

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	schemaUnchecked = "unchecked"
	schemaMatches   = "matches"
)

const (
	// compareTimeout bounds a comparison, which a large schema makes slow.
	compareTimeout = 10 * time.Second
	// compareRest is how many times as long as a comparison took the monitor waits before
	// it compares again, unless a text is the reason.
	compareRest = 50
	// compareAgain is the least time between two comparisons of which texts are the reason.
	compareAgain = 100 * time.Millisecond
)

// comparison is when the schema was compared.
type comparison struct {
	definitions int64     // how many changes there were before it
	comparedAt  time.Time // when it ended
	compareAt   time.Time // when the next is due, without a reason
}

// compareSchema compares the database with [Config].Statements, once for each of
// the monitor's connections: behind a new one may be another server. With an
// Invalidator it does so again and again, as results are cached only while they fit. A
// failure is not the server's state; it is asked again at the next probe.
func (m *monitor) compareSchema(ctx context.Context) {
	known, fenced := m.d.cfg.Statements != nil, m.d.listener != nil
	changes, start := m.d.schema.changes.Load(), time.Now()
	switch {
	case m.conn == nil || !known && !fenced:
		return
	case m.compared && (!fenced || changes == m.definitions && start.Before(m.compareAt)):
		return
	}
	ctx, cancel := context.WithTimeout(ctx, compareTimeout)
	defer cancel()
	list, err := changed(ctx, m.conn, m.d.cfg.Statements)
	if err != nil {
		m.fail(err)
		return
	}
	now := time.Now()
	m.compared, m.comparison = true, comparison{changes, now, now.Add(compareRest * now.Sub(start))}
	if known {
		m.reportSchema(list)
	}
	if fenced {
		list = slices.DeleteFunc(list, func(r changedRelation) bool { return r.Missing }) // nothing can be read of it
		m.judgeSchema(changes, namesOf(list))
	}
}

// namesOf returns the names in one line.
func namesOf(list []changedRelation) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Name
	}
	return strings.Join(names, ", ")
}

// reportSchema notes what a comparison found.
func (m *monitor) reportSchema(list []changedRelation) {
	now := schemaMatches
	if len(list) > 0 {
		now = "differs: " + namesOf(list)
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
