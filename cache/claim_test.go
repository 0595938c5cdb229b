package cache

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// claimed is a claim that must succeed, or fail.
func claimed(t *testing.T, c *Cache, name, identity string, ok bool) (writes string, release func()) {
	t.Helper()
	writes, release, err := c.Claim(name, identity, "")
	if (err == nil) != ok {
		t.Errorf("%s is %q: error %v", name, identity, err)
	}
	return writes, release
}

// kept reports whether a result of the database is answered from memory after a function
// has run.
func kept(t *testing.T, c *Cache, name string, run func()) bool {
	t.Helper()
	f := &fake{name: name}
	q := query(c, f, bookByID)
	ask1(t, q, 1)
	run()
	before := f.row.reads.Load()
	ask1(t, q, 1)
	return f.row.reads.Load() == before
}

func TestWritesByEveryNameOfADatabaseMakeItsResultsOld(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	for _, name := range []string{"one", "two", "three"} {
		if writes, _ := claimed(t, c, name, "A", true); writes != name {
			t.Errorf("%s writes as %s", name, writes)
		}
	}
	claimed(t, c, "other", "B", true)
	taken, _ := claimed(t, c, "other", "A", false)
	for _, by := range []string{"one", "two", "three", taken} {
		if kept(t, c, "one", func() { write(c, by, updates("id", int64(1))) }) {
			t.Errorf("kept after a write by %s", by)
		}
	}
	if !kept(t, c, "one", func() { write(c, "other", anyBook) }) {
		t.Error("not kept after a write of another database")
	}
	if kept(t, c, "two", func() { c.InvalidateTables("one", table) }) {
		t.Error("kept after InvalidateTables of another name")
	}
}

// A standby has the identity of its primary, but not always its rows.
func TestEachNameHasResultsOfItsOwn(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	claimed(t, c, "primary", "A", true)
	claimed(t, c, "standby", "A", true)
	one, two := &fake{name: "primary"}, &fake{name: "standby"}
	one.row.row.Store(7)
	if got := ask1(t, query(c, two, bookByID), 1); got != 0 {
		t.Fatalf("got %d", got)
	}
	if got := ask1(t, query(c, one, bookByID), 1); got != 7 {
		t.Errorf("the primary got %d, what the standby has", got)
	}
}

func TestANameStandsForOneDatabaseAtATime(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	v := newView[int64, int64](t, c)
	var src source
	viewed := func() int64 {
		before := src.reads.Load()
		get(t, v, 1, src.load)
		get(t, v, 1, src.load)
		return src.reads.Load() - before
	}
	_, first := claimed(t, c, target, "A", true)
	_, again := claimed(t, c, target, "A", true)
	first()
	first() // counts once
	if n := viewed(); n != 1 {
		t.Errorf("%d loads for two reads, want 1", n)
	}
	writes, refused := claimed(t, c, target, "B", false)
	if writes != "B" {
		t.Errorf("writes as %s", writes)
	}
	v.Set(target, 1, 99)
	if n := viewed(); n != 2 {
		t.Errorf("%d loads for two reads by the name of two databases, want 2", n)
	}
	refused()
	if n := viewed(); n != 1 {
		t.Errorf("afterwards: %d loads for two reads, want 1", n)
	}
	again()
	if kept(t, c, target, func() { claimed(t, c, target, "B", true) }) {
		t.Error("a result of the database that had the name before is kept")
	}
}

// What is refused is announced by the name that the identity has, and the identity finds
// back to its clocks however often names change hands.
func TestNamesChangeHands(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	_, blue := claimed(t, c, "blue", "A", true)
	_, green := claimed(t, c, "green", "B", true)
	claimed(t, c, "green", "A", false)
	_, _, err := c.Claim("blue", "B", "")
	if err == nil || !strings.Contains(err.Error(), `"blue" is the name of another database (A) than this (B)`) {
		t.Errorf("error %v", err)
	}
	blue()
	green()

	c = newCache(t, Config{})
	_, blue = claimed(t, c, "blue", "A", true)
	writes, refused := claimed(t, c, "blue", "B", false)
	blue()
	refused()
	_, blue = claimed(t, c, "blue", "B", true) // its own name now
	now, refused := claimed(t, c, "blue", "C", false)
	if now == writes {
		t.Errorf("two databases write as %s", now)
	}
	refused()
	blue()
	_, blue = claimed(t, c, "blue", "A", true)
	if now, _ = claimed(t, c, "blue", "B", false); now != "B" {
		t.Errorf("writes as %s", now)
	}
	claimed(t, c, "red", "B", true)
	if kept(t, c, "red", func() { write(c, now, anyBook) }) {
		t.Error("kept after a write by the refused claim")
	}
	blue()
}

func TestAFreeNameOfAnotherDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	_, release := claimed(t, c, "blue", "A", true)
	claimed(t, c, "green", "B", true)
	release()
	writes, _ := claimed(t, c, "blue", "B", false)
	if kept(t, c, "green", func() { write(c, writes, anyBook) }) {
		t.Error("kept after a write by the other name")
	}
}

func TestTheCacheIsOffWhileItHasAWriterOfUnknownIdentity(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	claimed(t, c, "one", "A", true)
	var releases []func()
	if kept(t, c, "one", func() {
		for range 2 {
			writes, release := claimed(t, c, "unknown", "", false)
			if writes != "unknown" {
				t.Errorf("writes as %s", writes)
			}
			releases = append(releases, release)
		}
	}) {
		t.Error("kept while there are two")
	}
	releases[0]()
	releases[0]() // counts once
	c.Switch(true)
	if kept(t, c, "one", func() {}) {
		t.Error("kept while there is one")
	}
	c.Switch(false)
	releases[1]()
	if kept(t, c, "one", func() {}) {
		t.Error("kept while it is switched off")
	}
	c.Switch(true)
	if !kept(t, c, "one", func() {}) {
		t.Error("not kept afterwards")
	}
	if kept(t, c, "one", func() { _, release := claimed(t, c, "unknown", "", false); release() }) {
		t.Error("a result from before is kept")
	}
}

func TestClaimsMayBeMadeAtOnce(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				writes, release, _ := c.Claim([]string{"a", "b", "c"}[(i+j)%3], []string{"A", "B", ""}[j%3], "")
				write(c, writes, anyBook)
				query(c, &fake{name: "a"}, bookByID).Get(context.Background(), 1)
				release()
			}
		})
	}
	wg.Wait()
	for name, d := range *c.targets.Load() {
		if d.claims != 0 || d.mistaken.Load() != 0 {
			t.Errorf("%s: %d claims, %d mistaken", name, d.claims, d.mistaken.Load())
		}
	}
	if c.off.Load() {
		t.Error("the cache is off")
	}
	var none *Cache
	if writes, release, err := none.Claim("a", "", ""); writes != "a" || err != nil {
		t.Errorf("no cache: %s, error %v", writes, err)
	} else {
		release()
	}
	var _ stmt.Invalidator = none
}

func TestSessionsThatSeeADatabaseDifferentlyDoNotShareResults(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	claim := func(name, session string, ok bool) (release func()) {
		t.Helper()
		writes, release, err := c.Claim(name, "A", session)
		if (err == nil) != ok || writes != name {
			t.Errorf("%s with %q writes as %s, error %v", name, session, writes, err)
		}
		if err != nil && !strings.Contains(err.Error(), session) {
			t.Errorf("the error does not name the settings %q: %v", session, err)
		}
		return release
	}
	first := claim("one", "search_path=a", true)
	again := claim("one", "search_path=a", true)
	if kept(t, c, "one", func() { claim("one", "search_path=b", false)() }) != true {
		t.Error("a claim that was refused made results old")
	}
	claim("two", "search_path=b", true)
	first()
	claim("one", "search_path=b", false)()
	again()
	if kept(t, c, "one", func() { claim("one", "search_path=b", true) }) {
		t.Error("what was read with other settings is kept")
	}
}
