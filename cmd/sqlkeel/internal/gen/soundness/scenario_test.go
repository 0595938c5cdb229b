package soundness

import (
	"fmt"
	"strings"
)

// scenario is a schema with its rows, and statements over it: plain data, so that
// it can be printed, cut down and written by hand.
type scenario struct {
	setup  []string // each runs alone; one that fails is left out
	role   string   // runs the reads, when it is not empty
	reads  []statement
	writes []statement
	sieved bool // a read that finds nothing, whatever its arguments, is left out
}

// statement is a read or write with the arguments to run it with.
type statement struct {
	sql    string
	params []string // Go types
	// command is sqlc's: ":many" when it is empty. It says how much of the result a
	// caller sees.
	command string
	args    [][]any // a read runs with each, a write with the first that succeeds
}

// seen are the rows that a caller gets.
func (s statement) seen(rows [][]any) [][]any {
	switch {
	case s.command == ":exec":
		return nil
	case s.command == ":one" && len(rows) > 1:
		return rows[:1]
	}
	return rows
}

func (s statement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", s.sql, s.command)
	for _, args := range s.args {
		b.WriteString("\n    with " + show(args))
	}
	return b.String()
}

// show prints arguments as they would be typed in psql.
func show(args []any) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = fmt.Sprintf("$%d = NULL", i+1)
		if a != nil {
			parts[i] = fmt.Sprintf("$%d = '%s'", i+1, wire(a))
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// script is the schema as a psql script.
func (s *scenario) script() string { return strings.Join(s.setup, ";\n") + ";\n" }

// column is a column of a relation that statements can be made about.
type column struct {
	name      string // as it stands in SQL
	kind      *kind
	notNull   bool
	generated string // its expression
	identity  bool   // a sequence fills it when nothing else does
	values    []any  // those in the rows; for a view, those of the column below
	domain    []any  // those that a write may give it
	written   []any  // those that the scenario's writes give it
}

// relation is a table, partition or view.
type relation struct {
	name    string // as it stands in SQL
	plain   string // name without schema and quotes, to make other names from
	columns []*column
	keys    [][]*column // unique keys, the primary key first
	pins    []*column   // columns that statements like to pin
	refers  []reference // its foreign keys
	rows    int
	part    []*column // the partition key
	suffix  string    // PARTITION BY …
	virtual bool      // a view or materialised view
	serial  int       // order of creation
}

// reference is a foreign key.
type reference struct {
	target    *relation
	mine, its []*column
}

// writable returns the columns that a write may give values.
func (r *relation) writable() []*column {
	var list []*column
	for _, c := range r.columns {
		if c.generated == "" {
			list = append(list, c)
		}
	}
	return list
}

// names joins the columns' names, each behind the prefix.
func names(columns []*column, prefix string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = prefix + c.name
	}
	return strings.Join(list, ", ")
}
