package catalog

import (
	"maps"
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// Event is a set of kinds of change.
type Event = syntax.Event

// The kinds of change.
const (
	Insert   = syntax.Insert
	Update   = syntax.Update
	Delete   = syntax.Delete
	Truncate = syntax.Truncate
)

// Change is what a statement does to one relation.
type Change struct {
	Relation OID
	Event    Event
	// Columns that an UPDATE sets; nil: any.
	Columns []int
	// Cascade says TRUNCATE … CASCADE.
	Cascade bool
	// Only says that ONLY keeps it from the relation's children.
	Only bool
}

// Closure is all that a set of changes, reads and function calls may touch.
type Closure struct {
	// Changes holds everything that may be changed, what was asked for included,
	// with what is done to it and by what: Cause is empty for what was asked for,
	// else such as "trigger audit_orders on orders" or "foreign key
	// items_order_fkey (ON DELETE CASCADE)".
	Changes map[OID]Reached
	// Reads holds every relation whose rows may decide the result: what was asked
	// for, views and the tables under them, and what policies, rules and called
	// functions read. What triggers and defaults read is not among them.
	Reads map[OID]bool
	// Functions holds every function that may be called on the way.
	Functions map[OID]bool
	// Anything is why the changes cannot be bounded; empty when they are.
	Anything string
	// ReadsAnything is why the reads cannot be bounded; empty when they are.
	ReadsAnything string
	// Unseen is why rows that are read may change without a write that could be seen:
	// those of PostgreSQL's catalogs, and of foreign tables.
	Unseen string
	// Missing tells, of those two reasons, what the schema lacks; "" when it lacks
	// nothing.
	Missing map[string]string
	// Volatile names a function whose result may differ between two calls. Clock names
	// one that reads the clock. Session names one that depends on the session
	// otherwise, such as current_user or TimeZone.
	Volatile, Clock, Session string
	// Effect names a called function that does something beyond rows: it advances
	// a sequence, notifies, or changes a setting.
	Effect string
	// Leaves names what is left in the session, such as an advisory lock.
	Leaves string
}

// Reached is how a relation may be changed.
type Reached struct {
	Event Event
	// Columns that an UPDATE may change, generated ones and those that triggers
	// alter included; nil: any.
	Columns []int
	Cause   string
	// Direct says that it was asked for.
	Direct bool
	// Again says that it may also be changed by something other than the
	// statement itself, so that RETURNING does not tell every changed row.
	Again bool
}

// columnSet is a set of columns, or all.
type columnSet struct {
	any bool
	set map[int]bool
}

// add puts columns into the set, any when all is true, and reports whether that
// made it larger.
func (s *columnSet) add(columns []int, all bool) bool {
	if s.any {
		return false
	}
	if all || slices.ContainsFunc(columns, func(c int) bool { return c <= 0 }) {
		s.any = true
		return true
	}
	before := len(s.set)
	for _, c := range columns {
		if s.set == nil {
			s.set = map[int]bool{}
		}
		s.set[c] = true
	}
	return len(s.set) > before
}

// meets reports whether one of the columns is in the set.
func (s *columnSet) meets(columns []int) bool {
	return s.any || slices.ContainsFunc(columns, func(c int) bool { return c <= 0 || s.set[c] })
}

// list returns the columns in order.
func (s *columnSet) list() []int { return slices.Sorted(maps.Keys(s.set)) }

// Nature returns what the closure says of a result beside the rows that it rests on.
func (k *Closure) Nature() *Uses {
	return &Uses{Volatile: k.Volatile, Clock: k.Clock, Session: k.Session, Effect: k.Effect, Leaves: k.Leaves}
}
