package cache

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/rowkey"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// tableClocks is one table of one target database. It has clocks for each scope of results,
// and a write moves those of all scopes that it touches.
type tableClocks struct {
	name  string
	whole scopeClocks  // of all columns and rows, which every write touches
	since atomic.Int64 // when its fence was put up, on the cache's time plus 1; 0: it is down
	said  atomic.Bool  // that it has been up for too long

	needless atomic.Uint64 // results made old that turned out to be the same

	mu     sync.Mutex                     // of writers; guards what follows
	scopes atomic.Pointer[[]*scopeClocks] // the whole and others; written under mu
	wanted []scope                        // that get clocks when no write is under way
}

func newTable(name string) *tableClocks {
	t := &tableClocks{name: name, whole: scopeClocks{scope: scope{all: true}}}
	t.scopes.Store(&[]*scopeClocks{&t.whole})
	return t
}

// step is what becomes of the slots of a write.
type step uint8

const (
	raising  step = iota // it may become visible from now on
	ending               // it may be visible
	lowering             // nothing of it became visible
)

func (s *slot) step(to step) (fence uint64) {
	switch to {
	case raising:
		return s.raise()
	case ending:
		return s.end()
	default:
		return s.lower()
	}
}

// write takes the slots of one write a step further. A write takes the same slots in all
// of its steps, for scopes are added only while none is under way.
func (t *tableClocks) write(w *stmt.Run, to step, now time.Duration) {
	if changesNone(w, t.name) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	set, known := columnsOf(w.SetColumns, t.name)
	for _, c := range *t.scopes.Load() {
		if !known || c.reads(set) {
			c.write(w, t.name, to)
		}
	}
	t.mark(to, now)
}

// mark notes when the fence went up, and adds scopes when it has come down. It is called
// with mu held.
func (t *tableClocks) mark(to step, now time.Duration) {
	switch _, fence := t.whole.rest.read(); {
	case fence == 0:
		t.since.Store(0)
		t.said.Store(false)
		t.open()
	case fence == 1 && to == raising:
		t.since.Store(int64(now) + 1)
	}
}

// moveAll makes every result of the table old.
func (t *tableClocks) moveAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range *t.scopes.Load() {
		c.rest.move()
	}
}

// clocks returns those of the scope, or nil while they are only wanted.
func (t *tableClocks) clocks(s scope) *scopeClocks {
	if c := t.known(s); c != nil {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known(s) == nil && !slices.ContainsFunc(t.wanted, s.same) {
		t.wanted = append(t.wanted, s)
	}
	if _, fence := t.whole.rest.read(); fence == 0 {
		t.open()
	}
	return t.known(s)
}

func (t *tableClocks) known(s scope) *scopeClocks {
	for _, c := range *t.scopes.Load() {
		if c.same(s) {
			return c
		}
	}
	return nil
}

// open adds the wanted scopes. It is called with mu held and the fence down.
func (t *tableClocks) open() {
	if len(t.wanted) == 0 {
		return
	}
	all := slices.Clone(*t.scopes.Load())
	for _, s := range t.wanted {
		all = append(all, newScope(s))
	}
	t.wanted = nil
	t.scopes.Store(&all)
}

// slots are those of the table that a result with these arguments depends on. By several
// keys it is pinned by any of them: the one is taken by which it would have been old least
// often. Until that has clocks it depends on the whole table.
func (t *tableClocks) slots(e *stmt.Effects, args []any) (best slots) {
	columns, known := columnsOf(e.ReadColumns, t.name)
	s, least := scope{all: !known, columns: columns}, uint64(math.MaxUint64)
	for _, k := range e.ReadKeys {
		if k.Relation != t.name {
			continue
		}
		values, known := valuesOf(k, args)
		if !known {
			continue
		}
		if len(values) == 0 {
			return nil
		}
		s.key, s.kind = k.Column, rowkey.KindOf(values[0])
		if c := t.clocks(s); c != nil {
			of := c.slots(values)
			if moved, _ := of.read(); moved < least {
				best, least = of, moved
			}
		}
	}
	if best != nil {
		return best
	}
	if s.key == "" {
		if c := t.clocks(s); c != nil {
			return c.slots(nil)
		}
	}
	return t.whole.slots(nil)
}
