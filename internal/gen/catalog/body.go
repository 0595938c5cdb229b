package catalog

import (
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

// body is what calling a function does, one level deep.
type body struct {
	Dependency
	changes []Change
	// unknown is why that is not all; empty when it is.
	unknown string
	// effect is what it does beyond rows, and locks included; empty for nothing.
	effect string
	// alters and altersAny are the columns of NEW that a trigger function assigns.
	alters    []string
	altersAny bool
}

// read works out what a function does.
func (c *Catalog) read(f *Function) *body {
	b := c.readBody(f)
	b.add(f.defaults)
	for _, t := range append([]OID{f.result}, f.arguments...) {
		b.Functions = append(b.Functions, c.Checks(t)...)
	}
	return b
}

func (c *Catalog) readBody(f *Function) *body {
	switch {
	case hidden[f.Name] != "" && (f.system() || f.Extension != ""):
		return &body{unknown: hidden[f.Name], altersAny: true}
	case f.system() || plainExtensions[f.Extension] && f.Volatility != 'v':
		return &body{altersAny: true}
	case f.Kind == 'a':
		return &body{Dependency: Dependency{Functions: f.parts}}
	case f.Language == "sql" && f.atomic:
		return c.readAtomic(f)
	case f.Language == "sql":
		return c.readText(f, &syntax.Body{Uses: *syntax.Text(f.text), AltersAny: true})
	case f.Language == "plpgsql":
		return c.readText(f, syntax.PLpgSQL(f.Source))
	case f.Volatility == 'i', plainExtensions[f.Extension]:
		return &body{altersAny: true}
	}
	return &body{unknown: "it is written in " + f.Language, altersAny: true}
}

// readAtomic reads a body whose names PostgreSQL resolved. Its text tells what is
// changed from what is read; where it does not, all counts as both.
func (c *Catalog) readAtomic(f *Function) *body {
	b := &body{Dependency: f.tree, altersAny: true}
	for _, to := range c.depends[object{pgProc, f.OID}] {
		if to.class == pgProc {
			b.Functions = append(b.Functions, to.oid)
		} else {
			b.Relations = append(b.Relations, to.oid)
		}
	}
	tree, err := syntax.Parse(f.Source)
	ok := err == nil && len(tree.GetStmts()) == 1
	var body *pg.Node
	if ok {
		body = tree.GetStmts()[0].GetStmt().GetCreateFunctionStmt().GetSqlBody()
	}
	b.changes = c.split(&b.Dependency, []*pg.Node{body}, ok)
	b.effect = effectOf(syntax.Direct(body))
	return b
}

// effectOf returns what statements do beyond rows. A standby refuses all of it.
func effectOf(s *syntax.Uses) string {
	if len(s.Locks) > 0 {
		return "a lock"
	}
	return s.Effect
}

// split returns what statements change and leaves in d what they read. The names
// in them are as PostgreSQL prints them when nothing is on the search_path. When
// they cannot be understood, ok being false is one way, any of what d holds may be
// changed.
func (c *Catalog) split(d *Dependency, statements []*pg.Node, ok bool) []Change {
	var uses syntax.Uses
	for _, s := range statements {
		uses.Add(syntax.Direct(s))
	}
	reads, unread := c.resolveAll(uses.Reads, nil, false, nil)
	changes, unchanged := c.changesOf(uses.Changes, nil, false)
	if ok && unread+unchanged+uses.Unknown == "" {
		d.Relations = reads
		return changes
	}
	changes = nil
	for _, oid := range d.Relations {
		changes = append(changes, Change{Relation: oid, Event: every, Cascade: true})
	}
	return changes
}

// readText finds what the names in a body mean.
func (c *Catalog) readText(f *Function, s *syntax.Body) *body {
	b := &body{unknown: s.Unknown, alters: s.Alters, altersAny: s.AltersAny, effect: effectOf(&s.Uses)}
	n := names{catalog: c, path: f.path, body: b, anywhere: c.wanders && !c.is(onePath)}
	if f.path == nil || c.is(anyPath) {
		n.path = c.path
	}
	for _, called := range s.Functions {
		// Which schemas are searched may change on the way.
		n.anywhere = n.anywhere || called.Name == "set_config"
	}
	n.relations(&s.Uses, c.transition[f.OID])
	for _, called := range s.Functions {
		n.function(called)
	}
	b.Functions = append(b.Functions, c.Implied(&s.Uses)...)
	if b.Session == "" && f.Volatility != 'i' {
		b.Session = c.sessionOf(f, s, b)
	}
	return b
}

// names resolves the names in a body.
type names struct {
	catalog  *Catalog
	path     []string
	anywhere bool
	body     *body
}

func (n *names) relations(s *syntax.Uses, transition []string) {
	but := map[string]bool{}
	for _, t := range transition {
		but[t] = true
	}
	var missing, unchanged, stale string
	n.body.Relations, missing = n.catalog.resolveAll(s.Reads, n.path, n.anywhere, but)
	n.body.changes, unchanged = n.catalog.changesOf(s.Changes, n.path, n.anywhere)
	views, stale := n.catalog.resolveAll(s.Refreshes, n.path, n.anywhere, nil)
	for _, v := range views {
		n.body.changes = append(n.body.changes, Change{Relation: v, Event: Insert | Truncate})
	}
	for _, m := range []string{missing, unchanged, stale} {
		if m != "" && n.body.unknown == "" {
			n.body.unknown = "it names " + m + ", which does not exist"
		}
	}
}

// function adds every function of a name: which of them is called the types would
// say.
func (n *names) function(called syntax.Name) {
	found := n.catalog.FunctionsNamed(called.Schema, called.Name)
	if n.catalog.is(firstName) && len(found) > 1 {
		found = found[:1]
	}
	for _, oid := range found {
		if f := n.catalog.Functions[oid]; !f.system() || f.Volatility == 'v' || hidden[f.Name] != "" {
			n.body.Functions = append(n.body.Functions, oid)
		}
	}
	if len(found) == 0 && !valueFunctions[called.Name] && n.catalog.typeNames[called.Name] == nil && n.body.unknown == "" {
		n.body.unknown = "it calls " + called.String() + ", which does not exist"
	}
}

// Implied returns the functions that may be called without their name being
// written like a call: by operators, by casts, and as row.name.
func (c *Catalog) Implied(s *syntax.Uses) []OID {
	out := slices.Clone(c.casts)
	for _, o := range s.Operators {
		out = append(out, c.operators[o.Name]...)
	}
	for _, o := range unwritten {
		out = append(out, c.operators[o]...)
	}
	for _, a := range s.Attributes {
		for _, f := range c.functions[a] {
			if !f.system() && len(f.arguments) > 0 { // those behind the first may have defaults
				out = append(out, f.OID)
			}
		}
	}
	return out
}

// unwritten are the operators that a body applies without naming them: by BETWEEN,
// IN, CASE, USING, DISTINCT and ORDER BY.
var unwritten = []string{"=", "<>", "<", "<=", ">", ">="}

// valueFunctions are those that are no functions to PostgreSQL.
var valueFunctions = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true, "localtimestamp": true,
	"current_role": true, "user": true, "current_catalog": true, "current_user": true, "session_user": true, "current_schema": true,
}

// sessionOf returns what makes a body's result depend on the session. The types
// of its expressions are not known, so that whatever could be a date or a time
// counts when one is named.
func (c *Catalog) sessionOf(f *Function, s *syntax.Body, b *body) string {
	prints, aged := len(s.Casts) > 0, false
	for _, name := range s.Columns {
		if slices.Contains(systemColumns, name) {
			return "the system column " + name
		}
	}
	for _, called := range s.Functions {
		if valueFunctions[called.Name] {
			return called.Name
		}
		stable, other := false, false
		for _, g := range c.functions[called.Name] {
			stable = stable || g.system() && g.Volatility == 's'
			other = other || g.Volatility != 's'
		}
		if stable && !other && !printsOnly[called.Name] {
			return called.Name + "()"
		}
		prints, aged = prints || stable, aged || called.Name == "age"
	}
	if c.namesTime(f, s, b, prints) {
		if aged {
			return "age()"
		}
		return "a date or time in a body whose types are not known"
	}
	return ""
}

// namesTime reports whether a body names anything that is a date or a time.
func (c *Catalog) namesTime(f *Function, s *syntax.Body, b *body, prints bool) bool {
	for _, t := range f.arguments {
		if c.timed(t) {
			return true
		}
	}
	for _, t := range s.Types {
		if c.timedText(t) {
			return true
		}
	}
	for _, t := range append(s.Casts, s.Functions...) { // date(x) may be a cast
		if c.timedName(t.Name) {
			return true
		}
	}
	return c.namesTimedColumn(s.Columns, b.Relations, prints)
}

// namesTimedColumn reports whether one of the names is that of a column with a
// date or a time. A name that is no column may stand for a whole row, and all of
// its columns are printed with it.
func (c *Catalog) namesTimedColumn(names []string, relations []OID, prints bool) bool {
	rows := map[string]bool{}
	for _, name := range names {
		rows[name] = true
	}
	timed, named := false, map[string]bool{}
	for _, oid := range relations {
		for _, column := range c.relationColumns(oid) {
			named[column.Name] = named[column.Name] || rows[column.Name]
			if c.timed(column.Type) {
				timed = true
				if rows["*"] || rows[column.Name] {
					return true
				}
			}
		}
	}
	for name := range named {
		delete(rows, name)
	}
	return timed && prints && len(rows) > 0
}

// timedText looks at a type as a declaration spells it: name, table%ROWTYPE or
// table.column%TYPE.
func (c *Catalog) timedText(text string) bool {
	name, _, derived := strings.Cut(text, "%")
	if !derived {
		parts := strings.Split(name, ".")
		return c.timedName(strings.Trim(parts[len(parts)-1], `"[]`))
	}
	parts := strings.Split(strings.ReplaceAll(name, `"`, ""), ".")
	for _, oid := range c.named[parts[0]] {
		for _, column := range c.relationColumns(oid) {
			if c.timed(column.Type) && (len(parts) == 1 || column.Name == parts[1]) {
				return true
			}
		}
	}
	return len(parts) > 2
}

func (c *Catalog) timedName(name string) bool {
	for _, t := range c.typeNames[name] {
		if c.timed(t) {
			return true
		}
	}
	return false
}
