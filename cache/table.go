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
	name     string
	whole    *scopeClocks  // of all columns and rows, which every write touches
	needless atomic.Uint64 // results made old that turned out to be the same

	mu      sync.Mutex                     // of writers; guards what follows
	writers []*writers                     // by the columns that they set
	scopes  atomic.Pointer[[]*scopeClocks] // the whole and others; written under mu
	wanted  []scope                        // that get clocks when no write that touches them is under way
}

// writers are the writes that set the same columns of a table. tableClocks.mu guards them.
type writers struct {
	all      bool     // of the columns, and rows, as they are not known
	columns  []string // else these
	comes    bool     // rows come or go
	touches  []*scopeClocks
	underway int
	since    time.Duration // when the first of those under way began, on the cache's time
	said     bool          // that it was long ago
}

func newTable(name string) *tableClocks {
	t := &tableClocks{name: name}
	t.whole = newScope(t, scope{all: true})
	t.scopes.Store(&[]*scopeClocks{t.whole})
	return t
}

// step is what becomes of the slots of a write.
type step uint8

const (
	raising  step = iota // it may become visible from now on
	ending               // it may be visible
	lowering             // nothing of it became visible
)

func (s *slot) step(to step) {
	switch to {
	case raising:
		s.raise()
	case ending:
		s.end()
	default:
		s.lower()
	}
}

// write takes the slots of one write a step further. A write takes the same slots in all
// of its steps: a scope is added only while none that touches it is under way.
func (t *tableClocks) write(w *stmt.Run, to step, now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	alike := t.alike(w)
	for _, c := range alike.touches {
		c.write(w, t.name, to)
	}
	if to != raising {
		alike.underway--
		t.open()
		return
	}
	if alike.underway == 0 {
		alike.since, alike.said = now, false
	}
	alike.underway++
}

// alike returns the writers that set the same columns as w. It is called with mu held.
func (t *tableClocks) alike(w *stmt.Run) *writers {
	set, known := columnsOf(w.SetColumns, t.name)
	for _, same := range t.writers {
		if same.all == !known && same.comes == set.Rows && slices.Equal(same.columns, set.Names) {
			return same
		}
	}
	added := &writers{all: !known, columns: set.Names, comes: set.Rows}
	for _, c := range *t.scopes.Load() {
		if added.touch(c.scope) {
			added.touches = append(added.touches, c)
		}
	}
	t.writers = append(t.writers, added)
	return added
}

// touch reports whether such a write may change what is in the scope.
func (w *writers) touch(s scope) bool {
	return w.all || s.all || w.comes && !s.beside || slices.ContainsFunc(w.columns, func(name string) bool { return slices.Contains(s.columns, name) })
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
	t.open()
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

// open adds the wanted scopes, but those that a write under way touches. It is called with
// mu held.
func (t *tableClocks) open() {
	if len(t.wanted) > 0 {
		t.wanted = slices.DeleteFunc(t.wanted, t.add)
	}
}

// add reports whether it added the scope.
func (t *tableClocks) add(s scope) bool {
	touches := func(w *writers) bool { return w.touch(s) }
	if slices.ContainsFunc(t.writers, func(w *writers) bool { return w.underway > 0 && touches(w) }) {
		return false
	}
	c := newScope(t, s)
	for _, w := range t.writers {
		if touches(w) {
			w.touches = append(w.touches, c)
		}
	}
	all := append(slices.Clone(*t.scopes.Load()), c)
	t.scopes.Store(&all)
	return true
}

// needs returns the scope on which a result with these arguments depends, and its slots. By
// several keys it is pinned by any of them: the one is taken by which it would have been
// old least often. Until that has clocks it depends on the whole table. A result that is
// pinned by an array without elements depends on nothing.
func (t *tableClocks) needs(e *stmt.Effects, args []any) (best *scopeClocks, of slots) {
	read, known := columnsOf(e.ReadColumns, t.name)
	s, least := scope{all: !known, columns: read.Names, beside: read.Rows}, uint64(math.MaxUint64)
	for _, k := range e.ReadKeys {
		if k.Relation != t.name {
			continue
		}
		values, known := valuesOf(k, args)
		if !known {
			continue
		}
		if len(values) == 0 {
			return nil, nil
		}
		s.key, s.kind = k.Column, rowkey.KindOf(values[0])
		if c := t.clocks(s); c != nil {
			rows := c.slots(values)
			if moved, _ := rows.read(); moved < least {
				best, of, least = c, rows, moved
			}
		}
	}
	if s.key == "" {
		best = t.clocks(s)
	}
	if best == nil {
		best = t.whole
	}
	if of == nil {
		of = best.slots(nil)
	}
	return best, of
}
