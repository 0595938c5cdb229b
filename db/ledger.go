package db

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Borrow is a connection that is lent.
type Borrow struct {
	PID       uint32        `json:"pid"` // of the server's process
	Since     time.Time     `json:"since"`
	Held      time.Duration `json:"held_ns"`
	Op        string        `json:"op,omitempty"`        // the unit of work, of package txn, whose transaction it is for
	Statement string        `json:"statement,omitempty"` // its sqlc name, or its first word; empty for transactions and WithConn
	Stack     []string      `json:"stack"`               // its callers outside of this library, the innermost first
}

// String is one line: how long, what, and the innermost callers.
func (b Borrow) String() string {
	s := fmt.Sprintf("pid %d held for %v", b.PID, b.Held.Round(time.Millisecond))
	if b.Op != "" {
		s += " by the unit " + b.Op
	}
	if b.Statement != "" {
		s += " by " + b.Statement
	}
	return s + " from " + strings.Join(b.Stack[:min(len(b.Stack), 3)], " < ")
}

// ledger knows what is lent.
type ledger struct {
	mu  sync.Mutex
	out map[*lease]struct{} // guarded by mu
}

func (l *ledger) add(x *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out[x] = struct{}{}
}

func (l *ledger) remove(x *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.out, x)
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.out)
}

// oldest returns what is lent for the longest time, or nil.
func (l *ledger) oldest() *Borrow {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first *lease
	for x := range l.out {
		if first == nil || x.since.Before(first.since) {
			first = x
		}
	}
	if first == nil {
		return nil
	}
	b := first.borrow()
	return &b
}

// all returns what is lent, oldest first.
func (l *ledger) all() []Borrow {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Borrow, 0, len(l.out))
	for x := range l.out {
		list = append(list, x.borrow())
	}
	slices.SortFunc(list, func(a, b Borrow) int { return a.Since.Compare(b.Since) })
	return list
}

// overdue returns what is lent for longer than limit, each once in its life.
func (l *ledger) overdue(limit time.Duration) []Borrow {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Borrow
	for x := range l.out {
		if !x.warned && time.Since(x.since) > limit {
			x.warned = true
			list = append(list, x.borrow())
		}
	}
	return list
}

// callers are the frames above a use of this package, unresolved: that is cheap
// enough to be kept for every connection that is lent.
type callers struct {
	pcs [32]uintptr // a unit of work is a dozen frames deep here
	n   int
}

func (c *callers) note(skip int) { c.n = runtime.Callers(skip+2, c.pcs[:]) }

// library are the packages whose frames tell nothing about who uses them.
var library = []string{"cache", "db", "internal", "otel", "stmt", "txn"}

// isLibrary reports whether a frame is of the library's own code, which its tests are
// not.
func isLibrary(f *runtime.Frame) bool {
	path, ours := strings.CutPrefix(f.Function, "github.com/sqlkeel/sqlkeel/")
	name := path[:max(strings.IndexAny(path, "./"), 0)]
	return ours && slices.Contains(library, name) && !strings.HasSuffix(f.File, "_test.go")
}

// stack resolves the frames, without those of the library's own code.
func (c *callers) stack() []string {
	var list []string
	frames := runtime.CallersFrames(c.pcs[:c.n])
	for {
		f, more := frames.Next()
		if f.PC != 0 && !isLibrary(&f) {
			list = append(list, fmt.Sprintf("%s (%s:%d)", f.Function, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line))
		}
		if !more {
			return list
		}
	}
}
