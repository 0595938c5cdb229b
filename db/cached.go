package db

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/unit"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// CachedBy reports whether a result that is read through d with ctx may be answered
// from, and kept in, the cache c. target is the database's name, [Config].Name. why is
// empty when it may, else the reason:
//
//   - "not fenced": c is not [Config].Invalidator, so it does not see the writes; or c
//     knows Name as that of another database; or the server is a standby, where writes
//     become visible later than c knows; or d was closed;
//   - "transaction": ctx is from the function of a transaction of package txn on this
//     database, which sees what it has written itself;
//   - "schema": a relation is not as it was when the code of [Config].Statements was
//     generated, so what is known of reads and writes may be wrong. So it is, too, while
//     that is not known: before the first comparison, and from a text that may change
//     definitions (CREATE, ALTER, DROP, GRANT, DO, CALL and the like, of which nothing
//     is known) to the next one.
//
// With an Invalidator the monitor compares at each probe, and after such a text. A
// change that another session makes is seen at the next probe. When the relations fit
// again the Invalidator is notified of a write of anything.
//
// A transaction, a pool or a connection of pgx has no such method: what is read through
// one is not cached.
func (d *DB) CachedBy(ctx context.Context, c stmt.Invalidator) (target, why string) {
	switch {
	case d.fenced == nil || d.fenced != c:
		return d.cfg.Name, stmt.NotFenced
	case unit.Over(ctx, d) != nil:
		return d.cfg.Name, stmt.InTransaction
	case !d.schema.fits():
		if d.claim.denied.Load() {
			return d.cfg.Name, stmt.NotFenced
		}
		return d.cfg.Name, stmt.SchemaDiffers
	}
	return d.cfg.Name, ""
}

// CachedBy is [DB.CachedBy] of the database that ctx chooses. Nothing is cached of one
// that the Set does not have.
func (s *Set) CachedBy(ctx context.Context, c stmt.Invalidator) (target, why string) {
	if d, ok := s.dbs[s.Target(ctx)]; ok {
		return d.CachedBy(ctx, c)
	}
	return s.Target(ctx), stmt.NotFenced
}

// fence returns i, or nil when it cannot be compared with another Invalidator.
func fence(i stmt.Invalidator) stmt.Invalidator {
	if i == nil || !reflect.ValueOf(i).Comparable() {
		return nil
	}
	return i
}

// schemaState is whether the database's relations are as generated code knows them.
type schemaState struct {
	changes atomic.Int64 // of definitions, as far as they were made here; each counts when it has ended
	fit     atomic.Int64 // 1 + changes before the last comparison, when all was as it should be; else 0
	differs string       // used by the monitor: the relations that do not fit
}

// fits reports whether they were so when they were compared after the last change.
func (s *schemaState) fits() bool { return s.fit.Load() == s.changes.Load()+1 }

// redefined is called when definitions may have changed.
func (d *DB) redefined() {
	d.schema.changes.Add(1)
	wake(d.monitor.redefined)
}

// judgeSchema takes the relations that differ, found by a comparison that began after
// so many changes.
func (m *monitor) judgeSchema(changes int64, differs string) {
	s := &m.d.schema
	before := s.differs
	s.differs = differs
	switch {
	case m.d.claim.denied.Load():
		s.fit.Store(0)
	case differs != "":
		s.fit.Store(0)
		if differs != before {
			m.d.events.uncached(differs)
		}
	case before != "":
		w := exec.Writes{Listener: m.d.listener}
		w.AddNamed("schema change", exec.Anything)
		w.Before()
		s.fit.Store(changes + 1)
		w.After(stmt.Committed)
		m.d.events.cachedAgain()
	default:
		s.fit.Store(changes + 1)
	}
}

// wake wakes the monitor, unless it will wake anyway.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
