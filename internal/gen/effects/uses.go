package effects

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
)

// uses is what a query tree mentions, at any depth.
type uses struct {
	relations map[catalog.OID]bool
	// functions are the users' own: PostgreSQL's say what they do by their names.
	functions map[catalog.OID]bool
	views     map[catalog.OID]bool // those that were gone into
	// Each of these names a function, or whatever else has the property; empty
	// when there is none.
	volatile string // gives something else at each call
	clock    string // tells the time
	session  string // depends on the session
	effect   string // does something that a standby refuses, or that lasts
	sequence string // draws from a sequence
	anything string // reads, or runs, what its arguments say
}

func newUses() *uses {
	return &uses{relations: map[catalog.OID]bool{}, functions: map[catalog.OID]bool{}, views: map[catalog.OID]bool{}}
}

func (u *uses) add(v *uses) {
	for r := range v.relations {
		u.relations[r] = true
	}
	for f := range v.functions {
		u.functions[f] = true
	}
	first(&u.volatile, v.volatile)
	first(&u.clock, v.clock)
	first(&u.session, v.session)
	first(&u.effect, v.effect)
	first(&u.sequence, v.sequence)
	first(&u.anything, v.anything)
}

// first sets what is not set yet.
func first(to *string, name string) {
	if *to == "" {
		*to = name
	}
}

// usesOf returns what a tree mentions, without what views in it do.
func (a *Analyzer) usesOf(v tree.Value) *uses {
	u := newUses()
	tree.Rows(v)
	v.Walk(func(n *tree.Node) bool {
		a.collect(u, n)
		return true
	})
	return u
}

func (a *Analyzer) collect(u *uses, n *tree.Node) {
	if field := typeField[n.Kind]; field != "" && n.Kind != "VAR" {
		a.makes(u, n.OID(field), n)
	}
	switch n.Kind {
	case "RANGETBLENTRY":
		if oid := n.OID("relid"); oid != 0 && n.Number("rtekind") == tree.Relation {
			u.relations[oid] = true
		}
	case "FUNCEXPR":
		a.call(u, n.OID("funcid"), n, n.List("args"))
	case "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		function := n.OID("opfuncid")
		if function == 0 {
			function = a.opers[n.OID("opno")]
		}
		a.call(u, function, n, n.List("args"))
	case "ROWCOMPAREEXPR":
		for _, op := range n.Numbers("opnos") {
			a.call(u, a.opers[catalog.OID(op)], n, nil)
		}
	case "AGGREF":
		a.call(u, n.OID("aggfnoid"), n, n.List("args"))
	case "WINDOWFUNC":
		a.call(u, n.OID("winfnoid"), n, n.List("args"))
	case "WINDOWCLAUSE":
		a.call(u, n.OID("startInRangeFunc"), n, nil)
		a.call(u, n.OID("endInRangeFunc"), n, nil)
	case "SORTGROUPCLAUSE":
		a.call(u, a.opers[n.OID("eqop")], n, nil)
		a.call(u, a.opers[n.OID("sortop")], n, nil)
	case "NEXTVALUEEXPR":
		first(&u.sequence, "nextval")
	default:
		a.collectRest(u, n)
	}
}

// collectRest looks at nodes whose functions have no OID in the tree.
func (a *Analyzer) collectRest(u *uses, n *tree.Node) {
	switch n.Kind {
	case "VAR":
		// Of a table; behind these comes tableoid.
		if i := -n.Number("varattno"); i > 0 && i <= len(systemColumns) && !a.is(forgetsVolatile) {
			first(&u.volatile, systemColumns[i-1])
		}
	case "COERCEVIAIO":
		if from, ok := a.exprType(n.Child("arg")); !ok || !a.plainOutput(from) {
			first(&u.session, "a cast from "+a.typeName(from))
		}
		if to := n.OID("resulttype"); !a.plainInput(to) {
			first(&u.session, "a cast to "+a.typeName(to))
		}
	case "SQLVALUEFUNCTION":
		// 0–8 tell the time, the rest who is connected to what.
		if op := n.Number("op"); op < len(sqlValues) && op <= 8 {
			first(&u.clock, sqlValues[op])
		} else if op < len(sqlValues) {
			first(&u.session, sqlValues[op])
		} else {
			first(&u.session, "a function of the session")
		}
	case "TABLESAMPLECLAUSE":
		if n.Child("repeatable") == nil {
			first(&u.volatile, "TABLESAMPLE")
		}
	case "RANGETBLFUNCTION", "TABLEFUNC":
		for _, list := range []string{"funccoltypes", "coltypes"} {
			for _, oid := range n.Numbers(list) {
				a.makes(u, catalog.OID(oid), n)
			}
		}
	}
	switch n.Kind {
	case "TABLEFUNC", "XMLEXPR", "JSONEXPR", "JSONCONSTRUCTOREXPR":
		// Their conversions between types are not shown as functions.
		first(&u.session, strings.ToLower(strings.TrimSuffix(n.Kind, "EXPR")))
	}
}

// systemColumns tell where and by whom a row was written or locked, which may
// change though the row does not.
var systemColumns = [...]string{"ctid", "xmin", "cmin", "xmax", "cmax"}

// sqlValues names the functions that need no parentheses, in PostgreSQL's order.
var sqlValues = [...]string{
	"current_date", "current_time", "current_time", "current_timestamp", "current_timestamp", "localtime", "localtime",
	"localtimestamp", "localtimestamp", "current_role", "current_user", "user", "session_user", "current_catalog", "current_schema",
}

// makes notes that a value of a type is made, which runs the checks of the domains
// in it.
func (a *Analyzer) makes(u *uses, oid catalog.OID, n *tree.Node) {
	if oid < firstNormalOID || a.is(forgetsDomains) {
		return
	}
	checks, known := a.checks[oid]
	if !known {
		checks = a.cat.Checks(oid)
		a.checks[oid] = checks
	}
	for _, f := range checks {
		a.call(u, f, n, nil)
	}
}

// call notes a call of a function. n is the calling node.
func (a *Analyzer) call(u *uses, function catalog.OID, n *tree.Node, args []*tree.Node) {
	if function == 0 {
		return
	}
	p, known := a.procs[function]
	switch {
	case !known:
		first(&u.anything, "an unknown function")
	case !p.own:
		u.functions[function] = true
		for _, part := range p.parts {
			a.call(u, part, n, nil)
		}
	case len(p.parts) > 0:
		a.aggregate(u, p, n, args)
	default:
		a.builtin(u, p, n, args)
	}
}

// aggregate notes one of PostgreSQL's own: pg_proc calls all of them immutable,
// their parts tell.
func (a *Analyzer) aggregate(u *uses, p proc, n *tree.Node, args []*tree.Node) {
	if catalog.PrintsOnly(p.name) {
		a.builtin(u, proc{name: p.name, volatility: 's', own: true}, n, args)
		return
	}
	for _, part := range p.parts {
		a.call(u, part, n, nil)
	}
}

func (a *Analyzer) builtin(u *uses, p proc, n *tree.Node, args []*tree.Node) {
	if a.is(forgetsVolatile) {
		return
	}
	switch {
	case strings.HasPrefix(p.name, "nextval") || p.name == "setval":
		first(&u.sequence, p.name)
		first(&u.volatile, p.name)
		first(&u.effect, p.name)
		return
	case catalog.Hidden(p.name) != "":
		first(&u.anything, p.name)
	case strings.HasPrefix(p.name, "pg_stat_get_") || strings.HasSuffix(p.name, "_snapshot") || strings.HasSuffix(p.name, "_if_assigned"):
		first(&u.volatile, p.name)
	case clocks[p.name] || (p.name == "age" && p.volatility == 's'):
		first(&u.clock, p.name)
	case transactionIDs[p.name]:
		first(&u.volatile, p.name)
		first(&u.effect, p.name)
	}
	switch p.volatility {
	case 'v':
		first(&u.volatile, p.name)
		if !catalog.Quiet(p.name) {
			first(&u.effect, p.name)
		}
	case 's':
		if !a.fixed(p.name, n, args) && !clocks[p.name] && !a.is(forgetsSession) {
			first(&u.session, p.name)
		}
	}
}

// fixed reports whether a STABLE function depends on nothing but its arguments
// and the schema. Those that take any type are stable because that type's output
// may be.
func (a *Analyzer) fixed(name string, n *tree.Node, args []*tree.Node) bool {
	switch {
	case schemaOnly[name]:
		return true
	case !catalog.PrintsOnly(name) && !populates[name]:
		return false
	}
	same := a.plainOutput
	if strings.Contains(name, "json") {
		same = a.plainJSON
	}
	if slices.ContainsFunc(args, func(arg *tree.Node) bool { return !a.prints(arg, same) }) {
		return false
	}
	return !populates[name] || a.plainInput(n.OID("funcresulttype"))
}

// prints reports whether an argument is of a type for which same is true, or a
// ROW(…) of such.
func (a *Analyzer) prints(n *tree.Node, same func(catalog.OID) bool) bool {
	if n.Is("TARGETENTRY") {
		return a.prints(n.Child("expr"), same)
	}
	if n.Is("ROWEXPR") && n.OID("row_typeid") == tree.Record {
		return !slices.ContainsFunc(n.List("args"), func(arg *tree.Node) bool { return !a.prints(arg, same) })
	}
	if n.Is("VAR") && n.Row != nil {
		return !slices.ContainsFunc(n.Row.List("targetList"), func(t *tree.Node) bool { return !t.Yes("resjunk") && !a.prints(t, same) })
	}
	t, known := a.exprType(n)
	return known && same(t)
}
