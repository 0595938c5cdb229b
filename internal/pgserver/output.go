package pgserver

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// output collects what a server writes: it keeps the last lines for error
// messages and tells when the server says that it accepts connections.
type output struct {
	ready    chan struct{} // closed at the first line that says so
	readOnly bool          // connections that may only read, as a standby's, are enough

	mu      sync.Mutex
	partial []byte   // guarded by mu
	lines   []string // guarded by mu; the last keptLines
	said    bool     // guarded by mu; ready is closed
}

const keptLines = 12

func newOutput() *output { return &output{ready: make(chan struct{})} }

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.partial = append(o.partial, p...)
	for {
		line, rest, found := bytes.Cut(o.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		o.add(string(line))
		o.partial = slices.Clone(rest)
	}
}

// add is called with mu held.
func (o *output) add(line string) {
	o.lines = append(o.lines, line)
	o.lines = o.lines[max(0, len(o.lines)-keptLines):]
	if !o.said && o.saysReady(line) {
		o.said = true
		close(o.ready)
	}
}

// saysReady knows the server's words: it runs in the C locale.
func (o *output) saysReady(line string) bool {
	_, what, found := strings.Cut(line, "database system is ready to accept ")
	return found && (what == "connections" || o.readOnly && strings.HasPrefix(what, "read"))
}

// tail returns the last lines, for an error message.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(strings.Join(o.lines, "\n") + "\n" + string(o.partial))
}
