// Package catalog reads what PostgreSQL itself knows of a schema, and follows what
// a write sets in motion: foreign key actions, triggers, rules, partitions,
// inheritance and function bodies.
package catalog

// OID identifies an object in the scratch database.
type OID uint32

// Catalog is a snapshot of a schema. It is read once, after the schema was applied,
// and does not change.
type Catalog struct {
	Relations map[OID]*Relation
	Functions map[OID]*Function
}

// Relation is a table, partitioned table, view, materialised view, foreign table
// or sequence outside of PostgreSQL's own schemas.
type Relation struct {
	OID         OID
	Schema      string
	Name        string
	Kind        byte // pg_class.relkind
	Temporary   bool
	RowSecurity bool
	Columns     []Column // by attribute number; dropped ones are absent
	Keys        []Key    // valid, immediate, non-partial unique indexes over plain columns
	References  []ForeignKey
	// Referenced are the foreign keys of others that point here.
	Referenced []ForeignKey
	Triggers   []Trigger
	Parents    []OID // partition parents and inheritance
	Children   []OID
	Partition  bool
	// Policies and Rules hold what their expressions and actions depend on.
	Policies []Dependency
	Rules    []Rule
	// Defaults are functions and sequences called by column defaults, generated
	// columns and check constraints.
	Defaults []Dependency
}

// Column is a column of a relation.
type Column struct {
	Number        int
	Name          string
	Type          OID
	TypeName      string // format_type
	NotNull       bool
	Generated     bool // GENERATED ALWAYS AS (…)
	Deterministic bool // false for a nondeterministic collation
}

// Key is a unique index over plain columns.
type Key struct {
	Name     string
	Columns  []int
	Primary  bool
	Distinct bool // false: NULLS NOT DISTINCT
}

// ForeignKey is a constraint between two relations.
type ForeignKey struct {
	Name               string
	Table, Target      OID
	Columns, Refs      []int
	OnDelete, OnUpdate byte // pg_constraint.confdeltype, confupdtype
}

// Trigger is a user's trigger.
type Trigger struct {
	Name     string
	Function OID
	Events   Event
	Before   bool
	Row      bool
	Instead  bool
	Columns  []int // UPDATE OF; empty: all
}

// Rule is a rewrite rule; a view's is Select.
type Rule struct {
	Name    string
	Event   Event // 0 for SELECT
	Instead bool
	Depends Dependency
}

// Dependency is what an expression or body uses.
type Dependency struct {
	Relations []OID
	Functions []OID
}

// Function is a function or procedure outside of pg_catalog, or one of PostgreSQL's
// own that has effects.
type Function struct {
	OID        OID
	Schema     string
	Name       string
	Language   string
	Volatility byte // 'i', 's' or 'v'
	Source     string
	Extension  string
}

// Event is a set of kinds of change.
type Event uint8

// The kinds of change.
const (
	Insert Event = 1 << iota
	Update
	Delete
	Truncate
)

// Change is what a statement does to one relation.
type Change struct {
	Relation OID
	Event    Event
	// Columns that an UPDATE sets; nil: any.
	Columns []int
	// Cascade says TRUNCATE … CASCADE.
	Cascade bool
}

// Closure is all that a set of changes, reads and function calls may touch.
type Closure struct {
	// Changes holds everything that may be changed, what was asked for included,
	// with what is done to it and by what: Cause is empty for what was asked for,
	// else such as "trigger audit_orders" or "foreign key items_order_fkey".
	Changes map[OID]Reached
	// Reads holds every relation whose rows are read on the way, views and the
	// tables under them included.
	Reads map[OID]bool
	// Anything is why the changes cannot be bounded; empty when they are.
	Anything string
	// ReadsAnything is why the reads cannot be bounded; empty when they are.
	ReadsAnything string
	// Volatile names a function whose result may differ between two calls;
	// Session one that depends on the session (now(), current_user, TimeZone).
	Volatile, Session string
}

// Reached is how a relation may be changed.
type Reached struct {
	Event Event
	Cause string
	// Direct says that it was asked for.
	Direct bool
	// Again says that it may also be changed by something other than the
	// statement itself, so that RETURNING does not tell every changed row.
	Again bool
}
