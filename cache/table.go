package cache

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/rowkey"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// stripes is how many slots the rows of a table share, or the keys of a view. They are
// kept dense: 8 share a cache line, and all of them fit into 8 KiB.
const stripes = 1024

// tableClocks is one table of one target database.
//
// A write moves the table's own slot, for results that depend on no particular rows. For
// each column by which results are pinned it moves the slot of the value that it wrote,
// where that is known, and else the one for rows that are not known.
type tableClocks struct {
	name  string
	whole line
	since atomic.Int64 // when its fence was put up, on the cache's time plus 1; 0: it is down
	said  atomic.Bool  // that it has been up for too long

	needless atomic.Uint64 // results made old that turned out to be the same

	mu      sync.Mutex                      // of writers; guards what follows
	columns atomic.Pointer[[]*columnClocks] // written under mu
	wanted  []wanted                        // that become columns when no write is under way
}

// columnClocks is one by which results are pinned.
type columnClocks struct {
	wanted
	seed   maphash.Seed
	others line // writes of rows that are not known
	rows   [stripes]slot
}

// wanted is a column, and the kind of its values.
type wanted struct {
	name string
	kind rowkey.Kind
}

func newTable(name string) *tableClocks {
	t := &tableClocks{name: name}
	t.columns.Store(new([]*columnClocks))
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
// of its steps, for columns are added only while none is under way.
func (t *tableClocks) write(w *stmt.Run, to step, now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range *t.columns.Load() {
		c.write(w, t.name, to)
	}
	t.mark(t.whole.step(to), to, now)
}

// mark notes when the fence went up, and adds columns when it has come down. It is called
// with mu held.
func (t *tableClocks) mark(fence uint64, to step, now time.Duration) {
	switch {
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
	for _, c := range *t.columns.Load() {
		c.others.move()
	}
	t.whole.move()
}

// column returns the one that results are pinned by, or nil while it is only wanted.
func (t *tableClocks) column(name string, kind rowkey.Kind) *columnClocks {
	if c := t.known(name, kind); c != nil {
		return c
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := wanted{name, kind}
	if t.known(name, kind) == nil && !slices.Contains(t.wanted, w) {
		t.wanted = append(t.wanted, w)
	}
	if _, fence := t.whole.read(); fence == 0 {
		t.open()
	}
	return t.known(name, kind)
}

func (t *tableClocks) known(name string, kind rowkey.Kind) *columnClocks {
	for _, c := range *t.columns.Load() {
		if c.name == name && c.kind == kind {
			return c
		}
	}
	return nil
}

// open adds the wanted columns. It is called with mu held and the fence down.
func (t *tableClocks) open() {
	if len(t.wanted) == 0 {
		return
	}
	all := slices.Clone(*t.columns.Load())
	for _, w := range t.wanted {
		all = append(all, &columnClocks{wanted: w, seed: maphash.MakeSeed()})
	}
	t.wanted = nil
	t.columns.Store(&all)
}

// row returns the slot of a value, or nil when it is of another kind.
func (c *columnClocks) row(value any) *slot {
	hash, kind := rowkey.Hash(c.seed, value)
	if kind != c.kind && kind != rowkey.Null {
		return nil
	}
	return &c.rows[hash%stripes]
}

// write takes the slot of the rows that are written a step further. What rows a write
// returned is known only when it has ended. Its fence is that of all rows until then.
func (c *columnClocks) write(w *stmt.Run, relation string, to step) {
	told := false // by a result
	for _, k := range w.WriteKeys {
		if k.Relation != relation || k.Column != c.name || k.Each {
			continue
		}
		if k.Param == 0 {
			told = told || to == ending && c.moveRows(w.Rows, k.Result)
			continue
		}
		if k.Param <= len(w.Args) {
			if s := c.row(w.Args[k.Param-1]); s != nil {
				s.step(to)
				return
			}
		}
	}
	if told {
		to = lowering
	}
	c.others.step(to)
}

// moveRows makes old what was read of the rows that a write returned. It reports whether
// all of them are known.
func (c *columnClocks) moveRows(rows [][]any, result int) bool {
	if rows == nil {
		return false
	}
	for _, row := range rows {
		if result > len(row) || c.row(row[result-1]) == nil {
			return false
		}
	}
	for _, row := range rows {
		c.row(row[result-1]).move()
	}
	return true
}
