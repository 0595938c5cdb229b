package exec_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/stmt"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// losing is a server that says of its processes what a test wants, and what was lost.
type losing struct {
	*testing.T
	*invalidator
	lost *exec.Lost
	conn *pgx.Conn
	all  *exec.Listener
}

func newLosing(t *testing.T) *losing {
	l := &losing{T: t, invalidator: &invalidator{}, lost: &exec.Lost{}, conn: pgtest.New(t).Conn()}
	l.all = &exec.Listener{To: l.invalidator, Target: "shop", Log: slog.New(slog.DiscardHandler), Lost: l.lost}
	l.exec("CREATE SCHEMA fake", "CREATE TABLE fake.pg_stat_activity (pid int, backend_start timestamptz)", "SET search_path = fake, pg_catalog")
	return l
}

func (l *losing) exec(statements ...string) {
	l.Helper()
	for _, sql := range statements {
		if _, err := l.conn.Exec(l.Context(), sql); err != nil {
			l.Fatalf("%s: %v", sql, err)
		}
	}
}

// lose loses a write that was sent to the process.
func (l *losing) lose(pid uint32) {
	w := exec.Writes{Listener: l.all, PID: pid}
	w.AddNamed("", &stmt.Effects{Writes: []string{"a"}})
	w.Before()
	w.End(stmt.Unknown, false)
}

// wants fails the test unless the calls since the last time are these, after asking.
func (l *losing) wants(what string, calls ...string) {
	l.Helper()
	if err := l.lost.Ask(l.Context(), l.conn); err != nil {
		l.Errorf("%s: %v", what, err)
	}
	if !slices.Equal(l.calls, calls) {
		l.Errorf("%s: calls %q, want %q", what, l.calls, calls)
	}
	l.calls = nil
}

const before, unknown, ended = "before shop 1", "after shop 1 unknown", "after shop 1 ended"

func TestALostWriteEndsWithTheProcessThatGotIt(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	l.exec("INSERT INTO fake.pg_stat_activity VALUES (7, '2020-01-01'), (8, NULL)")
	l.lose(7)
	l.wants("while it is there", before, unknown)
	l.exec("UPDATE fake.pg_stat_activity SET backend_start = '2020-01-02' WHERE pid = 7")
	l.wants("when another has its pid", ended)
	l.lose(7)
	l.lose(9)
	l.wants("when one of two is gone", before, unknown, before, unknown, ended)
	l.exec("DELETE FROM fake.pg_stat_activity WHERE pid = 7")
	l.wants("when the other is", ended)
	l.lose(8)
	l.wants("while the server does not say when it began", before, unknown)
	l.wants("and so it stays")
	l.exec("DELETE FROM fake.pg_stat_activity")
	l.wants("when that is gone", ended)
	if l.lost.Any() {
		t.Error("there are still some")
	}
}

func TestTheProcessThatIsAskedIsNotTheOneThatIsLost(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	l.exec("INSERT INTO fake.pg_stat_activity VALUES (pg_backend_pid(), '2020-01-01')")
	l.lose(l.conn.PgConn().PID())
	l.wants("with its pid", before, unknown, ended)
}

func TestAnAnswerThatProvesNothingEndsNothing(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]string{
		"a standby": "CREATE FUNCTION fake.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
		"a pooler":  "CREATE FUNCTION fake.pg_backend_pid() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	} {
		l := newLosing(t)
		l.exec(fake, "SET search_path = fake, pg_catalog") // anew, or the functions are not found
		l.lose(7)
		l.wants(name, before, unknown)
		if kept := l.lost.Any(); kept != (name == "a standby") {
			t.Errorf("%s: kept %t", name, kept)
		}
	}
	l := newLosing(t)
	l.exec("DROP TABLE fake.pg_stat_activity", "CREATE VIEW fake.pg_stat_activity AS SELECT 1/0 AS pid, now() AS backend_start")
	l.lose(7)
	if err := l.lost.Ask(t.Context(), l.conn); err == nil {
		t.Error("a refused question has no error")
	}
	if len(l.calls) != 2 {
		t.Errorf("calls %q", l.calls)
	}
}

// A write that is lost while others are asked for is not judged by their answer.
func TestAWriteThatIsLostMeanwhileIsAskedForNextTime(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	l.lose(7)
	config := l.conn.Config().Copy()
	meanwhile := true
	config.Tracer = tracer(func() {
		if meanwhile {
			meanwhile = false
			l.lose(9)
		}
	})
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := l.lost.Ask(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if !l.lost.Any() {
		t.Error("it was judged by an answer from before")
	}
	l.wants("next time", before, unknown, before, unknown, ended, ended)
}

// tracer is called when a query begins.
type tracer func()

func (f tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	f()
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestAWriteThatMayHaveRedefinedThingsSaysSoWhenItEnds(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	redefined := 0
	l.all.Redefined = func() { redefined++ }
	for sql, want := range map[string]int{"ALTER TABLE a ADD b int": 2, "DELETE FROM a": 0} {
		redefined = 0
		w := exec.Writes{Listener: l.all, PID: 7}
		w.Add(&exec.Call{SQL: sql})
		w.Before()
		w.End(stmt.Unknown, false)
		l.wants(sql, before, unknown, ended)
		if redefined != want {
			t.Errorf("%s: %d times, want %d", sql, redefined, want)
		}
	}
}

func TestMoreLostWritesThanAreKeptAreLogged(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	log := &strings.Builder{}
	l.all.Log = slog.New(slog.NewTextHandler(log, nil))
	for range 1024 {
		l.lose(7)
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
	l.lose(7)
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "target=shop") {
		t.Errorf("log: %s", log)
	}
	l.calls = nil
	if err := l.lost.Ask(t.Context(), l.conn); err != nil || len(l.calls) != 1024 || l.lost.Any() {
		t.Errorf("%d ended, error %v", len(l.calls), err)
	}
}

func TestATransactionAsksWhereNoOtherDoesAndNotTooOften(t *testing.T) {
	t.Parallel()
	l := newLosing(t)
	if l.lost.Due() || l.lost.Unwatched() {
		t.Error("there is nothing to ask for")
	}
	for range 2 {
		l.lose(7)
		if !l.lost.Due() || l.lost.Due() {
			t.Error("it is asked for at once, and then not before its time")
		}
	}
	woken := 0
	watched := &exec.Lost{Wake: func() { woken++ }}
	l.all.Lost = watched
	l.lose(7)
	if watched.Due() || watched.Unwatched() || woken != 1 || !watched.Any() {
		t.Errorf("woken %d times, due %t", woken, watched.Due())
	}
}
