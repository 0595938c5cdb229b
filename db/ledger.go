package db

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Lease is a connection in use.
type Lease struct {
	PID       uint32        `json:"pid"` // of the server's process
	Since     time.Time     `json:"since"`
	Held      time.Duration `json:"held_ns"`
	Op        string        `json:"op,omitempty"`        // the unit of work, of package txn, whose transaction it is for
	Statement string        `json:"statement,omitempty"` // its sqlc name, or its first word; empty for transactions and WithConn
	Stack     []string      `json:"stack"`               // its callers outside of this library, the innermost first; empty for a known statement without open rows
}

// describe is one line: how long, what, and the innermost callers.
func (b Lease) describe() string {
	s := fmt.Sprintf("pid %d held for %v", b.PID, b.Held.Round(time.Millisecond))
	if b.Op != "" {
		s += " by the unit " + b.Op
	}
	if b.Statement != "" {
		s += " by " + b.Statement
	}
	if len(b.Stack) > 0 {
		s += " from " + strings.Join(b.Stack[:min(len(b.Stack), 3)], " < ")
	}
	return s
}

// ledger lists the connections in use.
type ledger struct {
	mu    sync.Mutex
	conns map[*connInfo]struct{} // guarded by mu; all of the pool
}

// opened and closed note which connections there are.
func (l *ledger) opened(info *connInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = map[*connInfo]struct{}{}
	}
	l.conns[info] = struct{}{}
}

func (l *ledger) closed(info *connInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, info)
}

// add and remove are without the lock, as each use of a connection calls them.
func (*ledger) add(x *lease)    { x.info.lease.Store(x) }
func (*ledger) remove(x *lease) { x.info.lease.Store(nil) }

// leases returns those of this moment, in the order of checkout.
func (l *ledger) leases() []*lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []*lease
	for info := range l.conns {
		if x := info.lease.Load(); x != nil {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *lease) int { return a.since.Compare(b.since) })
	return list
}

func (l *ledger) count() int { return len(l.leases()) }

// oldest returns the lease that began first, or nil.
func (l *ledger) oldest() *Lease {
	for _, x := range l.leases() {
		b := x.describe()
		return &b
	}
	return nil
}

// all returns the leases, oldest first.
func (l *ledger) all() []Lease {
	list := []Lease{}
	for _, x := range l.leases() {
		list = append(list, x.describe())
	}
	return list
}

// overdue returns the leases that are older than limit, each once in its life.
func (l *ledger) overdue(limit time.Duration) []Lease {
	var list []Lease
	for _, x := range l.leases() {
		if time.Since(x.since) > limit && !x.warned.Swap(true) {
			list = append(list, x.describe())
		}
	}
	return list
}

// callers are the frames above a use of this package, unresolved.
type callers struct {
	pcs [20]uintptr // a unit of work is a dozen frames deep here
	n   int
}

func (c *callers) note(skip int) { c.n = runtime.Callers(skip+2, c.pcs[:]) }

// library are the packages whose frames do not name the caller.
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
