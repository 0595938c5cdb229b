package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Uses is what a tree mentions, at any depth, and what that says of its value. What
// views do that it names is not among it.
type Uses struct {
	Relations map[OID]bool
	// Functions are the users' own: PostgreSQL's say what they do by their names.
	Functions map[OID]bool
	// Changes are those of its INSERT, UPDATE, DELETE and MERGE.
	Changes []Change
	// Columns are the numbers of the columns that it names, of whatever relation.
	Columns []int
	// Each of these names a function, or whatever else has the property; empty
	// when there is none.
	Volatile string // gives something else at each call
	Clock    string // tells the time
	Session  string // depends on the session
	Effect   string // does something that a standby refuses, or that lasts
	Sequence string // draws from a sequence
	Anything string // reads, or runs, what its arguments say
	// Leaves is what it leaves in the session, such as an advisory lock.
	Leaves string
}

// NewUses returns what an empty tree uses.
func NewUses() *Uses { return &Uses{Relations: map[OID]bool{}, Functions: map[OID]bool{}} }

// Add makes u hold what v holds too.
func (u *Uses) Add(v *Uses) {
	maps.Copy(u.Relations, v.Relations)
	maps.Copy(u.Functions, v.Functions)
	u.Changes = append(u.Changes, v.Changes...)
	u.Columns = append(u.Columns, v.Columns...)
	u.AddNature(v)
}

// AddNature makes u have what is said of the value of v.
func (u *Uses) AddNature(v *Uses) {
	first(&u.Volatile, v.Volatile)
	first(&u.Clock, v.Clock)
	first(&u.Session, v.Session)
	first(&u.Effect, v.Effect)
	first(&u.Sequence, v.Sequence)
	first(&u.Anything, v.Anything)
	first(&u.Leaves, v.Leaves)
}

// empty reports whether nothing is used that matters to a caller.
func (u *Uses) empty() bool {
	return len(u.Relations)+len(u.Functions)+len(u.Changes) == 0 && u.Volatile+u.Clock+u.Session+u.Effect+u.Sequence+u.Anything+u.Leaves == ""
}

// first sets what is not set yet.
func first(to *string, name string) {
	if *to == "" {
		*to = name
	}
}

// Uses returns what a tree mentions: that of a statement, a view, a rule, a body, a
// default, a check, an index, a policy or a trigger's condition.
func (c *Catalog) Uses(v tree.Value) *Uses {
	r := &treeReader{Catalog: c, out: NewUses(), targets: map[*tree.Node]bool{}}
	tree.Rows(v)
	v.Walk(func(n *tree.Node) bool {
		r.node(n)
		return true
	})
	return r.out
}

// usesOf parses the text of a tree; "" and <> hold nothing. What cannot be parsed may
// do anything.
func (c *Catalog) usesOf(texts ...string) *Uses {
	u := NewUses()
	for _, text := range texts {
		if text == "" || text == "<>" {
			continue
		}
		v, err := tree.Parse(text)
		if err != nil {
			first(&u.Anything, "an expression that was not understood")
			continue
		}
		u.Add(c.Uses(v))
	}
	return u
}

// treeReader collects from one tree.
type treeReader struct {
	*Catalog
	out     *Uses
	targets map[*tree.Node]bool // range table entries that are only changed
}

func (r *treeReader) node(n *tree.Node) {
	if field := typeField[n.Kind]; field != "" && n.Kind != "VAR" {
		r.makes(n.OID(field))
	}
	switch n.Kind {
	case "QUERY":
		r.query(n)
	case "RANGETBLENTRY":
		if oid := n.OID("relid"); oid != 0 && n.Number("rtekind") == tree.Relation && n.Atom("relkind") != "c" && !r.targets[n] { // c: excluded
			r.out.Relations[oid] = true
		}
	case "FUNCEXPR":
		r.call(n.OID("funcid"), n, n.List("args"))
	case "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		r.operator(n.OID("opno"), n, n.List("args"))
	case "ROWCOMPAREEXPR":
		for _, op := range n.Numbers("opnos") {
			r.operator(OID(op), n, nil)
		}
	case "AGGREF":
		r.call(n.OID("aggfnoid"), n, n.List("args"))
	case "WINDOWFUNC":
		r.call(n.OID("winfnoid"), n, n.List("args"))
	case "WINDOWCLAUSE":
		r.call(n.OID("startInRangeFunc"), n, nil)
		r.call(n.OID("endInRangeFunc"), n, nil)
	case "SORTGROUPCLAUSE":
		r.operator(n.OID("eqop"), n, nil)
		r.operator(n.OID("sortop"), n, nil)
	case "TARGETENTRY":
		if n.Number("ressortgroupref") > 0 {
			r.sorts(n.Child("expr"))
		}
	case "NEXTVALUEEXPR":
		first(&r.out.Sequence, "nextval")
	default:
		r.rest(n)
	}
}

// query notes what a query does beyond its expressions: it changes a relation, or
// locks rows.
func (r *treeReader) query(n *tree.Node) {
	if d, changes := dmlOf(n); changes && d.Relation != 0 {
		r.out.Changes = append(r.out.Changes, d.Change())
		r.targets[n.List("rtable")[d.Target-1]] = true
	}
	if len(n.List("rowMarks")) > 0 {
		first(&r.out.Effect, "a lock")
	}
	if u := n.Child("utilityStmt"); u.Is("NOTIFYSTMT") {
		first(&r.out.Effect, "NOTIFY")
	} else if u != nil {
		first(&r.out.Anything, "a statement of kind "+u.Kind)
	}
}

// rest looks at nodes whose functions have no OID in the tree.
func (r *treeReader) rest(n *tree.Node) {
	switch n.Kind {
	case "VAR":
		number := n.Number("varattno")
		r.out.Columns = append(r.out.Columns, number)
		// Of a table; behind these comes tableoid.
		if i := -number; i > 0 && i <= len(systemColumns) {
			first(&r.out.Volatile, systemColumns[i-1])
		}
	case "COERCEVIAIO":
		from, _ := r.ExprType(n.Child("arg"))
		if from == tree.Record && r.prints(n.Child("arg"), r.PlainOutput) {
			from = textOID // a ROW(…) of what prints alike everywhere
		}
		r.throughText(from, n.OID("resulttype"))
	case "SQLVALUEFUNCTION":
		// 0–8 tell the time, the rest who is connected to what.
		if op := n.Number("op"); op < len(sqlValues) && op <= 8 {
			first(&r.out.Clock, sqlValues[op])
		} else if op < len(sqlValues) {
			first(&r.out.Session, sqlValues[op])
		} else {
			first(&r.out.Session, "a function of the session")
		}
	case "TABLESAMPLECLAUSE":
		if n.Child("repeatable") == nil {
			first(&r.out.Volatile, "TABLESAMPLE")
		}
	case "RANGETBLFUNCTION", "TABLEFUNC":
		for _, list := range []string{"funccoltypes", "coltypes"} {
			for _, oid := range n.Numbers(list) {
				r.makes(OID(oid))
			}
		}
	}
	switch n.Kind {
	case "TABLEFUNC", "XMLEXPR", "JSONEXPR", "JSONCONSTRUCTOREXPR":
		// Their conversions between types are not shown as functions.
		first(&r.out.Session, strings.ToLower(strings.TrimSuffix(n.Kind, "EXPR")))
	}
}

// throughText notes that a value becomes text and is read as another type.
func (r *treeReader) throughText(from, to OID) {
	if !r.PlainOutput(from) {
		first(&r.out.Session, "a cast from "+r.TypeName(from))
	}
	if t := r.types[r.BaseType(to)]; !r.PlainInput(to) || t != nil && t.Array { // array_nulls says what NULL in it is
		first(&r.out.Session, "a cast to "+r.TypeName(to))
	}
}

// systemColumns tell where a row is and which transactions wrote or locked it, which may
// change though the row does not.
var systemColumns = [...]string{"ctid", "xmin", "cmin", "xmax", "cmax"}

// sqlValues names the functions that need no parentheses, in PostgreSQL's order.
var sqlValues = [...]string{
	"current_date", "current_time", "current_time", "current_timestamp", "current_timestamp", "localtime", "localtime",
	"localtimestamp", "localtimestamp", "current_role", "current_user", "user", "session_user", "current_catalog", "current_schema",
}

// makes notes that a value of a type is made, which runs the checks of the domains
// in it.
func (r *treeReader) makes(oid OID) {
	if oid >= firstNormalOID {
		r.out.Add(r.Checks(oid))
	}
}

// call notes a call of a function. n is the calling node.
func (r *treeReader) call(function OID, n *tree.Node, args []*tree.Node) {
	if function == 0 {
		return
	}
	f := r.Functions[function]
	switch {
	case f == nil:
		first(&r.out.Anything, "an unknown function")
	case !f.system():
		r.out.Functions[r.resolved(f, n, args)] = true
		if f.Extension != "" && leaves[f.Name] {
			first(&r.out.Leaves, f.Name)
			first(&r.out.Effect, f.Name)
		}
	case len(f.parts) > 0 && !printsOnly[f.Name]:
		// pg_proc calls all of PostgreSQL's own aggregates immutable: their parts tell.
		for _, part := range f.parts {
			r.call(part, n, args)
		}
	default:
		r.builtin(f, n, args)
	}
}

// Called returns what calling a function uses, whatever its arguments are.
func (c *Catalog) Called(function OID) *Uses {
	r := &treeReader{Catalog: c, out: NewUses()}
	r.call(function, nil, nil)
	return r.out
}

// builtin notes a call of one of PostgreSQL's own functions.
func (r *treeReader) builtin(f *Function, n *tree.Node, args []*tree.Node) {
	u, name := r.out, f.Name
	volatility := f.Volatility
	if f.Kind == 'a' {
		volatility = 's' // it prints
	}
	switch {
	case strings.HasPrefix(name, "nextval") || name == "setval":
		first(&u.Sequence, name)
		first(&u.Volatile, name)
		first(&u.Effect, name)
		return
	case hidden[name] != "":
		first(&u.Anything, name)
	case strings.HasPrefix(name, "pg_stat_get_") || strings.HasSuffix(name, "_snapshot") || strings.HasSuffix(name, "_if_assigned"):
		first(&u.Volatile, name)
	case clocks[name] || name == "age" && volatility == 's':
		first(&u.Clock, name)
	case transactionIDs[name]:
		first(&u.Volatile, name)
		first(&u.Effect, name)
	}
	if leaves[name] && !(name == "set_config" && len(args) == 3 && tree.True(args[2])) {
		first(&u.Leaves, name)
	}
	switch volatility {
	case 'v':
		first(&u.Volatile, name)
		if !isQuiet(name) {
			first(&u.Effect, name)
		}
	case 's':
		if !clocks[name] && !r.fixed(name, n, args) {
			first(&u.Session, name)
		}
	default:
		if settingOf[name] != "" {
			first(&u.Session, name)
		}
	}
}

// fixed reports whether a STABLE function depends on nothing but its arguments
// and the schema. Those that take any type are stable because that type's output
// may be.
func (r *treeReader) fixed(name string, n *tree.Node, args []*tree.Node) bool {
	switch {
	case schemaOnly[name]:
		return true
	case fields[name]:
		return tellsEpoch(args)
	case !printsOnly[name] && !populates[name]:
		return false
	}
	same := r.PlainOutput
	if strings.Contains(name, "json") {
		same = r.plainJSON
	}
	if slices.ContainsFunc(args, func(arg *tree.Node) bool { return !arg.Yes("resjunk") && !r.prints(arg, same) }) {
		return false
	}
	return !populates[name] || r.PlainInput(n.OID("funcresulttype"))
}

// prints reports whether an argument is of a type for which same is true, or a
// ROW(…) of such.
func (r *treeReader) prints(n *tree.Node, same func(OID) bool) bool {
	if n.Is("TARGETENTRY") {
		return r.prints(n.Child("expr"), same)
	}
	if n.Is("ROWEXPR") && n.OID("row_typeid") == tree.Record {
		return !slices.ContainsFunc(n.List("args"), func(arg *tree.Node) bool { return !r.prints(arg, same) })
	}
	if n.Is("VAR") && n.Row != nil {
		return !slices.ContainsFunc(n.Row.List("targetList"), func(t *tree.Node) bool { return !t.Yes("resjunk") && !r.prints(t, same) })
	}
	t, known := r.ExprType(n)
	return known && same(t)
}
