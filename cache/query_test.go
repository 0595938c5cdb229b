package cache

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestAReadThatMustNotBeKeptIsALoadAndItsReasonIsCounted(t *testing.T) {
	t.Parallel()
	with := func(change func(*stmt.Statement)) *stmt.Statement {
		s := *bookByID
		change(&s)
		s.SQL += " changed"
		return &s
	}
	for name, c := range map[string]struct {
		cfg       Config
		why       string
		statement *stmt.Statement
		want      Stats
	}{
		"off":            {Config{Off: true}, "", bookByID, Stats{BypassOff: 2}},
		"a transaction":  {Config{}, "transaction", bookByID, Stats{BypassTransaction: 2}},
		"a schema":       {Config{}, "schema", bookByID, Stats{BypassSchema: 2}},
		"not fenced":     {Config{}, "not fenced", bookByID, Stats{BypassUnfenced: 2}},
		"another reason": {Config{}, "the moon", bookByID, Stats{BypassUnfenced: 2}},
		"not cacheable":  {Config{}, "", with(func(s *stmt.Statement) { s.NotCacheable = "it calls now()" }), Stats{BypassStatement: 2}},
		"a write":        {Config{}, "", with(func(s *stmt.Statement) { s.ReadOnly = false }), Stats{BypassStatement: 2}},
		"anything":       {Config{}, "", with(func(s *stmt.Statement) { s.ReadsAnything = true }), Stats{BypassStatement: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := newCache(t, c.cfg)
			f := &fake{name: target, why: c.why}
			q := query(cache, f, c.statement)
			q.load = func(ctx context.Context, _ int64) (int64, error) {
				if ctx != t.Context() {
					t.Error("the load got another context")
				}
				return 3, errBroken
			}
			for range 2 {
				if got, err := q.Get(t.Context(), 1); got != 3 || err != errBroken {
					t.Errorf("got %d, error %v, want what the load returned", got, err)
				}
			}
			c.want.Bypasses = 2
			if s := cache.Stats(); s != c.want {
				t.Errorf("stats %+v, want %+v", s, c.want)
			}
		})
	}
}

func TestAQueryWithoutACacheOrADatabaseIsItsLoad(t *testing.T) {
	t.Parallel()
	f := &fake{name: target}
	cfg := query(nil, f, bookByID).cfg
	unknown := *cfg
	unknown.Statement = nil
	for name, q := range map[string]*Query[int64, int64, int64]{
		"no cache":     NewQuery(nil, f, f.row.load, cfg),
		"no database":  NewQuery(newCache(t, Config{}), any(nil), f.row.load, cfg),
		"no statement": NewQuery(newCache(t, Config{}), f, f.row.load, &unknown),
	} {
		before := f.row.reads.Load()
		ask1(t, q, 1)
		ask1(t, q, 1)
		if n := f.row.reads.Load() - before; n != 2 {
			t.Errorf("%s: %d loads for two reads, want 2", name, n)
		}
	}
}

func TestWhatIsKeptBelongsToTheStatementAndTheCache(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	for range 3 {
		ask1(t, query(c, f, bookByID), 1) // one for each use
	}
	ask1(t, query(c, f, byAuthor), 1)
	ask1(t, query(newCache(t, Config{}), f, bookByID), 1)
	if n := f.row.reads.Load(); n != 3 {
		t.Errorf("%d loads, want 3: of two statements, and of one in another cache", n)
	}
	if s := c.Stats(); s.Hits != 2 || s.Misses != 2 || s.Entries != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestASwitchedOffCacheNoticesWrites(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := query(c, f, bookByID)
	ask1(t, q, 1)
	ask1(t, q, 2)
	c.Switch(false)
	f.row.row.Store(7)
	write(c, target, updates("id", int64(1)))
	if got := ask1(t, q, 1); got != 7 {
		t.Errorf("got %d while the cache is off, want 7", got)
	}
	c.Switch(true)
	if one, two := ask1(t, q, 1), ask1(t, q, 2); one != 7 || two != 0 {
		t.Errorf("got %d and %d, want 7 and what was kept of the other row", one, two)
	}
	var none *Cache
	none.Switch(true)
}

func TestAnExpiredResultIsServedWhenItsLoadFailsButNeverAWrittenOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		f := &fake{name: target}
		q := query(c, f, bookByID, func(cfg *QueryConfig[int64, int64, int64]) { cfg.TTL, cfg.Stale = time.Minute, time.Hour })
		ask1(t, q, 1)
		q.load = func(context.Context, int64) (int64, error) { return 0, errBroken }
		pass(time.Minute)
		if got, err := q.Get(t.Context(), 1); got != 0 || err != nil {
			t.Errorf("after the TTL got %d, error %v", got, err)
		}
		if s := c.Stats(); s.Stale != 1 || s.LoadErrors != 1 {
			t.Errorf("stats %+v, want one stale result and one failed load", s)
		}
		pass(time.Hour - 1)
		if _, err := q.Get(t.Context(), 1); err != nil {
			t.Errorf("just before the end: %v", err)
		}
		pass(1)
		if _, err := q.Get(t.Context(), 1); err != errBroken {
			t.Errorf("after the end: error %v, want the load's", err)
		}
		q.load = f.row.load
		ask1(t, q, 1)
		q.load = func(context.Context, int64) (int64, error) { return 0, errBroken }
		pass(time.Minute)
		write(c, target, updates("id", int64(1)))
		if _, err := q.Get(t.Context(), 1); err != errBroken {
			t.Errorf("after a write: error %v, want the load's", err)
		}
	})
}

func TestNotFoundIsKeptUntilTheRowIsWritten(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := query(c, f, bookByID, func(cfg *QueryConfig[int64, int64, int64]) {
		cfg.NotFound = func(err error) bool { return errors.Is(err, errNone) }
	})
	loads := 0
	q.load = func(context.Context, int64) (int64, error) { loads++; return 0, errNone }
	for range 2 {
		if _, err := q.Get(t.Context(), 1); err != errNone {
			t.Errorf("error %v, want that there is none", err)
		}
	}
	write(c, target, updates("id", int64(2)))
	_, _ = q.Get(t.Context(), 1)
	if loads != 1 {
		t.Errorf("%d loads, want 1", loads)
	}
	write(c, target, updates("id", int64(1)))
	_, _ = q.Get(t.Context(), 1)
	if loads != 2 {
		t.Errorf("%d loads after the row was written, want 2", loads)
	}
}

// noSuchRow is an error that cannot be compared with ==.
type noSuchRow []string

func (noSuchRow) Error() string { return "no such row" }

func TestNotFoundMayBeAnErrorThatDoesNotCompare(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	q := query(c, &fake{name: target}, bookByID, func(cfg *QueryConfig[int64, int64, int64]) {
		cfg.NotFound = func(err error) bool { return errors.As(err, new(noSuchRow)) }
	})
	q.load = func(context.Context, int64) (int64, error) { return 0, noSuchRow{"1"} }
	for range 2 {
		if _, err := q.Get(t.Context(), 1); !errors.As(err, new(noSuchRow)) {
			t.Errorf("error %v, want that there is none", err)
		}
		write(c, target, updates("id", int64(1)))
	}
	if s := c.Stats(); s.Needless != 1 {
		t.Errorf("%d needless loads, want 1: there is still no such row", s.Needless)
	}
}

func TestNeedlessLoadsAreCounted(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := query(c, f, bookByID)
	ask1(t, q, 1)
	write(c, target, anyBook)
	ask1(t, q, 1)
	f.row.row.Store(7)
	write(c, target, anyBook)
	ask1(t, q, 1)
	if s := c.Stats(); s.Invalidated != 2 || s.Needless != 1 {
		t.Errorf("%d invalidated, %d needless, want 2 and 1", s.Invalidated, s.Needless)
	}
	r := c.Report()
	if len(r.Needless) != 1 || r.Needless[table] != 1 {
		t.Errorf("needless by table: %v, want one of %s", r.Needless, table)
	}
	if len(r.Statements) != 1 || r.Statements["GetBook"] != c.Stats() {
		t.Errorf("by statement: %+v", r.Statements)
	}
	var none *Cache
	if r := none.Report(); len(r.Statements)+len(r.Needless)+len(r.Flushes) != 0 {
		t.Errorf("without a cache: %+v", r)
	}
}

func TestCallersOfAQueryMayChangeWhatTheyGet(t *testing.T) {
	t.Parallel()
	c := newCache(t, Config{})
	cfg := &QueryConfig[int64, int64, []string]{
		Statement: bookByID, TTL: time.Hour, Clone: slices.Clone[[]string],
		Key: func(n int64) int64 { return n }, Args: func(n int64) []any { return []any{n} },
	}
	q := NewQuery(c, &fake{name: target}, func(context.Context, int64) ([]string, error) { return []string{"kept"}, nil }, cfg)
	for range 3 {
		got, err := q.Get(t.Context(), 1)
		if err != nil || got[0] != "kept" {
			t.Fatalf("got %q, error %v", got, err)
		}
		got[0] = "scribble"
	}
}

// A caller whose context ends leaves its load behind.
func TestALoadDoesNotReadParametersThatItsCallerHasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		released, sent := make(chan struct{}), make(chan []string, 1)
		cfg := &QueryConfig[string, []string, int]{
			Statement: bookByID, TTL: time.Hour, Own: slices.Clone[[]string],
			Key: func(p []string) string { return p[0] }, Args: func([]string) []any { return nil },
		}
		load := func(_ context.Context, p []string) (int, error) {
			<-released
			sent <- p
			return 1, nil
		}
		q := NewQuery(newCache(t, Config{}), &fake{name: target}, load, cfg)
		ctx, leave := context.WithCancel(t.Context())
		params, left := []string{"a"}, make(chan error)
		go func() {
			_, err := q.Get(ctx, params)
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that the caller left", err)
		}
		params[0] = "b"
		close(released)
		if got := <-sent; got[0] != "a" {
			t.Errorf("%q was sent under the key of a", got)
		}
	})
}

func TestTenThousandCallersOfOneResultMakeOneLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, Config{})
		f := &fake{name: target}
		q := query(c, f, bookByID)
		released := make(chan struct{})
		q.load = func(ctx context.Context, n int64) (int64, error) {
			<-released
			return f.row.load(ctx, n)
		}
		done := make(chan error)
		const callers = 10_000
		for range callers {
			go func() {
				_, err := q.Get(t.Context(), 1)
				done <- err
			}()
		}
		synctest.Wait()
		close(released)
		for range callers {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if n := f.row.reads.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
	})
}

// Not parallel: other goroutines' allocations would count.
func TestAHitOfAQueryAllocatesNothing(t *testing.T) {
	c := newCache(t, Config{})
	f := &fake{name: target}
	q := query(c, f, bookByID)
	ctx := t.Context()
	hit := func() { _, _ = q.Get(ctx, 1) }
	hit()
	if n := testing.AllocsPerRun(1000, hit); n != 0 {
		t.Errorf("%v allocations a hit, want 0", n)
	}
	if n := f.row.reads.Load(); n != 1 {
		t.Errorf("%d loads, want 1", n)
	}
}
