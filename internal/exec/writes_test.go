package exec_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/internal/exec"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// invalidator notes what it is notified of.
type invalidator struct {
	calls  []string
	runs   []stmt.Run
	panics bool
}

func (i *invalidator) note(call string, runs []stmt.Run) {
	i.calls = append(i.calls, call)
	i.runs = runs
	if i.panics {
		panic("of the invalidator")
	}
}

func (i *invalidator) BeforeWrite(target string, runs []stmt.Run) {
	i.note(fmt.Sprintf("before %s %d", target, len(runs)), runs)
}

func (i *invalidator) AfterWrite(target string, runs []stmt.Run, o stmt.Outcome) {
	i.note(fmt.Sprintf("after %s %d %v", target, len(runs), o), runs)
}

func setup() (*invalidator, exec.Writes, *strings.Builder) {
	i, log := &invalidator{}, &strings.Builder{}
	return i, exec.Writes{Listener: &exec.Listener{To: i, Target: "shop", Log: slog.New(slog.NewTextHandler(log, nil))}}, log
}

func (i *invalidator) want(t *testing.T, calls ...string) {
	t.Helper()
	if got := strings.Join(i.calls, ", "); got != strings.Join(calls, ", ") {
		t.Errorf("calls: %s", got)
	}
}

func TestWritesAreAnnouncedOnceAndTheirOutcomeTold(t *testing.T) {
	t.Parallel()
	i, w, _ := setup()
	w.Before() // of nothing
	w.After(stmt.Committed)
	w.AddNamed("WithConn", &stmt.Effects{Reads: []string{"a"}, ReadOnly: true})
	w.Before()
	i.want(t)
	w.AddNamed("WithConn", &stmt.Effects{Writes: []string{"a"}})
	w.AddNamed("WithConn", &stmt.Effects{Reaches: []string{"b"}})
	w.Before()
	w.Before()
	w.After(stmt.Unknown)
	w.After(stmt.Committed)
	w.After(stmt.Committed)
	i.want(t, "before shop 2", "after shop 2 unknown", "after shop 2 committed")
	i.calls = nil
	w.AddNamed("WithConn", exec.Anything)
	w.Drop()
	w.Before()
	i.want(t)
}

func TestWithoutAnInvalidatorNothingIsCollected(t *testing.T) {
	c := exec.Resolve(nil, "DELETE FROM t", nil)
	var w exec.Writes
	if n := testing.AllocsPerRun(10, func() {
		w.Add(&c)
		w.Before()
		w.After(stmt.Committed)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMoreThan256WritesAreUnited(t *testing.T) {
	t.Parallel()
	i, w, _ := setup()
	keyed := &stmt.Effects{Writes: []string{"a"}, WriteKeys: []stmt.RowKey{{Relation: "a", Column: "id", Param: 1}}}
	const sql = "DELETE FROM a WHERE id = $1"
	registry := stmt.Declare(sql, *keyed)
	for n := range 1000 {
		c := exec.Resolve(registry, sql, []any{n})
		w.Add(&c)
	}
	w.AddNamed("WithConn", &stmt.Effects{Writes: []string{"b"}, Reaches: []string{"c"}})
	w.Before()
	if len(i.runs) > 256 {
		t.Fatalf("%d writes are kept", len(i.runs))
	}
	read := stmt.Run{Effects: &stmt.Effects{Reads: []string{"a"}, ReadKeys: keyed.WriteKeys}, Args: []any{3}}
	affected := false
	for _, r := range i.runs {
		affected = affected || r.Affects(read)
	}
	if !affected {
		t.Error("a write of row 3 was forgotten")
	}
}

func TestWhatChangesAnythingHasAName(t *testing.T) {
	t.Parallel()
	known := &stmt.Effects{Writes: []string{"a"}}
	opaque := &stmt.Effects{Anything: true, Writes: []string{"a"}}
	for name, c := range map[string]struct {
		add  func(w *exec.Writes)
		want string
	}{
		"a text":                  {func(w *exec.Writes) { w.Add(&exec.Call{SQL: "delete from a where secret = 1"}) }, "DELETE"},
		"a query":                 {func(w *exec.Writes) { w.Add(&exec.Call{SQL: "-- name: Purge :exec\nDELETE FROM a"}) }, "Purge"},
		"a text that is declared": {func(w *exec.Writes) { w.AddDeclared(opaque, "CALL p()") }, "CALL"},
		"a text that is known":    {func(w *exec.Writes) { w.AddDeclared(known, "CALL p()") }, ""},
		"other means":             {func(w *exec.Writes) { w.AddNamed("WithConn", opaque) }, "WithConn"},
		"other means of which something is known": {func(w *exec.Writes) { w.AddNamed("WithConn", known) }, ""},
		"COPY":                  {func(w *exec.Writes) { w.AddCopy(nil, pgx.Identifier{"s", "a"}, []string{"n"}, nil) }, "COPY s.a"},
		"COPY that is declared": {func(w *exec.Writes) { w.AddCopy(nil, pgx.Identifier{"a"}, []string{"n"}, known) }, ""},
	} {
		i, w, _ := setup()
		c.add(&w)
		w.Before()
		if len(i.runs) != 1 || i.runs[0].Name != c.want {
			t.Errorf("%s: %+v, want one named %q", name, i.runs, c.want)
		}
	}
	i, w, _ := setup()
	for range 300 {
		w.AddNamed("", known)
		w.AddNamed("WithConn", opaque)
	}
	w.Before()
	if r := i.runs[0]; len(i.runs) > 256 || !r.Anything || r.Name != "WithConn" {
		t.Errorf("united, of %d: %+v", len(i.runs), r)
	}
}

func TestAWriteAfterOneThatHasNoAnswerEndsIt(t *testing.T) {
	t.Parallel()
	i, w, _ := setup()
	w.AddNamed("", &stmt.Effects{Writes: []string{"a"}})
	w.Before()
	w.AddNamed("", &stmt.Effects{Writes: []string{"b"}})
	w.Before()
	w.After(stmt.Committed)
	i.want(t, "before shop 1", "after shop 1 unknown", "before shop 1", "after shop 1 committed")
}

func TestAPanicOfTheInvalidatorIsLogged(t *testing.T) {
	t.Parallel()
	i, w, log := setup()
	i.panics = true
	w.AddNamed("WithConn", exec.Anything)
	w.Before()
	w.After(stmt.Committed)
	i.want(t, "before shop 1", "after shop 1 committed")
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "of the invalidator") {
		t.Errorf("log: %s", log)
	}
}

func TestAnErrorOfTheServerAbortsOnlyWhatIsOneStatement(t *testing.T) {
	t.Parallel()
	refused := &pgconn.PgError{Code: "23505", SeverityUnlocalized: "ERROR"}
	for sql, want := range map[string]stmt.Outcome{
		"insert into t values (1)":                      stmt.Aborted,
		"with x as (select 1) delete from t":            stmt.Aborted,
		"call p()":                                      stmt.Unknown,
		"do $$ begin commit; end $$":                    stmt.Unknown,
		"begin; insert into t values (1); commit; oops": stmt.Unknown,
		"insert into t values (1); select 1/0":          stmt.Unknown,
	} {
		if got := exec.OutcomeOf(refused, sqltext.Rules{}, sql); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
	fatal := &pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}
	for _, err := range []error{fatal, context.Canceled, errors.New("broken")} {
		if got := exec.OutcomeOf(err, sqltext.Rules{}, "insert into t values (1)"); got != stmt.Unknown {
			t.Errorf("%v: %v", err, got)
		}
	}
	if got := exec.OutcomeOf(nil, sqltext.Rules{}, "call p()"); got != stmt.Committed {
		t.Errorf("without an error: %v", got)
	}
}

// unsent is an error of a driver that says that nothing was sent.
type unsent struct{}

func (unsent) Error() string     { return "conn closed" }
func (unsent) SafeToRetry() bool { return true }

// pgx calls a COMMIT safe to retry whose answer was lost, and it may be applied.
func TestWhatTheServerDidNotAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want stmt.Outcome
	}{
		"no error":                 {nil, stmt.Committed},
		"safe to retry":            {unsent{}, stmt.Unknown},
		"refused":                  {&pgconn.PgError{Code: "23505", SeverityUnlocalized: "ERROR"}, stmt.Aborted},
		"a session that is ended":  {&pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, stmt.Unknown},
		"a completion not known":   {&pgconn.PgError{Code: "40003", SeverityUnlocalized: "ERROR"}, stmt.Unknown},
		"a connection to a server": {&pgconn.PgError{Code: "08006", SeverityUnlocalized: "ERROR"}, stmt.Unknown},
	} {
		if got := exec.OutcomeOf(c.err, sqltext.Rules{}, "INSERT INTO t VALUES (1)"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
