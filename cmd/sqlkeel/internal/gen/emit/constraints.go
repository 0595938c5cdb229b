package emit

import (
	"fmt"
	"slices"
	"strings"
)

// Constraint is what may refuse a row: a constraint, or a unique index that is
// none. Its parts say what it demands, and not PostgreSQL's own text, which
// differs between versions.
type Constraint struct {
	Schema, Table, Name string
	Kind                ConstraintKind
	Columns             []string
	// Target is the relation that a foreign key refers to, and Refs its columns.
	Target string
	Refs   []string
	// Partial says that it binds only rows that a condition selects.
	Partial bool
}

// ConstraintKind is a kind of constraint, in words.
type ConstraintKind string

// The kinds of constraints.
const (
	PrimaryKey  ConstraintKind = "primary key"
	Unique      ConstraintKind = "unique constraint"
	UniqueIndex ConstraintKind = "unique index"
	ForeignKey  ConstraintKind = "foreign key"
	Check       ConstraintKind = "check constraint"
	Exclusion   ConstraintKind = "exclusion constraint"
)

// constraintsFile writes a name for each constraint.
func constraintsFile(in Input, taken *names) ([]byte, error) {
	list := slices.Clone(in.Constraints)
	slices.SortFunc(list, func(a, b Constraint) int {
		return slices.Compare([]string{a.Schema, a.Table, a.Name, string(a.Kind)}, []string{b.Schema, b.Table, b.Name, string(b.Kind)})
	})
	f := newFile(in, taken)
	f.build = in.Package.Build
	pgerr := f.use("github.com/sqlkeel/sqlkeel/pgerr")
	f.line("// The constraints of the schema. Each is what errors.Is finds in the error of a")
	f.line("// statement that the constraint refused.")
	f.line("var (")
	for _, c := range list {
		name := f.taken.free(constraintName(c, taken))
		f.line("// %s is the %s.", name, describe(c))
		f.line("%s = %s.ConstraintID{Schema: %q, Table: %q, Name: %q}", name, pgerr, c.Schema, c.Table, c.Name)
	}
	f.line(")")
	return f.bytes()
}

// constraintName returns the Go name: PostgreSQL's own names begin with the
// table's, others get it.
func constraintName(c Constraint, taken *names) string {
	name := c.Name
	if !strings.HasPrefix(name, c.Table+"_") {
		name = c.Table + "_" + name
	}
	if c.Schema != "public" {
		name = c.Schema + "_" + name
	}
	name = exported(name)
	if _, theirs := taken.theirs[name]; theirs {
		return "Constraint" + name
	}
	return name
}

// describe returns what a constraint demands, in words.
func describe(c Constraint) string {
	table := c.Table
	if c.Schema != "public" {
		table = c.Schema + "." + table
	}
	s := fmt.Sprintf("%s of %s", c.Kind, table)
	if len(c.Columns) > 0 {
		s += " (" + strings.Join(c.Columns, ", ") + ")"
	}
	if c.Kind == ForeignKey {
		s += " to " + c.Target + " (" + strings.Join(c.Refs, ", ") + ")"
	}
	if c.Partial {
		s += ", for some rows"
	}
	return oneLine(s)
}

// oneLine keeps a name with a line break inside of its comment.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
