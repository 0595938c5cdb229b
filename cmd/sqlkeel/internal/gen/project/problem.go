package project

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong, or not done, at a place of the project.
type Problem struct {
	Pos       Position
	Statement string // its name; "" when it is not about a statement
	Message   string // one line, with the remedy
	// Warning says that the result is right without a remedy: nothing needs to stop.
	Warning bool
	// Missing is what the server did not find, such as relation "a"; "" when that is
	// not why.
	Missing string
}

// Missing returns what a server did not find, by the code and message of its error.
// Overloads of a function count as one, and so do a type and its array.
func Missing(code, message string) string {
	what, found := strings.CutSuffix(message, " does not exist")
	switch code {
	case "42P01", "42704", "3F000": // undefined_table, undefined_object, invalid_schema_name
		if found {
			return strings.Replace(what, `[]"`, `"`, 1)
		}
	case "42883": // undefined_function, or operator
		if name, _, call := strings.Cut(what, "("); call && strings.HasPrefix(name, "function ") {
			return name
		}
	}
	return ""
}

// Error returns file:line:col: statement: message.
func (p *Problem) Error() string {
	if p.Statement == "" {
		return fmt.Sprintf("%s: %s", p.Pos, p.Message)
	}
	return fmt.Sprintf("%s: %s: %s", p.Pos, p.Statement, p.Message)
}

// Position is a place in a file, counted from 1; columns count characters.
type Position struct {
	File         string
	Line, Column int
}

// String returns file:line:col.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// AllProblems returns those of the configuration and of all packages.
func (p *Project) AllProblems() []*Problem {
	list := slices.Clone(p.Problems)
	for _, pkg := range p.Packages {
		list = append(list, pkg.Problems...)
	}
	return list
}

// sortProblems orders them by place, and leaves out what is said twice.
func sortProblems(list []*Problem) []*Problem {
	slices.SortStableFunc(list, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b *Problem) bool { return a.Error() == b.Error() })
}

func (pkg *Package) report(pos Position, statement, format string, args ...any) *Problem {
	p := &Problem{Pos: pos, Statement: statement, Message: fmt.Sprintf(format, args...)}
	pkg.Problems = append(pkg.Problems, p)
	return p
}

// refuse says why a statement cannot be used. The first reason stays.
func (st *Statement) refuse(pos Position, format string, args ...any) {
	p := st.Package.report(pos, st.Name, format, args...)
	st.refusals = append(st.refusals, p)
	if st.Refused == nil {
		st.Refused = p
	}
}
