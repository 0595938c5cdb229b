package exec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
	"github.com/sqlkeel/sqlkeel/stmt"
)

// maxRuns bounds the memory that the writes of one transaction take. Beyond it
// they are united.
const maxRuns = 256

// Writes are what one transaction writes, or one statement outside of one, on its
// way to the Invalidator. A nil one collects nothing, as one without a Listener.
type Writes struct {
	*Listener
	PID     uint32 // of the server's process that gets them; 0 when it is not known
	runs    []stmt.Run
	results []result // of runs whose rows are collected
	defines bool     // one of the runs may change definitions
	told    bool     // of runs, and not of their definite outcome
}

// result is what one of the runs returns.
type result struct {
	run  int
	rows *Returned
}

// On reports whether there is an Invalidator.
func (w *Writes) On() bool { return w != nil && w.Listener != nil && w.To != nil }

// Add notes a statement that is about to be sent, and has it collect what it returns.
func (w *Writes) Add(c *Call) {
	if !w.On() {
		return
	}
	e := c.Effects()
	w.add(e, c.SQL, c.values)
	if c.Returned = collector(e.WriteKeys); c.Returned != nil {
		w.results = append(w.results, result{len(w.runs) - 1, c.Returned})
	}
}

// AddDeclared is Add for a text of which nothing is known but what its caller declared.
func (w *Writes) AddDeclared(e *stmt.Effects, sql string) { w.add(e, sql, nil) }

// AddNamed notes what is about to be done by other means than a text.
func (w *Writes) AddNamed(name string, e *stmt.Effects) {
	if w.On() && Changes(e) {
		w.note(stmt.Run{Effects: e}, name, false)
	}
}

// AddUnseen notes that anything may be done from now on, by means that name names.
func (w *Writes) AddUnseen(name string) {
	if w.On() {
		w.note(stmt.Run{Effects: Anything}, name, true)
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
	switch {
	case !w.On() || !Changes(e):
	case e.Anything:
		w.note(NewRun(e, values), sqltext.Name(sql), Defines(sql))
	default:
		w.note(NewRun(e, values), "", false)
	}
}

// note adds a run. What was announced before it has no answer, and will get none.
func (w *Writes) note(r stmt.Run, name string, defines bool) {
	if w.told {
		w.End(stmt.Unknown, false)
	}
	if len(w.runs) == maxRuns {
		w.runs, w.results = []stmt.Run{unite(w.runs)}, nil
	}
	if r.Anything {
		r.Name = name
	}
	w.runs, w.defines = append(w.runs, r), w.defines || defines
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

// collect gives the runs what they returned. Those that were announced stay as they
// were: the Invalidator has them.
func (w *Writes) collect() {
	copied := !w.told
	for _, r := range w.results {
		rows := r.rows.all()
		if rows == nil {
			continue
		}
		if !copied {
			w.runs, copied = slices.Clone(w.runs), true
		}
		w.runs[r.run].Rows = rows
	}
}

// Before tells the Invalidator what was noted, once and before it can become visible.
func (w *Writes) Before() {
	if w == nil || len(w.runs) == 0 || w.told {
		return
	}
	w.collect()
	w.told = true
	w.before(w.runs)
}

// After tells the Invalidator how the writes that Before announced ended, and forgets
// them. After Unknown they are kept: it may be called once more, or Lose.
func (w *Writes) After(o stmt.Outcome) {
	if w.Told() {
		w.collect()
		w.after(w.runs, w.defines, o)
	}
	if o != stmt.Unknown {
		w.Drop()
	}
}

// End is After for a use of a connection that is over. settled says that its session
// has answered all, so that it can do no more. If the outcome is unknown, and it has
// not, Lost finds out when it is gone.
func (w *Writes) End(o stmt.Outcome, settled bool) {
	w.After(o)
	if settled {
		w.After(stmt.Ended)
	}
	w.Lose()
}

// Lose has Lost find out when the session is gone that got writes whose outcome is
// unknown.
func (w *Writes) Lose() {
	if w.Told() && w.PID != 0 && w.Lost != nil {
		l, runs, defines := w.Listener, w.runs, w.defines
		if !w.Lost.add(w.PID, func() { l.after(runs, defines, stmt.Ended) }) {
			l.Log.Warn("too many writes of unknown outcome: the end of one is not waited for", "target", l.Target)
		}
	}
	w.Drop()
}

// Drop forgets what was noted: it was rolled back without COMMIT.
func (w *Writes) Drop() {
	if w != nil {
		w.runs, w.results, w.defines, w.told = nil, nil, false, false
	}
}

// Told reports whether Before announced something that has no definite outcome yet.
func (w *Writes) Told() bool { return w != nil && w.told }

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
