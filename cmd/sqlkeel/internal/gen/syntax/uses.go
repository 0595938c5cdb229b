package syntax

import (
	pg "github.com/sqlc-dev/oliphant"
)

// Event is a set of kinds of change.
type Event uint8

// The kinds of change.
const (
	Insert Event = 1 << iota
	Update
	Delete
	Truncate
)

// Name is the name of a relation or function as it is written; Schema is empty
// when it has none.
type Name struct{ Schema, Name string }

// String returns the name with its schema, if it has one.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

// Change is what a statement does to one relation that it names.
type Change struct {
	Relation Name
	Event    Event
	// Columns that an UPDATE sets, in its ON CONFLICT and MERGE forms too. An
	// UPDATE without columns may set any.
	Columns []string
	Cascade bool // TRUNCATE … CASCADE
	Only    bool // ONLY: no children
}

// Uses is what a statement, or a body of several, names. Lists may repeat.
type Uses struct {
	// Changes are the relations that it changes, in WITH too.
	Changes []Change
	// Reads are the relations in FROM and its kin that no WITH shadows. The
	// target of a change is in Changes alone.
	Reads []Name
	// Locks are those that it locks by FOR UPDATE and its kin, and by LOCK.
	Locks []Name
	// Functions it calls by name. Those with a syntax of their own, such as
	// CURRENT_DATE, are here as pg_catalog's under their lower-case names.
	Functions []Name
	// Operators it applies; each may call a function.
	Operators []Name
	// Attributes are names behind a dot: row.name may be a column, or call the
	// function name(row).
	Attributes []string
	// Casts are the types that it casts to.
	Casts []Name
	// Refreshes are the materialised views of REFRESH.
	Refreshes []Name
	// Effect is a statement that does more than to rows, and less than what makes
	// it unknown, such as NOTIFY; empty when there is none.
	Effect string
	// Leaves is what it leaves in the session, such as a setting; empty for nothing.
	Leaves string
	// Unknown says why something of what it does is not known; empty when all is.
	Unknown string
}

// Add makes u hold what v holds too.
func (u *Uses) Add(v *Uses) {
	u.Changes = append(u.Changes, v.Changes...)
	u.Reads = append(u.Reads, v.Reads...)
	u.Locks = append(u.Locks, v.Locks...)
	u.Functions = append(u.Functions, v.Functions...)
	u.Operators = append(u.Operators, v.Operators...)
	u.Attributes = append(u.Attributes, v.Attributes...)
	u.Casts = append(u.Casts, v.Casts...)
	u.Refreshes = append(u.Refreshes, v.Refreshes...)
	if u.Effect == "" {
		u.Effect = v.Effect
	}
	if u.Leaves == "" {
		u.Leaves = v.Leaves
	}
	u.unknown(v.Unknown)
}

// unknown notes the first reason.
func (u *Uses) unknown(why string) {
	if u.Unknown == "" {
		u.Unknown = why
	}
}

// Direct returns what a statement names. It takes the statement's node, its
// wrapper, or an expression.
func Direct(stmt any) *Uses {
	d := &direct{uses: &Uses{}}
	if n, wrapper := stmt.(*pg.Node); wrapper {
		Children(n, func(child any) { d.node(child, nil) })
	} else if stmt != nil {
		d.node(stmt, nil)
	}
	return d.uses
}

// Text parses SQL and returns what its statements name, all together. What
// cannot be parsed is unknown.
func Text(sql string) *Uses {
	u := &Uses{}
	tree, err := Parse(sql)
	if err != nil {
		u.unknown("its SQL cannot be parsed: " + err.Error())
		return u
	}
	for _, s := range tree.GetStmts() {
		u.Add(Direct(s.GetStmt()))
	}
	return u
}

// Reading returns what a text names that is one SELECT which changes nothing; nil for
// any other.
func Reading(sql string) *Uses {
	tree, err := Parse(sql)
	if err != nil || len(tree.GetStmts()) != 1 || tree.GetStmts()[0].GetStmt().GetSelectStmt() == nil {
		return nil
	}
	u := Direct(tree.GetStmts()[0].GetStmt())
	if u.Unknown != "" || u.Effect != "" || len(u.Changes)+len(u.Refreshes) > 0 {
		return nil
	}
	return u
}
