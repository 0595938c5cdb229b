package cache

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// fake is a database of package db as queries see it.
type fake struct {
	name, why string
	row       source
}

func (f *fake) CachedBy(context.Context, stmt.Invalidator) (target, why string) { return f.name, f.why }

// The read of one book by its id, and of all books of an author.
var (
	bookByID = &stmt.Statement{Name: "GetBook", SQL: "book by id", Effects: stmt.Effects{
		ReadOnly: true, Reads: []string{table}, ReadKeys: []stmt.RowKey{{Relation: table, Column: "id", Param: 1}},
	}}
	byAuthor = &stmt.Statement{Name: "BooksBy", SQL: "books by author", Effects: stmt.Effects{
		ReadOnly: true, Reads: []string{table, "authors"}, ReadKeys: []stmt.RowKey{{Relation: table, Column: "author_id", Param: 1}},
	}}
)

// query returns the cached reads of a statement with one argument.
func query(c *Cache, f *fake, s *stmt.Statement, changes ...func(*QueryConfig[int64, int64, int64])) *Query[int64, int64, int64] {
	cfg := &QueryConfig[int64, int64, int64]{
		Statement: s, TTL: time.Hour,
		Key:  func(n int64) int64 { return n },
		Args: func(n int64) []any { return []any{n} },
	}
	for _, change := range changes {
		change(cfg)
	}
	return NewQuery(c, f, f.row.load, cfg)
}

func ask1(t *testing.T, q *Query[int64, int64, int64], n int64) int64 {
	t.Helper()
	v, err := q.Get(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// updates is a write of the books whose column has the value.
func updates(column string, value any) stmt.Run {
	return exec.NewRun(&stmt.Effects{
		Writes: []string{table}, WriteKeys: []stmt.RowKey{{Relation: table, Column: column, Param: 1}},
	}, []any{value})
}

// write makes a write that is committed.
func write(c *Cache, target string, runs ...stmt.Run) {
	c.BeforeWrite(target, runs)
	c.AfterWrite(target, runs, stmt.Committed)
}

var anyBook = stmt.Run{Effects: &stmt.Effects{Writes: []string{table}}}

func TestAWriteMakesOldWhatItMayHaveChanged(t *testing.T) {
	t.Parallel()
	returning := func(rows [][]any) stmt.Run {
		return stmt.Run{Rows: rows, Effects: &stmt.Effects{
			Writes: []string{table}, WriteKeys: []stmt.RowKey{{Relation: table, Column: "id", Result: 1}},
		}}
	}
	for name, c := range map[string]struct {
		writes []stmt.Run
		kept   bool // book 1
	}{
		"the row":                             {[]stmt.Run{updates("id", int64(1))}, false},
		"another row":                         {[]stmt.Run{updates("id", int64(2))}, true},
		"another row, then the row":           {[]stmt.Run{updates("id", int64(2)), updates("id", int64(1))}, false},
		"the row, by a value of another type": {[]stmt.Run{updates("id", int32(1))}, false},
		"a row, by a value of another kind":   {[]stmt.Run{updates("id", "1")}, false},
		"a row, by a value that is not known": {[]stmt.Run{updates("id", 1.5)}, false},
		"no row, by NULL":                     {[]stmt.Run{updates("id", nil)}, true},
		"rows by another column":              {[]stmt.Run{updates("author_id", int64(2))}, false},
		"any row":                             {[]stmt.Run{anyBook}, false},
		"any row, by a trigger":               {[]stmt.Run{{Effects: &stmt.Effects{Writes: []string{"sales"}, Reaches: []string{table}}}}, false},
		"another table":                       {[]stmt.Run{{Effects: &stmt.Effects{Writes: []string{"authors"}}}}, true},
		"anything":                            {[]stmt.Run{{Effects: &stmt.Effects{Anything: true}}}, false},
		"the row, told by its result":         {[]stmt.Run{returning([][]any{{int64(3)}, {int64(1)}})}, false},
		"other rows, told by its result":      {[]stmt.Run{returning([][]any{{int64(3)}, {int64(2)}})}, true},
		"no rows, told by its result":         {[]stmt.Run{returning([][]any{})}, true},
		"rows that were not read":             {[]stmt.Run{returning(nil)}, false},
		"a row that is not known":             {[]stmt.Run{returning([][]any{{int64(3)}, {1.5}})}, false},
		"a row that is too short":             {[]stmt.Run{returning([][]any{{}})}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := newCache(t, Config{})
			f := &fake{name: target}
			q := query(cache, f, bookByID)
			ask1(t, q, 1)
			f.row.row.Store(7)
			write(cache, target, c.writes...)
			want := int64(7)
			if c.kept {
				want = 0
			}
			for range 2 {
				if got := ask1(t, q, 1); got != want {
					t.Errorf("got %d, want %d", got, want)
				}
			}
		})
	}
}

func TestReadersOfDifferentColumnsEachNoticeTheirRows(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	one, many := query(c, f, bookByID), query(c, f, byAuthor)
	reload := func(run stmt.Run) (byID, by bool) {
		ask1(t, one, 1)
		ask1(t, many, 1)
		write(c, target, run)
		before := f.row.reads.Load()
		ask1(t, one, 1)
		byID = f.row.reads.Load() > before
		before = f.row.reads.Load()
		ask1(t, many, 1)
		return byID, f.row.reads.Load() > before
	}
	both := exec.NewRun(&stmt.Effects{Writes: []string{table}, WriteKeys: []stmt.RowKey{
		{Relation: table, Column: "author_id", Param: 1}, {Relation: table, Column: "id", Param: 2},
	}}, []any{int64(2), int64(1)})
	for name, w := range map[string]struct {
		run      stmt.Run
		byID, by bool
	}{
		"by id":            {updates("id", int64(2)), false, true},
		"by author":        {updates("author_id", int64(2)), true, false},
		"by both":          {both, true, false},
		"of the authors":   {stmt.Run{Effects: &stmt.Effects{Writes: []string{"authors"}}}, false, true},
		"of another table": {stmt.Run{Effects: &stmt.Effects{Writes: []string{"sales"}}}, false, false},
	} {
		if byID, by := reload(w.run); byID != w.byID || by != w.by {
			t.Errorf("a write %s: the read by id was made again: %v, the one by author: %v, want %v and %v", name, byID, by, w.byID, w.by)
		}
	}
}

func TestWhileAWriteIsUnderWayNothingOfItIsServedOrShared(t *testing.T) {
	t.Parallel()
	for _, end := range []struct {
		outcome stmt.Outcome
		loads   int64 // by two reads afterwards
	}{{stmt.Committed, 1}, {stmt.Ended, 1}, {stmt.Aborted, 0}} {
		t.Run(end.outcome.String(), func(t *testing.T) {
			t.Parallel()
			c := newCache(t, Config{})
			f := &fake{name: target}
			q := query(c, f, bookByID)
			ask1(t, q, 1)
			ask1(t, q, 2)
			runs := []stmt.Run{updates("id", int64(1))}
			loads := func(n int64) int64 {
				before := f.row.reads.Load()
				ask1(t, q, n)
				ask1(t, q, n)
				return f.row.reads.Load() - before
			}
			c.BeforeWrite(target, runs)
			if one, two := loads(1), loads(2); one != 2 || two != 0 {
				t.Errorf("under the fence two reads made %d loads of the row, want 2, and %d of another one, want 0", one, two)
			}
			c.AfterWrite(target, runs, stmt.Unknown)
			if one := loads(1); one != 2 {
				t.Errorf("with an unknown outcome two reads made %d loads, want 2", one)
			}
			c.AfterWrite(target, runs, end.outcome)
			if one, two := loads(1), loads(2); one != end.loads || two != 0 {
				t.Errorf("afterwards two reads made %d loads of the row, want %d, and %d of another one, want 0", one, end.loads, two)
			}
			if s := c.Stats(); s.BypassFence != 4 || s.Bypasses != 4 {
				t.Errorf("%d bypasses by the fence were counted of %d, want 4 of 4", s.BypassFence, s.Bypasses)
			}
		})
	}
}

func TestARowToldByTheResultIsFencedWithAllOthers(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := query(c, f, bookByID)
	ask1(t, q, 1)
	keys := &stmt.Effects{Writes: []string{table}, WriteKeys: []stmt.RowKey{{Relation: table, Column: "id", Result: 1}}}
	c.BeforeWrite(target, []stmt.Run{{Effects: keys}})
	f.row.row.Store(7)
	if got := ask1(t, q, 1); got != 7 {
		t.Errorf("under the fence got %d, want 7", got)
	}
	c.AfterWrite(target, []stmt.Run{{Effects: keys, Rows: [][]any{{int64(2)}}}}, stmt.Committed)
	if got := ask1(t, q, 1); got != 0 {
		t.Errorf("got %d, want what was kept of a row that was not written", got)
	}
}

// A column that becomes known in the middle of a write must not be taken a step further
// by the end of a write whose beginning it missed.
func TestAColumnIsWatchedFromAMomentWithoutWrites(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	one, many := query(c, f, bookByID), query(c, f, byAuthor)
	runs := []stmt.Run{updates("id", int64(2))}
	c.BeforeWrite(target, runs)
	ask1(t, one, 1) // the first to be pinned by id
	c.BeforeWrite(target, runs)
	c.AfterWrite(target, runs, stmt.Committed)
	ask1(t, many, 1) // the first to be pinned by author_id
	c.AfterWrite(target, runs, stmt.Committed)
	for _, q := range []*Query[int64, int64, int64]{one, many} {
		ask1(t, q, 1)
		before := f.row.reads.Load()
		ask1(t, q, 1)
		if n := f.row.reads.Load() - before; n != 0 {
			t.Errorf("%s is not kept after the writes", q.cfg.Statement.Name)
		}
	}
	before := f.row.reads.Load()
	write(c, target, runs...)
	ask1(t, one, 1)
	if n := f.row.reads.Load() - before; n != 0 {
		t.Error("the write of another row made the read by id old")
	}
}

func TestWritesOfOneTargetLeaveTheOthersAlone(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	east, west := &fake{name: "east"}, &fake{name: "west"}
	for _, run := range []stmt.Run{anyBook, updates("id", int64(1)), {Effects: &stmt.Effects{Anything: true}}} {
		ask1(t, query(c, east, bookByID), 1)
		ask1(t, query(c, west, bookByID), 1)
		before := [2]int64{east.row.reads.Load(), west.row.reads.Load()}
		write(c, "east", run)
		ask1(t, query(c, east, bookByID), 1)
		ask1(t, query(c, west, bookByID), 1)
		if e, w := east.row.reads.Load()-before[0], west.row.reads.Load()-before[1]; e != 1 || w != 0 {
			t.Errorf("%+v made %d and %d loads, want 1 and 0", *run.Effects, e, w)
		}
	}
}

func TestWhatMakesEverythingOldIsCountedByTextAndLoggedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := newCache(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	anything := &stmt.Effects{Anything: true}
	for range 3 {
		write(c, target, stmt.Run{Effects: anything, Name: "Rebuild"}, stmt.Run{Effects: anything, Name: "VACUUM"})
	}
	rolledBack := []stmt.Run{{Effects: anything, Name: "Rebuild"}}
	c.BeforeWrite(target, rolledBack)
	c.AfterWrite(target, rolledBack, stmt.Aborted)
	if n := c.Report().Flushes; len(n) != 2 || n["Rebuild"] != 3 || n["VACUUM"] != 3 {
		t.Errorf("flushes %v", n)
	}
	if n := strings.Count(log.String(), "Rebuild"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
}

func TestAFenceThatStaysUpIsReportedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCache(t, Config{FenceAlarm: time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		f := &fake{name: target}
		q := query(c, f, bookByID)
		for _, run := range []stmt.Run{updates("id", int64(1)), {Effects: &stmt.Effects{Anything: true}}} {
			log.Reset()
			c.BeforeWrite(target, []stmt.Run{run})
			c.AfterWrite(target, []stmt.Run{run}, stmt.Unknown)
			pass(time.Minute - 1)
			ask1(t, q, 1)
			if log.Len() > 0 {
				t.Errorf("reported too early: %s", &log)
			}
			pass(1)
			ask1(t, q, 1)
			ask1(t, q, 1)
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
				t.Errorf("reported %d times, want once: %s", n, &log)
			}
			c.AfterWrite(target, []stmt.Run{run}, stmt.Ended)
		}
	})
}

// Not parallel: other goroutines' allocations would count.
func TestTheFenceOfAWriteAllocatesNothing(t *testing.T) {
	c := newCache(t, Config{})
	f := &fake{name: target}
	ask1(t, query(c, f, bookByID), 1)
	runs := []stmt.Run{updates("id", int64(1)), updates("author_id", "x"), anyBook, {Effects: &stmt.Effects{Writes: []string{"sales"}}}}
	write(c, target, runs...)
	if n := testing.AllocsPerRun(1000, func() { write(c, target, runs...) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestWritesAtTheSameTimeLeaveNoFenceBehind(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	var all sync.WaitGroup
	for i := range int64(8) {
		all.Go(func() {
			for n := range int64(200) {
				runs := []stmt.Run{updates("id", n%4), updates("author_id", n%3)}
				c.BeforeWrite(target, runs)
				if n == i*20 { // columns become known in the middle
					_, _ = query(c, f, bookByID).Get(t.Context(), n)
					_, _ = query(c, f, byAuthor).Get(t.Context(), n)
				}
				c.AfterWrite(target, runs, []stmt.Outcome{stmt.Committed, stmt.Aborted, stmt.Ended}[n%3])
			}
		})
	}
	all.Wait()
	for _, q := range []*Query[int64, int64, int64]{query(c, f, bookByID), query(c, f, byAuthor)} {
		ask1(t, q, 1)
		before := f.row.reads.Load()
		ask1(t, q, 1)
		if f.row.reads.Load() != before {
			t.Errorf("%s is fenced although no write is under way", q.cfg.Statement.Name)
		}
	}
}
