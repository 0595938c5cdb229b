package demo

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/pgtest"
)

func TestEveryPartHoldsOnAServerOfItsOwn(t *testing.T) {
	t.Parallel()
	server := owned(t, map[string]string{"max_connections": "40"}) // all that it may need
	ended := perform(t, t.Context(), server, everything(), nil)
	if ended.err != nil {
		t.Fatalf("%v\n%s", ended.err, ended.text)
	}
	ended.shows(t,
		"working in database sqlkeel_demo_", " at 127.0.0.1:",
		"[1/14] migrations up, down and up again\n", "00001_people.sql", "7 taken back", "0 relations, types and functions are left", "held: 7 applied",
		"[2/14] bulk load with COPY\n", "rows: ", "1500 of them sales",
		"[3/14] connecting\n", "held: PostgreSQL "+server.Version(),
		"[4/14] connection pool under stress\n", "CALLERS", "EACH", "OK", "FAILED", "AVERAGE", "P99", "pool of 10", "one a request",
		"[5/14] one connection for a scope\n", "time zone Pacific/Apia, 10 books", "clean sessions", "held: settings, a temporary table",
		"[6/14] two databases, chosen by context\n", " in the shop and ", "of two databases", `unknown target "elsewhere"`, "held: 1200 reads by 24 callers",
		"[7/14] dynamic search", "fantasy in stock", "held: 3 filters",
		"[8/14] reports\n", "REVENUE", "2026-10-31", "BEST SELLER",
		"[9/14] contended transfers", "the sum was 20000.00 and is 20000.00",
		"[10/14] batch job killed and resumed\n", "SQLSTATE 57P01", "after the second run 100 are done",
		"[11/14] N+1", "246 round trips, 100 reviews", "1 round trip, 100 reviews",
		"[12/14] cached against direct reads\n", "direct ", "cached ", "hits", "after a write",
		"[13/14] server lost under load\n", "the monitor says:\n      demo is down since ", "held: server stopped at once and started again",
		"[14/14] health report\n", "demo is up since ", "  down: ", "  up: the server answers",
		"\nSummary\n", "PART ", "\n      14 of 14 parts held, in ")
	ended.hides(t, "NOT HOLD")
	ended.hides(t, "\r")
	plausible(t, ended)
	onServer(t, server.DSN(), func(*pgx.Conn) {}) // it runs
}

// plausible looks at the figures that no two runs have in common.
func plausible(t *testing.T, ended performance) {
	t.Helper()
	for pattern, bounds := range map[string][2]int{
		`pool of 10 +24 +200 +(\d+) +0 `:                    {4800, 4800},
		`one a request +24 +10 +(\d+) +0 `:                  {240, 240},
		`pool of 10 +24 +200 +4800 +0 +(\d+) `:              {1, 1e6},
		`clean sessions +24 +10 +(\d+) +0 `:                 {240, 240},
		`of two databases +24 +50 +(\d+) +0 `:               {1200, 1200},
		`opened (\d+) connections in all`:                   {1, poolSize},
		`between 10 accounts +32 +25 +(\d+) +0 `:            {800, 800},
		`(\d+) attempts collided`:                           {1, 1e6},
		`(\d+) of 100 tasks, \d+ whole chunks`:              {50, 50},
		`direct +24 +100 +(\d+) +0 `:                        {2400, 2400},
		`cached +24 +100 +(\d+) +0 `:                        {2400, 2400},
		`(\d+) hits, \d+ misses`:                            {1200, 2399},
		`hits, \d+ misses, (\d+) loads`:                     {50, 100},
		`(\d+) reads succeeded, \d+ failed, before, during`: {2 * underLoad, 1e9},
		`up, \d+\.\d% of (\d+) probes answered`:             {2, 1e4},
	} {
		if n := ended.number(t, pattern); n < bounds[0] || n > bounds[1] {
			t.Errorf("%s is %d, want %d to %d", pattern, n, bounds[0], bounds[1])
		}
	}
}

func TestAServerThatWasNotStartedHereGoesOn(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t)
	check := bystander(t, pg.DSN())
	all := everything()
	p := only(all.part(t, "batch job killed and resumed"), all.part(t, "server lost under load"), all.part(t, "health report")) // those that end sessions
	ended := perform(t, t.Context(), foreign(t, pg.DSN()), p, nil)
	if ended.err != nil {
		t.Fatalf("%v\n%s", ended.err, ended.text)
	}
	ended.shows(t, "[5/6]", "was not started here, so it is not stopped: our own ", " sessions were ended instead", "6 of 6 parts held")
	ended.hides(t, "server stopped")
	ended.hides(t, "demo is down")
	if n := ended.number(t, `our own (\d+) sessions`); n < 2 || n > poolSize+1 {
		t.Errorf("%d sessions of its own were ended, want those of the pool and the monitor", n)
	}
	if err := check(); err != nil {
		t.Error(err)
	}
}

// TestOnAPrivateServer holds what would disturb others on a shared one.
func TestOnAPrivateServer(t *testing.T) {
	t.Parallel()
	private := pgtest.NewServer(t)
	t.Run("a bystander would notice more than our own sessions ending", func(t *testing.T) { endingAllSessionsIsNoticed(t, private) })
	t.Run("a user who may not create databases is told so", func(t *testing.T) { readerIsRefused(t, private) })
	t.Run("an interrupt while the database is made leaves none", func(t *testing.T) { interruptedCreation(t, private) })
	t.Run("a server that went away is a clear error", func(t *testing.T) { serverIsGone(t, private) })
}

func endingAllSessionsIsNoticed(t *testing.T, private *pgtest.Server) {
	check := bystander(t, private.DSN())
	mutant := part{"server lost under load", func(ctx context.Context, s *stage) (string, error) {
		_, err := s.db.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
		return "", err
	}}
	if ended := perform(t, t.Context(), foreign(t, private.DSN()), only(mutant), nil); ended.err != nil {
		t.Fatal(ended.err)
	}
	if err := check(); err == nil {
		t.Error("the session of a bystander was ended, and the check did not see it")
	}
}

// bystander is another session that works on the server: the check returns an
// error unless session, database, data and server are as they were.
func bystander(t *testing.T, dsn string) (check func() error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), "CREATE TABLE books AS SELECT 7 AS id; BEGIN; INSERT INTO books VALUES (8)"); err != nil {
		t.Fatal(err)
	}
	state := func() (s string, err error) {
		err = conn.QueryRow(t.Context(), `SELECT concat_ws(' ', pg_backend_pid(), pg_postmaster_start_time(), txid_current(),
			(SELECT string_agg(id::text, ',') FROM books), (SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'))`).Scan(&s)
		return s, err
	}
	before, err := state()
	if err != nil {
		t.Fatal(err)
	}
	return func() error {
		after, err := state()
		if err == nil && after != before {
			err = errors.New("was " + before + ", is " + after)
		}
		return err
	}
}

// scripted is a part that is all told in advance.
func scripted(title, finding string, err error) part {
	return part{title, func(context.Context, *stage) (string, error) { return finding, err }}
}

func TestAPartThatDoesNotHoldIsNamedAndTheOthersAreShown(t *testing.T) {
	t.Parallel()
	p := program{parts: []part{
		scripted("before", "well", nil), scripted("at fault", "", errors.New("lost\na row")), scripted("after", "well too", nil),
	}}
	ended := perform(t, t.Context(), shared(t), p, nil)
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "[1/3] before", "held: well\n", "[2/3] at fault", "DID NOT HOLD: lost\na row\n", "[3/3] after", "held: well too\n",
		"Summary", "before    yes ", "at fault  NO ", "lost a row\n", "after     yes ", "2 of 3 parts held")
}

func TestAPartThatOthersNeedEndsTheShowWhenItFails(t *testing.T) {
	t.Parallel()
	p := program{needed: 1, parts: []part{scripted("ground", "", errors.New("gave way")), scripted("house", "stands", nil)}}
	ended := perform(t, t.Context(), shared(t), p, nil)
	if !errors.Is(ended.err, ErrFailed) {
		t.Errorf("error %v, want ErrFailed", ended.err)
	}
	ended.shows(t, "DID NOT HOLD: gave way", "ground  NO", "house   -     -", "not shown", "0 of 2 parts held")
	ended.hides(t, "[2/2]")
}

func TestADatabaseThatCannotBeDroppedIsNamed(t *testing.T) {
	t.Parallel()
	server := shared(t)
	p := program{parts: []part{{"thief", func(ctx context.Context, s *stage) (string, error) {
		return "", s.asAdmin(ctx, "DROP DATABASE "+s.database)
	}}}}
	ended := perform(t, t.Context(), server, p, nil)
	if ended.err == nil || !strings.Contains(ended.err.Error(), "drop database "+ended.database()+": ") {
		t.Errorf("error %v", ended.err)
	}
}

func TestAnOutputThatNobodyReadsEndsTheShow(t *testing.T) {
	t.Parallel()
	ended := perform(t, t.Context(), shared(t), everything(), func(line string) error {
		if strings.HasPrefix(line, "[2/14]") {
			return io.ErrClosedPipe
		}
		return nil
	})
	if !errors.Is(ended.err, io.ErrClosedPipe) {
		t.Errorf("error %v, want that of the output", ended.err)
	}
	ended.hides(t, "[3/14]")
	ended.hides(t, "Summary")
}

func TestATerminalSeesABar(t *testing.T) {
	t.Parallel()
	out := &console{}
	err := run(t.Context(), Options{Server: shared(t), Tool: tool, Out: out, Terminal: true, Size: tiny}, only())
	if err != nil {
		t.Fatal(err)
	}
	if text := out.text.String(); !strings.Contains(text, "\r") || strings.Contains(text, "rows: ") {
		t.Errorf("no bar:\n%q", text)
	}
}

func TestRunBeginsWithWhatTheOthersNeed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &console{hook: once("[1/14] migrations up", cancel)}
	err := Run(ctx, Options{Server: shared(t), Tool: tool, Out: out, Size: tiny})
	if !errors.Is(err, context.Canceled) || !strings.Contains(out.text.String(), "[1/14] migrations up") {
		t.Errorf("error %v, shown:\n%s", err, out.text.String())
	}
}

func TestEveryPartHasATitleOfItsOwn(t *testing.T) {
	t.Parallel()
	p, titles := everything(), map[string]bool{}
	for i, part := range p.parts {
		if part.title == "" || part.show == nil || titles[part.title] {
			t.Errorf("part %d is %q, which is empty or there already", i+1, part.title)
		}
		titles[part.title] = true
	}
	if p.needed != 3 || p.parts[p.needed-1].title != "connecting" {
		t.Errorf("the others need %d parts, the last of them %q", p.needed, p.parts[p.needed-1].title)
	}
}
