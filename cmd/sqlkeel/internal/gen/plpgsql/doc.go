// Package plpgsql cuts the body of a PL/pgSQL routine into the pieces of SQL that it
// runs. Each piece has the variables in its scope. It understands the language around
// the SQL and nothing of the SQL itself: PostgreSQL does that.
//
// It reads every token of a body. A word that has no place in the grammar is an error,
// so that nothing which a body does is left out silently.
package plpgsql

import "strconv"

// Routine is a parsed body.
type Routine struct {
	Pieces []Piece
	// Variables are all of the routine's own, in the order of their declaration.
	Variables []*Variable
	// PrefersVariables says that #variable_conflict use_variable was given: a name
	// that is a variable's and a column's means the variable.
	PrefersVariables bool
}

// Variable is a variable, an argument, or one that PL/pgSQL declares itself.
type Variable struct {
	Name string // folded, without quotes
	Type string // as it is written; "" for a record
	// Number is the position of an argument, from 1; 0 for others.
	Number int
	// Cursor is the query of a bound cursor, and Arguments are the variables in it.
	Cursor    string
	Arguments []*Variable

	alias *Variable
}

// Record reports whether its shape is what is assigned to it.
func (v *Variable) Record() bool { return v.Type == "" }

// Scope is the variables of a block, and those around it.
type Scope struct {
	Label string // of the block; of the outermost the routine's name
	Outer *Scope
	own   []*Variable
}

// Find returns the variable of a name, nil when none is in sight.
func (s *Scope) Find(name string) *Variable {
	for ; s != nil; s = s.Outer {
		if v := s.Own(name); v != nil {
			return v
		}
	}
	return nil
}

// Own returns the block's own variable of a name, or of an argument's $n.
func (s *Scope) Own(name string) *Variable {
	for i := len(s.own) - 1; i >= 0; i-- {
		if v := s.own[i]; v.Name == name || v.Number > 0 && name == "$"+strconv.Itoa(v.Number) {
			if v.alias != nil {
				return v.alias
			}
			return v
		}
	}
	return nil
}

// Labelled returns the block of a label.
func (s *Scope) Labelled(label string) *Scope {
	for ; s != nil; s = s.Outer {
		if s.Label != "" && s.Label == label {
			return s
		}
	}
	return nil
}

// Kind tells what a piece is.
type Kind uint8

const (
	// Query is a statement of SQL, without its INTO.
	Query Kind = iota
	// Expression is SELECT and an expression.
	Expression
	// Dynamic is SELECT and an expression whose value is run as SQL.
	Dynamic
	// Assign gives values to its targets that come from no SQL, such as FOUND's.
	Assign
	// Fetch reads from a cursor.
	Fetch
)

// Piece is one piece of SQL.
type Piece struct {
	Kind  Kind
	SQL   string
	Scope *Scope
	// Into are the variables that get its columns.
	Into []Target
	// Type is what an expression's value becomes when it goes to no variable, such
	// as "boolean"; "" when it is used as it is.
	Type string
	// Result says that the routine returns it.
	Result bool
	// Using are the expressions that a Dynamic piece has for its placeholders.
	Using []string
	// Cursor is what is opened, or read from.
	Cursor *Variable
}

// Target is a variable or a part of it.
type Target struct {
	Variable *Variable
	Fields   []string // of a record
	Element  bool     // one of an array's
}
