package cache

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/rowkey"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// booksBy is the read of books by a statement with these effects.
func booksBy(e stmt.Effects) *stmt.Statement {
	e.ReadOnly, e.Reads = true, []string{table}
	return &stmt.Statement{Name: "Books", SQL: fmt.Sprintf("books %+v", e), Effects: e}
}

// readOf returns the cached reads of books by a statement with these effects and arguments.
func readOf(c *Cache, f *fake, e stmt.Effects, args ...any) *Query[int64, int64, int64] {
	return query(c, f, booksBy(e), func(cfg *QueryConfig[int64, int64, int64]) { cfg.Args = func(int64) []any { return args } })
}

// keptBeside reports whether a result is answered from memory after the writes, and while
// they are under way.
func keptBeside(t *testing.T, q *Query[int64, int64, int64], writes ...stmt.Run) (kept, served bool) {
	t.Helper()
	f := q.database.(*fake)
	reloads := func() bool {
		before := f.row.reads.Load()
		ask1(t, q, 1)
		return f.row.reads.Load() != before
	}
	ask1(t, q, 1)
	if reloads() {
		t.Fatal("the result was not kept at all")
	}
	q.cache.BeforeWrite(target, writes)
	served = !reloads()
	q.cache.AfterWrite(target, writes, stmt.Committed)
	kept = !reloads()
	if reloads() {
		t.Error("a fence is up although no write is under way")
	}
	return kept, served
}

var (
	byID   = stmt.RowKey{Relation: table, Column: "id", Param: 1}
	byIDs  = stmt.RowKey{Relation: table, Column: "id", Param: 1, Each: true}
	pinned = stmt.Effects{ReadKeys: []stmt.RowKey{byID}}
	listed = stmt.Effects{ReadKeys: []stmt.RowKey{byIDs}}
)

// updatesEach is a write of the books whose id is in a list.
func updatesEach(ids any) stmt.Run {
	return exec.NewRun(&stmt.Effects{Writes: []string{table}, WriteKeys: []stmt.RowKey{byIDs}}, []any{ids})
}

func TestAListPinsTheRowsOfItsElements(t *testing.T) {
	t.Parallel()
	many := make([]int64, rowkey.MaxElements+1)
	for i := range many {
		many[i] = int64(i + 10)
	}
	id := func(n int64) stmt.Run { return updates("id", n) }
	returning := stmt.Run{Rows: [][]any{{int64(3)}, {int64(2)}}, Effects: &stmt.Effects{
		Writes: []string{table}, WriteKeys: []stmt.RowKey{{Relation: table, Column: "id", Result: 1}},
	}}
	for name, c := range map[string]struct {
		read  stmt.Effects
		arg   any
		write stmt.Run
		kept  bool
	}{
		"the first row":                       {listed, []int64{1, 2}, id(1), false},
		"the last row":                        {listed, []int64{1, 2}, id(2), false},
		"another row":                         {listed, []int64{1, 2}, id(3), true},
		"a row of both lists":                 {listed, []int64{1, 2}, updatesEach([]int64{3, 2}), false},
		"rows of another list":                {listed, []int64{1, 2}, updatesEach([]int64{3, 4}), true},
		"a row of a list":                     {pinned, int64(1), updatesEach([]int64{3, 1}), false},
		"a row that is in a list twice":       {pinned, int64(1), updatesEach([]int64{1, 1}), false},
		"rows that are in a list twice":       {pinned, int64(1), updatesEach([]int64{2, 3, 2}), true},
		"a row beside a list":                 {pinned, int64(1), updatesEach([]int64{3, 4}), true},
		"a row, told by the result":           {listed, []int64{1, 2}, returning, false},
		"other rows, told by the result":      {listed, []int64{1, 4}, returning, true},
		"any row":                             {listed, []int64{1, 2}, anyBook, false},
		"an unread row beside NULL":           {listed, []*int64{nil}, id(1), true},
		"a row beside NULL":                   {listed, []*int64{new(int64), nil}, id(0), false},
		"NULL in a list":                      {pinned, int64(0), updatesEach([]*int64{nil}), true},
		"a row of a list of another type":     {listed, []int32{1, 2}, updatesEach([]int16{2}), false},
		"a row of a list of another kind":     {listed, []int64{1, 2}, updatesEach([]string{"2"}), false},
		"a row of a list that is not known":   {listed, []int64{1, 2}, updatesEach([]float64{7}), false},
		"rows of no kind that is known":       {listed, []float64{1, 2}, id(3), false},
		"no list":                             {listed, int64(1), id(3), false},
		"as many elements as are looked at":   {listed, many[1:], id(3), true},
		"the last of as many elements":        {listed, many[1:], id(many[len(many)-1]), false},
		"too many elements":                   {listed, many, id(many[len(many)-1]), false},
		"as many elements, written":           {pinned, int64(3), updatesEach(many[200:]), true},
		"too many elements, written":          {pinned, int64(3), updatesEach(many), false},
		"no element, written":                 {pinned, int64(1), updatesEach([]int64{}), true},
		"no element, written of any row":      {stmt.Effects{}, nil, updatesEach([]int64(nil)), false}, // of a row with NULL
		"one element, written of any row":     {stmt.Effects{}, nil, updatesEach([]int64{1}), false},
		"any row beside a list without":       {listed, []int64{}, anyBook, true},
		"any row beside a list that is NULL":  {listed, []int64(nil), anyBook, true},
		"anything beside a list without":      {listed, []int64{}, stmt.Run{Effects: &stmt.Effects{Anything: true}}, false},
		"a key on another column of a list":   {listed, []int64{1, 2}, updates("author_id", int64(7)), false},
		"a list of another relation's column": {pinned, int64(1), stmt.Run{Effects: &stmt.Effects{Writes: []string{table}, WriteKeys: []stmt.RowKey{{Relation: "authors", Column: "id", Param: 1, Each: true}}}, Args: []any{[]int64{}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := readOf(newCache(t, Config{}), &fake{name: target}, c.read, c.arg)
			told := c.write.Rows != nil // what a write returns is known when it has ended
			if kept, served := keptBeside(t, q, c.write); kept != c.kept || served != (c.kept && !told) {
				t.Errorf("kept after the write: %v, served beside it: %v, want %v", kept, served, c.kept)
			}
		})
	}
}

// sets is a write of the books with an id that sets those columns alone.
func sets(id int64, columns ...string) stmt.Run {
	run := updates("id", id)
	run.SetColumns = []stmt.Columns{{Relation: "authors", Names: []string{"name"}}, {Relation: table, Names: columns}}
	return run
}

// reads are effects that depend on those columns alone.
func reads(keys []stmt.RowKey, columns ...string) stmt.Effects {
	return stmt.Effects{ReadKeys: keys, ReadColumns: []stmt.Columns{{Relation: table, Names: columns}}}
}

func TestAWriteOfColumnsThatAreNotReadLeavesAResultAlone(t *testing.T) {
	t.Parallel()
	keys := []stmt.RowKey{byID}
	beside := stmt.Run{Effects: &stmt.Effects{Writes: []string{"sales"}, Reaches: []string{table}, SetColumns: []stmt.Columns{{Relation: table, Names: []string{"sold"}}}}}
	for name, c := range map[string]struct {
		read  stmt.Effects
		write stmt.Run
		kept  bool
	}{
		"another column of the row":            {reads(keys, "id", "title"), sets(1, "price"), true},
		"the column of the row":                {reads(keys, "id", "title"), sets(1, "title"), false},
		"the column of another row":            {reads(keys, "id", "title"), sets(2, "title"), true},
		"one of the columns":                   {reads(keys, "id", "title"), sets(1, "price", "title"), false},
		"any column":                           {reads(keys, "id", "title"), updates("id", int64(1)), false},
		"any column of another row":            {reads(keys, "id", "title"), updates("id", int64(2)), true},
		"a column of a row read whole":         {pinned, sets(1, "price"), false},
		"another column of any row":            {reads(nil, "id", "title"), sets(1, "price"), true},
		"the column of any row":                {reads(nil, "id", "title"), sets(1, "title"), false},
		"a column of rows that are counted":    {reads(nil), sets(1, "price"), true},
		"rows that are counted":                {reads(nil), updates("id", int64(1)), false},
		"another column, by a trigger":         {reads(nil, "id", "title"), beside, true},
		"the column, by a trigger":             {reads(nil, "id", "sold"), beside, false},
		"no column":                            {reads(nil, "id", "title"), sets(1), true},
		"anything that sets another column":    {reads(nil, "id"), stmt.Run{Effects: &stmt.Effects{Anything: true, SetColumns: sets(1, "price").SetColumns}}, false},
		"columns of another relation are read": {stmt.Effects{ReadColumns: []stmt.Columns{{Relation: "authors"}}}, sets(1, "price"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := readOf(newCache(t, Config{}), &fake{name: target}, c.read, int64(1))
			if kept, served := keptBeside(t, q, c.write); kept != c.kept || served != c.kept {
				t.Errorf("kept after the write: %v, served beside it: %v, want %v", kept, served, c.kept)
			}
		})
	}
}

func TestRowsThatComeOrGoMakeOldWhatDoesNotReferToThem(t *testing.T) {
	t.Parallel()
	comes := func(names ...string) stmt.Run {
		return stmt.Run{Effects: &stmt.Effects{Writes: []string{table}, SetColumns: []stmt.Columns{{Relation: table, Names: names, Rows: true}}}}
	}
	referring := reads(nil, "id", "title")
	referring.ReadColumns[0].Rows = true
	for name, c := range map[string]struct {
		read  stmt.Effects
		write stmt.Run
		kept  bool
	}{
		"a result of all rows":                     {reads(nil, "id", "title"), comes(), false},
		"a result of what refers to them":          {referring, comes(), true},
		"their columns":                            {referring, comes("title"), false},
		"other columns":                            {referring, comes("price"), true},
		"a result that knows no columns":           {stmt.Effects{}, comes(), false},
		"any write":                                {referring, updates("id", int64(1)), false},
		"the same columns of rows that were there": {reads(nil, "id", "title"), sets(1), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := readOf(newCache(t, Config{}), &fake{name: target}, c.read, int64(1))
			if !c.kept { // a write of the same columns alone must not stand for it
				keptBeside(t, q, sets(1))
			}
			if kept, served := keptBeside(t, q, c.write); kept != c.kept || served != c.kept {
				t.Errorf("kept after the write: %v, served beside it: %v, want %v", kept, served, c.kept)
			}
		})
	}
}

func TestWhatMakesATableOldDoesSoForAllColumns(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(c *Cache){
		"InvalidateTables": func(c *Cache) { c.InvalidateTables(target, table) },
		"Clear":            (*Cache).Clear,
	} {
		c := newCache(t, Config{})
		f := &fake{name: target}
		for _, e := range []stmt.Effects{reads(nil, "title"), reads([]stmt.RowKey{byIDs}, "title"), listed} {
			q := readOf(c, f, e, []int64{1})
			ask1(t, q, 1)
			move(c)
			before := f.row.reads.Load()
			if ask1(t, q, 1); f.row.reads.Load() == before {
				t.Errorf("a result of %+v is kept after %s", e, name)
			}
		}
	}
}

// Clocks for columns that become known in the middle of a write that sets them must not be
// taken a step further by its end. A write of other columns is no reason to wait.
func TestColumnsAreWatchedFromAMomentWithoutWrites(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	runs := []stmt.Run{sets(1, "title")}
	all := []stmt.Effects{reads(nil, "title"), reads([]stmt.RowKey{byID}, "title"), reads(nil, "price")}
	c.BeforeWrite(target, runs)
	for _, e := range all {
		q := readOf(c, f, e, int64(1))
		ask1(t, q, 1)
		before, touched := f.row.reads.Load(), slices.Contains(e.ReadColumns[0].Names, "title")
		if ask1(t, q, 1); f.row.reads.Load() == before == touched {
			t.Errorf("a result of %+v is served while a write of the title is under way: %v", e, touched)
		}
	}
	c.AfterWrite(target, runs, stmt.Committed)
	for _, e := range all {
		q := readOf(c, f, e, int64(1))
		if kept, _ := keptBeside(t, q, sets(2, "pages")); !kept {
			t.Errorf("a write of another column made a result of %+v old", e)
		}
		want := slices.Contains(e.ReadColumns[0].Names, "title")
		if kept, _ := keptBeside(t, q, sets(1, "title")); kept == want {
			t.Errorf("a write of the title made a result of %+v old: %v, want %v", e, !kept, want)
		}
	}
}

func TestAFenceOfOtherColumnsIsNotReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newCache(t, Config{FenceAlarm: time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		q := readOf(c, &fake{name: target}, reads([]stmt.RowKey{byID}, "title"), int64(1))
		long, short := []stmt.Run{sets(1, "price")}, []stmt.Run{sets(1, "title")}
		ask1(t, q, 1)
		c.BeforeWrite(target, long)
		pass(time.Hour)
		c.BeforeWrite(target, short)
		if ask1(t, q, 1); log.Len() > 0 {
			t.Errorf("reported: %s", &log)
		}
		pass(time.Minute)
		if ask1(t, q, 1); !strings.Contains(log.String(), "for=1m0s") {
			t.Errorf("not reported: %s", &log)
		}
	})
}

// By several keys a result is pinned by any of them.
func TestAResultDependsOnTheKeyThatWritesTellBest(t *testing.T) {
	t.Parallel()
	byAuthor := stmt.RowKey{Relation: table, Column: "author_id", Param: 2}
	both := stmt.Effects{ReadKeys: []stmt.RowKey{byAuthor, byID}}
	for _, column := range []string{"id", "author_id"} {
		q := readOf(newCache(t, Config{}), &fake{name: target}, both, int64(1), int64(1))
		another := updates(column, int64(2))
		keptBeside(t, q, another)
		for range 3 {
			if kept, _ := keptBeside(t, q, another); !kept {
				t.Errorf("a write of another %s makes a result old again and again", column)
			}
		}
		if kept, _ := keptBeside(t, q, updates(column, int64(1))); kept {
			t.Errorf("a write of its %s does not make a result old", column)
		}
	}
}

// Not parallel: other goroutines' allocations would count.
func TestTheFenceOfAListAllocatesNothing(t *testing.T) {
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := readOf(c, f, reads([]stmt.RowKey{byIDs}, "title"), []int64{1, 2})
	ask1(t, q, 1)
	runs := []stmt.Run{updatesEach([]int64{1000, 2000}), updatesEach([]string{"a", "b"}), updatesEach([][16]byte{{1}}), updatesEach(nil), sets(1, "title")}
	write(c, target, runs...)
	if n := testing.AllocsPerRun(1000, func() { write(c, target, runs...) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	ask1(t, q, 1)
	if n := testing.AllocsPerRun(1000, func() { _, _ = q.Get(context.Background(), 1) }); n != 0 {
		t.Errorf("%v allocations a hit, want 0", n)
	}
}
