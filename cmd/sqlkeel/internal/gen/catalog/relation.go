package catalog

// Relation is a table, partitioned table, view, materialised view, foreign table
// or sequence.
type Relation struct {
	OID    OID
	Schema string
	Name   string
	Kind   byte // pg_class.relkind
	// System says that it is PostgreSQL's own. Nothing but its name is known, and
	// nothing tells when it changes.
	System      bool
	Temporary   bool
	Unlogged    bool
	RowSecurity bool
	Columns     []Column // by attribute number; dropped ones are absent
	Keys        []Key    // valid, immediate, non-partial unique indexes over plain columns, by their types' own equality
	References  []ForeignKey
	// Referenced are the foreign keys of others, and its own, that point here.
	Referenced []ForeignKey
	Triggers   []Trigger // enabled ones
	Parents    []OID     // partition parents and inheritance
	Children   []OID
	Partition  bool
	// PartitionKey are the columns that decide a row's partition; 0 stands for
	// any.
	PartitionKey []int
	// Policies and Rules hold what their expressions and actions depend on. A
	// view's query is a rule with Event 0.
	Policies []*Uses
	Rules    []Rule
	// Defaults are functions and sequences called by column defaults, generated
	// columns, check constraints, domains, and index and partition expressions.
	Defaults []*Uses
	// Base is the relation that an automatically updatable view shows, 0 for
	// other relations.
	Base OID
	// Automatic are the events that PostgreSQL passes on from the view to Base.
	Automatic Event

	query    string      // a view's tree
	declared declared    // what the COMMENT of a foreign table says
	base     map[int]int // the view's columns to those of Base, where they are plain
	printed  string
}

// Column returns the column of that name, or nil.
func (r *Relation) Column(name string) *Column {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return &r.Columns[i]
		}
	}
	return nil
}

// Numbered returns the column of that number, or nil.
func (r *Relation) Numbered(n int) *Column {
	for i := range r.Columns {
		if r.Columns[i].Number == n {
			return &r.Columns[i]
		}
	}
	return nil
}

// Column is a column of a relation.
type Column struct {
	Number    int
	Name      string
	Type      OID
	TypeName  string // format_type
	NotNull   bool
	Generated bool // GENERATED ALWAYS AS (…)
	// From are the columns that a generated one is computed from; 0 stands for
	// any.
	From          []int
	Deterministic bool // false for a nondeterministic collation
	// Loose says that a unique index does not compare it as the column's own type and
	// collation do. It may take different values for equal.
	Loose bool
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
	// Holds says that after each statement all rows meet it: it is valid, enforced and
	// not deferrable.
	Holds bool
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
	// When are the functions that its condition calls.
	When *Uses
	// Tables are the names of its transition tables.
	Tables []string
	// Argument is the first of its arguments.
	Argument string
}

// Rule is a rewrite rule; a view's is Select.
type Rule struct {
	Name    string
	Event   Event // 0 for SELECT
	Instead bool
	// Conditional says that it has a WHERE.
	Conditional bool
	Depends     *Uses
}
