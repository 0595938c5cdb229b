package exec

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// maxRuns bounds the memory that the writes of one transaction take. Beyond it
// they are united.
const maxRuns = 256

// Listener is an Invalidator with what its calls have in common.
type Listener struct {
	To     stmt.Invalidator // nil: nothing is collected
	Target string
	Log    *slog.Logger
}

// Writes are what one transaction writes, or one statement outside of one, on its
// way to the Invalidator. The zero Writes, with no Listener, collects nothing.
type Writes struct {
	*Listener
	runs []stmt.Run
	told bool // of runs, and not of their definite outcome
}

// On reports whether there is an Invalidator.
func (w *Writes) On() bool { return w.Listener != nil && w.To != nil }

// Add notes a statement that is about to be sent. args are those of its whole text.
func (w *Writes) Add(c *Call) {
	if w.On() {
		w.add(c.Effects(), c.SQL, c.values)
	}
}

// AddDeclared is Add for a text of which nothing is known but what its caller declared.
func (w *Writes) AddDeclared(e *stmt.Effects, sql string) { w.add(e, sql, nil) }

// AddNamed notes what is about to be done by other means than a text.
func (w *Writes) AddNamed(name string, e *stmt.Effects) {
	if w.On() && Changes(e) {
		w.note(stmt.Run{Effects: e}, name)
	}
}

// AddCopy notes a COPY into a table. declared is what it does if nothing is known of
// it, or nil.
func (w *Writes) AddCopy(registry *stmt.Registry, table pgx.Identifier, columns []string, declared *stmt.Effects) {
	if !w.On() {
		return
	}
	does := Copied(registry, table, columns)
	if does == Anything && declared != nil {
		does = declared
	}
	w.AddNamed("COPY "+strings.Join(table, "."), does)
}

// add notes a text that is about to be sent.
func (w *Writes) add(e *stmt.Effects, sql string, values []any) {
	if !w.On() || !Changes(e) {
		return
	}
	name := ""
	if e.Anything {
		name = stmt.Name(sql)
	}
	w.note(stmt.NewRun(e, values), name)
}

// note adds a run. What was announced before it has no answer, and will get none.
func (w *Writes) note(r stmt.Run, name string) {
	if w.told {
		w.After(stmt.Unknown)
		w.Drop()
	}
	if len(w.runs) == maxRuns {
		w.runs = []stmt.Run{unite(w.runs)}
	}
	if r.Anything {
		r.Name = name
	}
	w.runs = append(w.runs, r)
}

// unite returns one run with the effects of all, which pins no rows. It has the name of
// the first that has one.
func unite(runs []stmt.Run) stmt.Run {
	all := stmt.Run{Effects: &stmt.Effects{}}
	for _, r := range runs {
		all.Writes, all.Reaches = append(all.Writes, r.Writes...), append(all.Reaches, r.Reaches...)
		all.Anything = all.Anything || r.Anything
		all.ReadsAnything = all.ReadsAnything || r.ReadsAnything
		all.Name = cmp.Or(all.Name, r.Name)
	}
	for _, list := range []*[]string{&all.Writes, &all.Reaches} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return all
}

// Before tells the Invalidator what was noted, once and before it can become visible.
func (w *Writes) Before() {
	if len(w.runs) == 0 || w.told {
		return
	}
	w.told = true
	w.guard(func() { w.To.BeforeWrite(w.Target, w.runs) })
}

// After tells the Invalidator how the writes that Before announced ended, and forgets
// them. After Unknown they are kept: it may be called once more.
func (w *Writes) After(o stmt.Outcome) {
	if w.told {
		runs := w.runs
		w.guard(func() { w.To.AfterWrite(w.Target, runs, o) })
	}
	if o != stmt.Unknown {
		w.Drop()
	}
}

// Drop forgets what was noted: it was rolled back without COMMIT.
func (w *Writes) Drop() { w.runs, w.told = nil, false }

// Told reports whether Before announced something that has no definite outcome yet.
func (w *Writes) Told() bool { return w.told }

// guard calls the Invalidator, whose panic is no failed write.
func (w *Writes) guard(call func()) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.LogAttrs(context.Background(), slog.LevelWarn, "Invalidator panicked", slog.Any("panic", p))
		}
	}()
	call()
}

// OutcomeOf is the outcome of texts that were sent outside of a transaction, given
// their error. Whatever the server did not refuse as a whole is unknown.
func OutcomeOf(err error, rules sqltext.Rules, texts ...string) stmt.Outcome {
	switch {
	case err == nil:
		return stmt.Committed
	case !Aborted(err):
		return stmt.Unknown
	}
	for _, sql := range texts {
		if !Atomic(sql, rules) {
			return stmt.Unknown
		}
	}
	return stmt.Aborted
}
