package catalog

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
)

// named adds what a statement names that PostgreSQL did not analyse: every relation
// that a name may mean, and every function of a name, as the types would decide.
func (r *bodyReader) named(s *syntax.Uses) {
	u := r.out
	first(&r.body.unknown, s.Unknown)
	missing := func(n syntax.Name) { r.lacks("relation", "names", n) }
	own := func(n syntax.Name) bool { return n.Schema == "" && r.made.OwnNames[n.Name] }
	for _, n := range s.Reads {
		found := r.lookup(n, r.path, r.anywhere)
		if len(found) == 0 && !own(n) {
			missing(n)
		}
		for _, oid := range found {
			u.Relations[oid] = true
		}
	}
	for _, change := range s.Changes {
		found := r.lookup(change.Relation, r.path, r.anywhere)
		if own(change.Relation) {
			continue
		}
		if len(found) == 0 {
			missing(change.Relation)
		}
		for _, oid := range found {
			u.Changes = append(u.Changes, Change{Relation: oid, Event: change.Event, Cascade: change.Cascade, Only: change.Only, Columns: r.numbers(oid, change.Columns)})
		}
	}
	for _, n := range s.Refreshes {
		found := r.lookup(n, r.path, r.anywhere)
		if len(found) == 0 {
			missing(n)
		}
		for _, oid := range found {
			u.Changes = append(u.Changes, Change{Relation: oid, Event: Insert | Truncate})
		}
	}
	if len(s.Locks) > 0 {
		first(&u.Effect, "a lock")
	}
	first(&u.Effect, s.Effect)
	first(&u.Leaves, s.Leaves)
	for _, called := range s.Functions {
		r.function(called)
	}
	for _, oid := range r.implied(s) {
		u.Functions[oid] = true
	}
}

// function adds every function of a name.
func (r *bodyReader) function(called syntax.Name) {
	found := false
	for _, f := range r.functions[called.Name] {
		if called.Schema != "" && f.Schema != called.Schema {
			continue
		}
		found = true
		r.call(f.OID, nil, nil)
	}
	if !found && !valueFunctions[called.Name] && len(r.typesNamed[called.Name]) == 0 {
		r.lacks("function", "calls", called)
	}
}

// lacks notes that the body names something that does not exist.
func (r *bodyReader) lacks(kind, uses string, n syntax.Name) {
	if r.body.unknown == "" {
		r.body.unknown = "it " + uses + " " + n.String() + ", which does not exist"
		r.body.missing = kind + ` "` + n.String() + `"`
	}
}

// lookup finds the relations that a name may mean: the one on the path or, when there
// is none or the path is not known, all of that name.
func (c *Catalog) lookup(n syntax.Name, path []string, anywhere bool) []OID {
	oid, ok := c.resolve(n.Schema, n.Name, path)
	switch {
	case !ok && n.Schema != "":
		return nil
	case !ok || anywhere && n.Schema == "":
		return c.relationsNamed[n.Name]
	}
	return []OID{oid}
}

// numbers returns the numbers of named columns, nil when one is not known.
func (c *Catalog) numbers(oid OID, names []string) []int {
	r := c.Relations[oid]
	var out []int
	for _, name := range names {
		column := r.Column(name)
		if column == nil {
			return nil
		}
		out = append(out, column.Number)
	}
	return out
}

// implied returns the functions that may be called without their name being
// written like a call: by operators, by casts, and as row.name.
func (c *Catalog) implied(s *syntax.Uses) []OID {
	var out []OID
	for _, conversion := range c.casts {
		if conversion.function >= firstNormalOID {
			out = append(out, conversion.function)
		}
	}
	for _, d := range c.domains {
		for f := range c.usesOf(d.checks...).Functions {
			out = append(out, f)
		}
	}
	for _, o := range s.Operators {
		out = append(out, c.operatorsNamed[o.Name]...)
	}
	for _, o := range unwritten {
		out = append(out, c.operatorsNamed[o]...)
	}
	for _, a := range s.Attributes {
		for _, f := range c.functions[a] {
			if !f.system() && len(f.arguments) > 0 { // those behind the first may have defaults
				out = append(out, f.OID)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unwritten are the operators that a statement applies without naming them: by BETWEEN,
// IN, CASE, USING, DISTINCT and ORDER BY.
var unwritten = []string{"=", "<>", "<", "<=", ">", ">="}

// valueFunctions are those that are no functions to PostgreSQL.
var valueFunctions = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true, "localtimestamp": true,
	"current_role": true, "user": true, "current_catalog": true, "current_user": true, "session_user": true, "current_schema": true,
}

// Named finds a relation by its name as SQL writes it.
func (c *Catalog) Named(name string) (OID, bool) {
	if oid, ok := c.Resolve("", unquote(name)); ok {
		return oid, true
	}
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return 0, false
	}
	return c.Resolve(unquote(schema), unquote(table))
}

func unquote(name string) string {
	if len(name) > 1 && strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) {
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}
