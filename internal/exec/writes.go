package exec

import (
	"context"
	"log/slog"
	"slices"

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
		w.AddEffects(c.Effects(), c.values)
	}
}

// AddEffects notes what is about to be done. What was announced is forgotten: its
// outcome stays unknown.
func (w *Writes) AddEffects(e *stmt.Effects, values []any) {
	if !w.On() || !Changes(e) {
		return
	}
	if w.told {
		w.Drop()
	}
	if len(w.runs) == maxRuns {
		w.runs = []stmt.Run{{Effects: unite(w.runs)}}
	}
	w.runs = append(w.runs, stmt.NewRun(e, values))
}

// unite returns the effects of all runs, which pin no rows.
func unite(runs []stmt.Run) *stmt.Effects {
	all := &stmt.Effects{}
	for _, r := range runs {
		all.Writes, all.Reaches = append(all.Writes, r.Writes...), append(all.Reaches, r.Reaches...)
		all.Anything = all.Anything || r.Anything
		all.ReadsAnything = all.ReadsAnything || r.ReadsAnything
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
