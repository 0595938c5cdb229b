package effects

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
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
func (a *Analyzer) usesOf(tree value) *uses {
	u := newUses()
	rows(tree, nil)
	tree.walk(func(n *node) bool {
		a.collect(u, n)
		return true
	})
	return u
}

func (a *Analyzer) collect(u *uses, n *node) {
	if field := typeField[n.kind]; field != "" && n.kind != "VAR" {
		a.makes(u, n.oid(field), n)
	}
	switch n.kind {
	case "RANGETBLENTRY":
		if oid := n.oid("relid"); oid != 0 && n.number("rtekind") == rteRelation {
			u.relations[oid] = true
		}
	case "FUNCEXPR":
		a.call(u, n.oid("funcid"), n, n.list("args"))
	case "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR":
		function := n.oid("opfuncid")
		if function == 0 {
			function = a.opers[n.oid("opno")]
		}
		a.call(u, function, n, n.list("args"))
	case "ROWCOMPAREEXPR":
		for _, op := range n.numbers("opnos") {
			a.call(u, a.opers[catalog.OID(op)], n, nil)
		}
	case "AGGREF":
		a.call(u, n.oid("aggfnoid"), n, n.list("args"))
	case "WINDOWFUNC":
		a.call(u, n.oid("winfnoid"), n, n.list("args"))
	case "WINDOWCLAUSE":
		a.call(u, n.oid("startInRangeFunc"), n, nil)
		a.call(u, n.oid("endInRangeFunc"), n, nil)
	case "SORTGROUPCLAUSE":
		a.call(u, a.opers[n.oid("eqop")], n, nil)
		a.call(u, a.opers[n.oid("sortop")], n, nil)
	case "NEXTVALUEEXPR":
		first(&u.sequence, "nextval")
	default:
		a.collectRest(u, n)
	}
}

// collectRest looks at nodes whose functions have no OID in the tree.
func (a *Analyzer) collectRest(u *uses, n *node) {
	switch n.kind {
	case "VAR":
		// Of a table; behind these comes tableoid.
		if i := -n.number("varattno"); i > 0 && i <= len(systemColumns) && !a.is(forgetsVolatile) {
			first(&u.volatile, systemColumns[i-1])
		}
	case "COERCEVIAIO":
		if from, ok := a.exprType(n.child("arg")); !ok || !a.plainOutput(from) {
			first(&u.session, "a cast from "+a.typeName(from))
		}
		if to := n.oid("resulttype"); !a.plainInput(to) {
			first(&u.session, "a cast to "+a.typeName(to))
		}
	case "SQLVALUEFUNCTION":
		// 0–8 tell the time, the rest who is connected to what.
		if op := n.number("op"); op < len(sqlValues) && op <= 8 {
			first(&u.clock, sqlValues[op])
		} else if op < len(sqlValues) {
			first(&u.session, sqlValues[op])
		} else {
			first(&u.session, "a function of the session")
		}
	case "TABLESAMPLECLAUSE":
		if n.child("repeatable") == nil {
			first(&u.volatile, "TABLESAMPLE")
		}
	case "RANGETBLFUNCTION", "TABLEFUNC":
		for _, list := range []string{"funccoltypes", "coltypes"} {
			for _, oid := range n.numbers(list) {
				a.makes(u, catalog.OID(oid), n)
			}
		}
	}
	switch n.kind {
	case "TABLEFUNC", "XMLEXPR", "JSONEXPR", "JSONCONSTRUCTOREXPR":
		// Their conversions between types are not shown as functions.
		first(&u.session, strings.ToLower(strings.TrimSuffix(n.kind, "EXPR")))
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
func (a *Analyzer) makes(u *uses, oid catalog.OID, n *node) {
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
func (a *Analyzer) call(u *uses, function catalog.OID, n *node, args []*node) {
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
func (a *Analyzer) aggregate(u *uses, p proc, n *node, args []*node) {
	if catalog.PrintsOnly(p.name) {
		a.builtin(u, proc{name: p.name, volatility: 's', own: true}, n, args)
		return
	}
	for _, part := range p.parts {
		a.call(u, part, n, nil)
	}
}

func (a *Analyzer) builtin(u *uses, p proc, n *node, args []*node) {
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
func (a *Analyzer) fixed(name string, n *node, args []*node) bool {
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
	if slices.ContainsFunc(args, func(arg *node) bool { return !a.prints(arg, same) }) {
		return false
	}
	return !populates[name] || a.plainInput(n.oid("funcresulttype"))
}

// prints reports whether an argument is of a type for which same is true, or a
// ROW(…) of such.
func (a *Analyzer) prints(n *node, same func(catalog.OID) bool) bool {
	if n.is("TARGETENTRY") {
		return a.prints(n.child("expr"), same)
	}
	if n.is("ROWEXPR") && n.oid("row_typeid") == recordOID {
		return !slices.ContainsFunc(n.list("args"), func(arg *node) bool { return !a.prints(arg, same) })
	}
	if n.is("VAR") && n.row != nil {
		return !slices.ContainsFunc(n.row.list("targetList"), func(t *node) bool { return !t.yes("resjunk") && !a.prints(t, same) })
	}
	t, known := a.exprType(n)
	return known && same(t)
}
