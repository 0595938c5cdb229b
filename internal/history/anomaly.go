package history

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind is a kind of anomaly. Of the cycles among one set of transactions the
// first kind in the order below is reported.
type Kind string

// The kinds. The names in brackets are those of Adya's thesis and of Elle.
const (
	RepeatedAppend    Kind = "repeated append"            // the history appends a value to a key twice; nothing follows from it
	Unwritten         Kind = "unwritten value"            // a list has a value that no transaction appended
	DoubleApplication Kind = "double application"         // a list has a value twice
	Incompatible      Kind = "incompatible orders"        // of two lists of a key neither is the beginning of the other
	AbortedRead       Kind = "aborted read (G1a)"         // a read saw an append of a failed transaction
	AppliedFailure    Kind = "applied failure"            // an append of a failed transaction is in the final list
	IntermediateRead  Kind = "intermediate read (G1b)"    // a read ends with an append that its transaction followed by another
	Internal          Kind = "internal inconsistency"     // a transaction's own appends are not where it made them
	Lost              Kind = "lost append"                // an append of a committed transaction is not in the final list
	WriteCycle        Kind = "write cycle (G0)"           // ww alone
	InformationCycle  Kind = "information cycle (G1c)"    // ww and wr
	SingleCycle       Kind = "single rw cycle (G-single)" // ww, wr and one rw: read skew, lost update
	AntiCycle         Kind = "rw cycle (G2)"              // more than one rw: write skew
	SessionCycle      Kind = "session cycle"              // dependencies and the order within a process
	RealTimeCycle     Kind = "real-time cycle"            // dependencies and the order in time
)

// Anomaly is one thing in a history that serial execution cannot explain.
type Anomaly struct {
	Kind Kind
	Txns []int // indices in History.Txns; of a cycle in its order
	Text string
}

// String returns the kind and the explanation.
func (a Anomaly) String() string { return string(a.Kind) + ": " + a.Text }

// Report is what [Check] found.
type Report struct {
	// Counts says how many anomalies of a kind there are. Of cycles it counts
	// one for each set of transactions that depend on one another.
	Counts map[Kind]int
	// Examples are the first few of each kind.
	Examples []Anomaly
	// Edges is the number of dependencies that were inferred, without order in time.
	Edges int
}

// OK reports whether there is no anomaly.
func (r *Report) OK() bool { return len(r.Counts) == 0 }

// Kinds returns the kinds that were found, sorted by name.
func (r *Report) Kinds() []Kind { return slices.Sorted(maps.Keys(r.Counts)) }

// String counts the kinds and gives the examples.
func (r *Report) String() string {
	if r.OK() {
		return "no anomaly"
	}
	var s strings.Builder
	for _, kind := range r.Kinds() {
		fmt.Fprintf(&s, "%d x %s\n", r.Counts[kind], kind)
	}
	for _, a := range r.Examples {
		fmt.Fprintf(&s, "%s\n", a)
	}
	return s.String()
}

// examples is how many anomalies of a kind are described.
const examples = 3

// add counts an anomaly and describes it while there are few.
func (r *Report) add(kind Kind, txns []int, format string, args ...any) {
	r.Counts[kind]++
	if r.Counts[kind] > examples {
		return
	}
	for i, arg := range args {
		if list, ok := arg.([]int32); ok {
			args[i] = show(list)
		}
	}
	r.Examples = append(r.Examples, Anomaly{Kind: kind, Txns: txns, Text: fmt.Sprintf(format, args...)})
}
