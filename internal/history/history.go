package history

import (
	"fmt"
	"slices"
	"strings"
)

// History is what clients know of a run.
type History struct {
	// Txns are the transactions, in any order; anomalies name them by index.
	Txns []Txn
	// Final is what each list was when all was over and nothing could be
	// committed any more; a key that is missing had no list. When nil, the end is
	// not known: then lost appends are seen only where a read shows them.
	Final map[int32][]int32
}

// Txn is one transaction as its client saw it.
type Txn struct {
	// Process is the client. It runs one transaction at a time.
	Process int32
	Outcome Outcome
	// Begin and End are places in the order of all events: Begin of one
	// before the transaction did anything, End of one after its outcome was
	// known. End has no meaning unless the outcome is OK.
	Begin, End int64
	// Ops are its operations in their order. Reads count only when the
	// outcome is OK.
	Ops []Op
}

// Outcome is how a transaction ended, as far as its client knows.
type Outcome uint8

const (
	// Unknown: it is committed or not. It counts as committed when one of its
	// appends was seen.
	Unknown Outcome = iota
	// OK: it is committed.
	OK
	// Failed: it is not committed and never will be.
	Failed
)

// String returns the outcome in a word.
func (o Outcome) String() string { return [...]string{"unknown", "ok", "failed"}[o] }

// Op is one operation: an append, or a read of a whole list.
type Op struct {
	Key   int32
	Read  bool
	Value int32   // what was appended
	List  []int32 // what was read
}

// Append is the operation that appends value to the list of key. A value must be
// appended to a key at most once in a history.
func Append(key, value int32) Op { return Op{Key: key, Value: value} }

// Read is the operation that found list under key.
func Read(key int32, list ...int32) Op { return Op{Key: key, Read: true, List: list} }

// String returns append(key, value) or read(key) = list.
func (op Op) String() string {
	if op.Read {
		return fmt.Sprintf("read(%d) = %s", op.Key, show(op.List))
	}
	return fmt.Sprintf("append(%d, %d)", op.Key, op.Value)
}

// String returns the outcome, the client, the times and the operations.
func (t Txn) String() string {
	ops := make([]string, len(t.Ops))
	for i, op := range t.Ops {
		ops[i] = op.String()
	}
	end := "?"
	if t.Outcome == OK {
		end = fmt.Sprint(t.End)
	}
	return fmt.Sprintf("%s, process %d, %d to %s: %s", t.Outcome, t.Process, t.Begin, end, strings.Join(ops, ", "))
}

// show prints a list, of a long one the end.
func show(list []int32) string {
	const most = 8
	if len(list) <= most {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("[%d more, then %s", len(list)-most, fmt.Sprint(list[len(list)-most:])[1:])
}

// appendsAfter returns whether the transaction appends to key after operation op.
func (t *Txn) appendsAfter(op int32, key int32) bool {
	return slices.ContainsFunc(t.Ops[op+1:], func(o Op) bool { return !o.Read && o.Key == key })
}
