package db

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cache"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

const (
	readsT  = "SELECT max(n) FROM public.t"
	writesT = "UPDATE public.t SET n = $1"
)

// ordinary is a role without rights that matter here, which every server has.
const ordinary = "pg_signal_backend"

// as returns the DSN with sessions of another role.
func as(t *testing.T, dsn, role string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("role", role)
	u.RawQuery = q.Encode()
	return u.String()
}

// handles open DBs that share one cache.
type handles struct {
	t     *testing.T
	cache *cache.Cache
	log   lines
	known *stmt.Registry
}

func newHandles(t *testing.T) *handles {
	t.Helper()
	c, err := cache.New(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &handles{t: t, cache: c, known: stmt.Join(
		stmt.Declare(readsT, stmt.Effects{Reads: []string{"public.t"}, ReadOnly: true}),
		stmt.Declare(writesT, stmt.Effects{Writes: []string{"public.t"}}),
	)}
}

// config is that of a handle.
func (h *handles) config(dsn, name string) Config {
	return Config{
		DSN: dsn, Name: name, Invalidator: h.cache, Statements: h.known, MaxConns: 2,
		HealthInterval: time.Hour, Logger: logTo(&h.log, slog.LevelWarn),
	}
}

func (h *handles) open(dsn, name string) *DB {
	h.t.Helper()
	return start(h.t, h.config(dsn, name))
}

// read is a cached read through a DB or Set.
func (h *handles) read(ctx context.Context, from Executor) (n int) {
	h.t.Helper()
	n, err := h.get(ctx, from)
	if err != nil {
		h.t.Error(err)
	}
	return n
}

func (h *handles) get(ctx context.Context, from Executor) (int, error) {
	q := cache.NewQuery(h.cache, from, func(ctx context.Context, _ struct{}) (n int, err error) {
		return n, from.QueryRow(ctx, readsT).Scan(&n)
	}, &cache.QueryConfig[struct{}, struct{}, int]{
		Statement: &stmt.Statement{SQL: readsT, Effects: stmt.Effects{Reads: []string{"public.t"}, ReadOnly: true}},
		TTL:       time.Hour,
		Key:       func(k struct{}) struct{} { return k },
		Args:      func(struct{}) []any { return nil },
	})
	return q.Get(ctx, struct{}{})
}

// wants reads twice, so that the second may be from memory.
func (h *handles) wants(ctx context.Context, what string, from Executor, n int) {
	h.t.Helper()
	for range 2 {
		if got := h.read(ctx, from); got != n {
			h.t.Errorf("%s: read %d, want %d", what, got, n)
		}
	}
}

// is checks why nothing that is read through d is cached, or that it is.
func (h *handles) is(d *DB, why string) {
	h.t.Helper()
	if _, got := d.CachedBy(h.t.Context(), h.cache); got != why {
		h.t.Errorf("%s: %q, want %q", d.cfg.Name, got, why)
	}
}

// hits runs a function during which so many reads must be answered from memory.
func (h *handles) hits(what string, n uint64, read func()) {
	h.t.Helper()
	before := h.cache.Stats().Hits
	read()
	if got := h.cache.Stats().Hits - before; got != n {
		h.t.Errorf("%s: %d hits, want %d", what, got, n)
	}
}

func (h *handles) write(ctx context.Context, through Executor, n int) {
	h.t.Helper()
	if _, err := through.Exec(ctx, writesT, n); err != nil {
		h.t.Fatal(err)
	}
}

// logs checks that one line of the log has all of the words.
func (h *handles) logs(words ...string) {
	h.t.Helper()
next:
	for _, line := range h.log.all() {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		return
	}
	h.t.Errorf("no line has %q: %s", words, h.log.all())
}

// table makes what the tests read, and returns the DSN.
func table(t *testing.T, pg *pgtest.DB, n int) string {
	t.Helper()
	execute(t, pg.Conn(), "CREATE TABLE t (n int)", fmt.Sprintf("INSERT INTO t VALUES (%d)", n))
	return pg.DSN()
}

func TestAWriteByAnotherNameOfTheDatabaseMakesResultsOld(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	dsn := table(t, pgtest.New(t), 1)
	set, err := OpenSet(ctx, "one", h.config(dsn, "one"), h.config(dsn, "two"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close(context.Background()) })
	three := h.open(dsn, "three")
	two := WithTarget(ctx, "two")
	h.hits("the second reads", 3, func() {
		h.wants(ctx, "one", set, 1)
		h.wants(two, "two", set, 1)
		h.wants(ctx, "three", three, 1)
	})
	h.write(two, set, 2)
	h.wants(ctx, "one, after a write by two", set, 2)
	h.wants(two, "two, after its own", set, 2)
	h.wants(ctx, "three, after a write by two", three, 2)
	h.write(ctx, three, 3)
	h.wants(ctx, "one, after a write by three", set, 3)
	h.wants(two, "two, after a write by three", set, 3)
	if log := h.log.all(); len(log) > 0 {
		t.Errorf("log: %s", log)
	}
}

func TestTwoDatabasesOfOneNameDoNotAnswerEachOther(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	firstDSN, secondDSN := table(t, pgtest.New(t), 1), table(t, pgtest.New(t), 2)
	view, err := cache.NewView[int](h.cache, cache.ViewConfig[int]{Name: "view", Tables: []string{"public.t"}, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	viewed := func(d *DB) int {
		n, err := view.Get(ctx, d.Target(ctx), 0, func(ctx context.Context, _ int) (n int, err error) {
			return n, d.QueryRow(ctx, readsT).Scan(&n)
		})
		if err != nil {
			t.Error(err)
		}
		return n
	}
	first := h.open(firstDSN, "app")
	h.wants(ctx, "the first", first, 1)
	viewed(first)
	second := h.open(secondDSN, "app")
	h.is(second, "not fenced")
	h.logs("level=ERROR", "results are not cached", `\"app\" is the name of another database (system `, "than this (system ", "give this one a name that no other has")
	h.hits("the first is still cached", 1, func() { h.wants(ctx, "the first", first, 1) })
	h.wants(ctx, "the second", second, 2)
	if one, two := viewed(first), viewed(second); one != 1 || two != 2 {
		t.Errorf("by a view: %d and %d, want 1 and 2", one, two)
	}

	other := h.open(secondDSN, "other")
	h.hits("by another name", 1, func() { h.wants(ctx, "by another name", other, 2) })
	h.write(ctx, second, 3)
	h.wants(ctx, "by another name, after a write by the refused one", other, 3)
	h.hits("the first after writes of the second", 2, func() { h.wants(ctx, "the first", first, 1) })
}

func TestDatabasesOfTwoServersAreToldApart(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	dsn := pgtest.NewServer(t).DSN()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	execute(t, conn, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)")
	first := h.open(dsn, "")
	h.wants(ctx, "the first", first, 1)

	dsn = pgtest.NewServer(t).DSN()
	there, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close(context.Background()) })
	execute(t, there, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (2)")
	second := h.open(dsn, "")
	if first.cfg.Name != second.cfg.Name {
		t.Fatalf("names: %s, %s", first.cfg.Name, second.cfg.Name)
	}
	h.is(second, "not fenced")
	h.wants(ctx, "the second", second, 2)
	h.wants(ctx, "the first", first, 1)
}

func TestANameIsFreeWhenItsDatabaseWasClosed(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	dsns := []string{table(t, pgtest.New(t), 1), table(t, pgtest.New(t), 2)}
	for i := range 4 { // as test suites do, and a restore
		d, err := Open(ctx, h.config(dsns[i%2], "app"))
		if err != nil {
			t.Fatal(err)
		}
		h.hits("the second read", 1, func() { h.wants(ctx, fmt.Sprint("round ", i), d, i%2+1) })
		if err := d.Close(ctx); err != nil {
			t.Fatal(err)
		}
		h.is(d, "not fenced")
	}
	if log := h.log.all(); len(log) > 0 {
		t.Errorf("log: %s", log)
	}
}

func TestADatabaseOfUnknownIdentityTurnsTheCacheOff(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	pg := pgtest.New(t)
	dsn := table(t, pg, 1)
	d := h.open(dsn, "known")
	h.wants(ctx, "before", d, 1)
	execute(t, pg.Conn(), "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC", "GRANT SELECT, UPDATE ON t TO "+ordinary)
	stranger, err := Open(ctx, h.config(as(t, dsn, ordinary), "stranger"))
	if err != nil {
		t.Fatal(err)
	}
	h.is(stranger, "not fenced")
	h.logs("level=ERROR", `which database \"stranger\" is cannot be found out`, "GRANT EXECUTE ON FUNCTION pg_control_system() TO")
	h.write(ctx, stranger, 2)
	h.hits("while it is in use", 0, func() { h.wants(ctx, "while it is in use", d, 2) })
	h.cache.Switch(true)
	h.write(ctx, stranger, 3)
	h.hits("switched on meanwhile", 0, func() { h.wants(ctx, "switched on meanwhile", d, 3) })
	if err := stranger.Close(ctx); err != nil {
		t.Fatal(err)
	}
	h.hits("afterwards", 1, func() { h.wants(ctx, "afterwards", d, 3) })
}

func TestAnOrdinaryRoleKnowsTheIdentity(t *testing.T) {
	t.Parallel()
	h := newHandles(t)
	dsn := table(t, pgtest.New(t), 1)
	admin, other := h.open(dsn, "admin"), h.open(as(t, dsn, ordinary), "other")
	if one, two := admin.claim.identity, other.claim.identity; one != two || !strings.HasPrefix(one, "system ") {
		t.Errorf("identities: %q and %q", one, two)
	}
	h.is(other, "")
}

func TestWhatAStandbySaysIsNotCached(t *testing.T) {
	t.Parallel()
	h, ctx := newHandles(t), t.Context()
	primary := pgtest.NewServer(t)
	standby := primary.NewStandby()
	first := h.open(primary.DSN(), "app")
	if _, err := first.Exec(ctx, "CREATE TABLE t AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	second := h.open(standby.DSN(), "app")
	if first.claim.identity != second.claim.identity {
		t.Errorf("identities: %s, %s", first.claim.identity, second.claim.identity)
	}
	eventually(t, "the primary is cached", func() bool { _, why := first.CachedBy(ctx, h.cache); return why == "" })
	h.is(second, "not fenced")
	second.monitor.deny(false) // as when it was promoted
	h.is(second, "schema")
	second.redefined()
	eventually(t, "a probe", func() bool { _, why := second.CachedBy(ctx, h.cache); return why == "not fenced" })
}

func TestSessionsWithOtherSettingsDoNotShareResults(t *testing.T) {
	t.Parallel()
	h := newHandles(t)
	pg := pgtest.New(t)
	if _, err := pg.Conn().Exec(t.Context(), "CREATE TABLE t (n int); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	one := h.open(pg.DSN(), "one")
	same := h.open(pg.DSN(), "one")
	other := h.open(as(t, pg.DSN(), ordinary), "one")
	eventually(t, "both are cached", func() bool {
		_, a := one.CachedBy(t.Context(), h.cache)
		_, b := same.CachedBy(t.Context(), h.cache)
		return a == "" && b == ""
	})
	if _, why := other.CachedBy(t.Context(), h.cache); why != stmt.NotFenced {
		t.Errorf("sessions of another role are cached by the same name: %q", why)
	}
	if !h.log.has("other settings", ordinary) {
		t.Errorf("logged: %s", h.log.all())
	}
}
