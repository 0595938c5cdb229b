package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/bodies"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// body is what calling a function does, one level deep.
type body struct {
	*Uses
	// unknown is why that is not all; empty when it is.
	unknown string
	// missing is what the schema lacks, such as relation "a.b", where that is why.
	missing string
	// reads is why what it reads has no bound, where what it changes has one.
	reads string
	// alters and altersAny are the columns of NEW that a trigger function assigns.
	alters    []string
	altersAny bool
}

// place is where a function is called: under which search_path, and as a trigger of
// which relation. What its body means depends on both.
type place struct {
	function, table OID
	path            int
}

// body works out what a function does whose body runs under a search_path.
func (c *Catalog) body(f *Function, path int, table OID) *body {
	if f.atomic != "" || !f.followed() {
		path = 0
	}
	table = c.shaped(f, table)
	at := place{f.OID, table, path}
	if b := c.bodies[at]; b != nil {
		return b
	}
	b := c.readBody(f, path, table)
	c.bodies[at] = b
	b.Add(c.usesOf(f.defaults))
	for _, a := range append([]parameter{{typ: f.result}}, f.arguments...) {
		b.Add(c.Checks(a.typ))
	}
	f.declared.apply(c, b)
	return b
}

// shaped returns the topmost partitioned table for a partition on which a trigger's
// function has the same NEW, OLD and transition tables: it is compiled once for all.
func (c *Catalog) shaped(f *Function, table OID) OID {
	part, root := c.Relations[table], c.Relations[c.Root(table)]
	if part == nil || root == part || !slices.Equal(part.transition(f.OID), root.transition(f.OID)) ||
		!slices.EqualFunc(part.Columns, root.Columns, func(a, b Column) bool { return a.Name == b.Name && a.Type == b.Type }) {
		return table
	}
	return root.OID
}

// transition returns the names of the transition tables that a function sees as a
// trigger of the relation.
func (r *Relation) transition(function OID) []string {
	var out []string
	for _, t := range r.Triggers {
		if t.Function == function {
			out = append(out, t.Tables...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *Catalog) readBody(f *Function, path int, table OID) *body {
	switch {
	case hidden[f.Name] != "" && (f.system() || f.Extension != ""):
		return &body{Uses: NewUses(), unknown: hidden[f.Name], altersAny: true}
	case f.system() || plainExtensions[f.Extension] && f.Volatility != 'v':
		b := &body{Uses: NewUses(), altersAny: true}
		if f.Extension == "postgis" && readsBeside[f.Name] {
			for _, oid := range c.relationsNamed[referenceSystems] {
				b.Relations[oid] = true
			}
		}
		return b
	case f.Kind == 'a':
		u := NewUses()
		for _, part := range f.parts {
			u.Add(c.Called(part))
		}
		return &body{Uses: u}
	case f.atomic != "":
		return &body{Uses: c.usesOf(f.atomic), altersAny: true}
	case f.Language == "sql" || f.Language == "plpgsql":
		return c.compiled(f, path, table)
	case f.Volatility == 'i', plainExtensions[f.Extension]:
		return &body{Uses: NewUses(), altersAny: true}
	}
	return &body{Uses: NewUses(), unknown: "it is written in " + f.Language, altersAny: true}
}

// compiled reads what PostgreSQL made of a body that is text.
func (c *Catalog) compiled(f *Function, path int, table OID) *body {
	search := c.paths[path]
	b := &body{Uses: NewUses()}
	made, err := bodies.Compile(c.ctx, c.conn, types{c}, c.compilable(f, search, table))
	if err != nil {
		c.fail(err)
		return b
	}
	r := &bodyReader{treeReader: &treeReader{Catalog: c, out: b.Uses}, body: b, made: made, path: search.schemas, anywhere: c.wanders || wanders(f.text)}
	r.read()
	b.alters, b.altersAny = made.Alters, made.AltersAny || f.Language == "sql"
	return b
}

// Text returns what a statement does that PostgreSQL does not analyse by itself, such as
// TRUNCATE, and why that is not all; params are the types of its placeholders.
func (c *Catalog) Text(sql string, params []OID) (u *Uses, unknown string) {
	f := &Function{Name: "statement", Language: "sql", text: sql}
	for _, p := range params {
		f.arguments = append(f.arguments, parameter{typ: p})
	}
	b := c.compiled(f, 0, 0)
	return b.Uses, b.unknown
}

// compilable describes a function to the compiler.
func (c *Catalog) compilable(f *Function, path searchPath, table OID) *bodies.Function {
	out := &bodies.Function{Name: f.Name, Language: f.Language, Source: f.text, Path: path.setting, Concrete: map[string]string{}}
	result := c.types[f.result]
	if result != nil && result.Kind != 'p' {
		out.Result = f.result
	}
	out.Event = result != nil && result.Name == "event_trigger"
	if r := c.Relations[table]; r != nil {
		out.Table, out.Tables = quoted(r.Schema, r.Name), r.transition(f.OID)
	}
	inputs := 0
	for _, a := range f.arguments { // what stands for anyelement and its kin in this call
		if a.out {
			continue
		}
		if t := c.types[a.typ]; inputs < len(f.concrete) && t != nil && t.Kind == 'p' {
			out.Concrete[t.Name] = types{c}.TypeSQL(f.concrete[inputs])
		}
		inputs++
	}
	for _, a := range f.arguments {
		argument := bodies.Argument{Name: a.name, Type: types{c}.TypeSQL(a.typ), Out: a.out}
		if t := c.types[a.typ]; t != nil && out.Concrete[t.Name] != "" {
			argument.Type = out.Concrete[t.Name]
		}
		out.Arguments = append(out.Arguments, argument)
	}
	return out
}

// bodyReader collects from a compiled body.
type bodyReader struct {
	*treeReader
	body     *body
	made     *bodies.Body
	path     []string
	anywhere bool
}

func (r *bodyReader) read() {
	made, u := r.made, r.out
	first(&r.body.unknown, made.Unknown)
	for _, t := range made.Trees {
		v := t.Value
		u.Add(r.Uses(v))
		r.Literals(u, v, t.SQL)
	}
	if r.anywhere {
		r.namesakes()
	}
	for _, v := range made.Values {
		r.value(v)
	}
	for _, oid := range made.Made {
		r.makes(oid)
	}
	for _, run := range made.Runs {
		r.run(run)
	}
	for _, sql := range made.Utilities {
		r.named(syntax.Text(sql))
	}
	for _, l := range made.Loose {
		r.named(syntax.Text(l.SQL))
		first(&u.Session, "an expression whose types are not known ("+l.Why+")")
	}
	if made.Makes {
		first(&u.Effect, "a temporary table")
	}
	if made.Keeps {
		first(&u.Leaves, "a temporary table")
	}
	u.Changes = slices.DeleteFunc(u.Changes, func(change Change) bool { return made.Own[change.Relation] })
	for oid := range made.Own {
		delete(u.Relations, oid)
	}
}

// value notes that columns become a value of a type: by a cast, as PL/pgSQL does.
func (r *bodyReader) value(v bodies.Value) {
	if t := r.types[r.BaseType(v.To)]; t != nil && t.Kind == 'c' && (len(v.From) != 1 || !r.composite(v.From[0])) {
		r.makes(v.To)
		for i, column := range r.columnsOf(t.Relation) {
			if i < len(v.From) {
				r.casts(v.From[i], column.Type)
			}
		}
		return
	}
	if v.Constant != "" && r.settles(v.Constant, r.BaseType(v.To)) {
		r.makes(v.To)
		return
	}
	r.casts(v.From[0], v.To)
}

// settles reports whether a text means the same as a type in every session.
func (c *Catalog) settles(text string, to OID) bool {
	t := c.types[to]
	return isSettled("'"+text+"'", to) || t != nil && t.Array && c.PlainInput(to) && !strings.Contains(strings.ToLower(text), "null")
}

// casts notes a cast in an assignment.
func (r *treeReader) casts(from, to OID) {
	r.makes(to)
	if from == 0 {
		first(&r.out.Session, "a value whose type is not known")
		return
	}
	function, io := r.cast(from, to)
	r.call(function, nil, nil)
	if io {
		r.throughText(from, to)
	}
}

func (c *Catalog) composite(oid OID) bool {
	t := c.types[c.BaseType(oid)]
	return t != nil && (t.Kind == 'c' || t.OID == tree.Record)
}

// namesakes adds what names may mean when any schema may be searched.
func (r *bodyReader) namesakes() {
	for oid := range maps.Clone(r.out.Relations) {
		if rel := r.Relations[oid]; rel != nil {
			for _, other := range r.relationsNamed[rel.Name] {
				r.out.Relations[other] = true
			}
		}
	}
	for _, change := range slices.Clone(r.out.Changes) {
		if rel := r.Relations[change.Relation]; rel != nil {
			for _, other := range r.relationsNamed[rel.Name] {
				if other != change.Relation {
					r.out.Changes = append(r.out.Changes, Change{Relation: other, Event: change.Event, Cascade: change.Cascade})
				}
			}
		}
	}
	for oid := range maps.Clone(r.out.Functions) {
		if f := r.Functions[oid]; f != nil {
			for _, other := range r.functions[f.Name] {
				if !other.system() {
					r.out.Functions[other.OID] = true
				}
			}
		}
	}
}

// resolved returns the function that a call is of: of a generic one, the one for the
// types of its arguments.
func (r *treeReader) resolved(f *Function, n *tree.Node, args []*tree.Node) OID {
	if !f.generic || !f.followed() || f.Kind == 'a' || f.concrete != nil || n == nil {
		return f.OID
	}
	var concrete []OID
	for _, a := range args {
		typ, known := r.ExprType(a)
		if !known || r.types[typ] == nil || r.types[typ].Kind == 'p' && typ != unknownOID {
			return f.OID
		}
		if typ == unknownOID {
			typ = textOID
		}
		concrete = append(concrete, typ)
	}
	return r.instance(f, concrete)
}

// instance returns a generic function for the types of its arguments.
func (c *Catalog) instance(f *Function, concrete []OID) OID {
	for _, oid := range c.instances[f.OID] {
		if slices.Equal(c.Functions[oid].concrete, concrete) {
			return oid
		}
	}
	const firstInstance = 1 << 31 // far above what a database counts to
	one := *f
	one.OID, one.concrete = firstInstance+OID(len(c.Functions)), concrete
	c.Functions[one.OID] = &one
	c.instances[f.OID] = append(c.instances[f.OID], one.OID)
	return one.OID
}

// types answers what the compiler asks about types.
type types struct{ *Catalog }

// TypeSQL returns a type's name with its schema, in quotes.
func (t types) TypeSQL(oid OID) string {
	if typ := t.types[oid]; typ != nil {
		return quoted(typ.Schema, typ.Name)
	}
	return ""
}

// Composite reports whether a type is a row type of its own, or a domain over one.
func (t types) Composite(oid OID) bool {
	typ := t.types[t.BaseType(oid)]
	return typ != nil && typ.Kind == 'c'
}

// Field returns the type of a row type's column.
func (t types) Field(oid OID, name string) OID {
	if typ := t.types[t.BaseType(oid)]; typ != nil {
		for _, column := range t.columnsOf(typ.Relation) {
			if column.Name == name {
				return column.Type
			}
		}
	}
	return 0
}

// Element returns the type of an array's elements.
func (t types) Element(oid OID) OID {
	if typ := t.types[t.BaseType(oid)]; typ != nil && typ.Array {
		return typ.Element
	}
	return 0
}

// quoted writes a name with its schema.
func quoted(schema, name string) string {
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	return quote(schema) + "." + quote(name)
}
