package exec

import (
	"context"
	"log/slog"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// Listener is an Invalidator with what its calls have in common. It is not changed once
// it is in use.
type Listener struct {
	To     stmt.Invalidator // nil: nothing is collected
	Target string
	Log    *slog.Logger
	Lost   *Lost // of writes whose outcome is unknown; nil: it stays so
	// Redefined is called when what was written may have changed definitions, before the
	// Invalidator is notified of it. It may be nil.
	Redefined func()
}

// before announces runs.
func (l *Listener) before(runs []stmt.Run) {
	l.guard(func() { l.To.BeforeWrite(l.Target, runs) })
}

// after reports how runs ended.
func (l *Listener) after(runs []stmt.Run, defines bool, o stmt.Outcome) {
	if defines && l.Redefined != nil {
		l.Redefined()
	}
	l.guard(func() { l.To.AfterWrite(l.Target, runs, o) })
}

// guard calls the Invalidator, whose panic is no failed write.
func (l *Listener) guard(call func()) {
	defer func() {
		if p := recover(); p != nil {
			l.Log.LogAttrs(context.Background(), slog.LevelWarn, "Invalidator panicked", slog.Any("panic", p))
		}
	}()
	call()
}
