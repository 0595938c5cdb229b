package effects

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
)

// OIDs of PostgreSQL's own types and kinds of range table entries.
const (
	boolOID    = 16
	byteaOID   = 17
	int8OID    = 20
	int2OID    = 21
	int4OID    = 23
	textOID    = 25
	varcharOID = 1043

	dateOID        = 1082
	timeOID        = 1083
	timestampOID   = 1114
	timestamptzOID = 1184
	intervalOID    = 1186
	uuidOID        = 2950

	rteNone = "-1"
)

func (a *Analyzer) typeName(oid catalog.OID) string {
	if t, ok := a.types[oid]; ok {
		return t.format
	}
	return "an unknown type"
}

// typeField says where a node keeps its type.
var typeField = map[string]string{
	"VAR": "vartype", "CONST": "consttype", "PARAM": "paramtype", "FUNCEXPR": "funcresulttype", "OPEXPR": "opresulttype",
	"NULLIFEXPR": "opresulttype", "AGGREF": "aggtype", "WINDOWFUNC": "wintype", "RELABELTYPE": "resulttype", "COERCEVIAIO": "resulttype",
	"ARRAYCOERCEEXPR": "resulttype", "CONVERTROWTYPEEXPR": "resulttype", "COERCETODOMAIN": "resulttype", "FIELDSELECT": "resulttype",
	"ARRAYEXPR": "array_typeid", "ROWEXPR": "row_typeid", "CASEEXPR": "casetype", "COALESCEEXPR": "coalescetype", "MINMAXEXPR": "minmaxtype",
	"SUBSCRIPTINGREF": "refrestype", "SQLVALUEFUNCTION": "type", "CASETESTEXPR": "typeId", "SETTODEFAULT": "typeId",
}

// exprType returns the type of an expression; false when it is not known.
func (a *Analyzer) exprType(n *tree.Node) (catalog.OID, bool) {
	switch {
	case n == nil:
		return 0, false
	case n.Is("COLLATEEXPR"):
		return a.exprType(n.Child("arg"))
	case n.Is("BOOLEXPR", "NULLTEST", "BOOLEANTEST", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "ROWCOMPAREEXPR"):
		return boolOID, true
	case n.Is("GROUPINGFUNC"):
		return int4OID, true
	case n.Is("SUBLINK"):
		return a.subLinkType(n)
	}
	oid := n.OID(typeField[n.Kind])
	return oid, oid != 0
}

func (a *Analyzer) subLinkType(n *tree.Node) (catalog.OID, bool) {
	const exists, all, anyOf, expr, array = 0, 1, 2, 4, 6
	target := n.Child("subselect").List("targetList")
	switch kind := n.Number("subLinkType"); {
	case kind == exists || kind == all || kind == anyOf:
		return boolOID, true
	case len(target) == 0:
		return 0, false
	case kind == expr:
		return a.exprType(target[0].Child("expr"))
	case kind == array:
		// An array prints as its elements do.
		return a.exprType(target[0].Child("expr"))
	}
	return 0, false
}

// plainOutput reports whether values of a type print alike in every session.
func (a *Analyzer) plainOutput(oid catalog.OID) bool {
	return a.plain(oid, 0, func(t pgType) bool { return t.fixedOutput })
}

// sentAsText reports whether values of a type reach a program as text that settings
// decide, because drivers know no other form of it.
func (a *Analyzer) sentAsText(oid catalog.OID) bool {
	t := a.types[oid]
	switch {
	case a.is(forgetsSession):
		return false
	case t.array && t.element != 0:
		return a.sentAsText(t.element)
	case t.kind == "d":
		return a.sentAsText(t.base)
	case t.kind == "c" || t.schema == "pg_catalog" && t.kind == "b" && (t.name == "money" || strings.HasPrefix(t.name, "reg")):
		return !a.plainOutput(oid)
	}
	return false
}

// plainJSON reports whether values of a type become the same JSON in every
// session: dates are always written in ISO form there.
func (a *Analyzer) plainJSON(oid catalog.OID) bool {
	return a.plain(oid, 0, func(t pgType) bool {
		return t.fixedOutput || t.schema == "pg_catalog" && (t.name == "date" || t.name == "timestamp")
	})
}

// plainInput reports whether text reads alike in every session.
func (a *Analyzer) plainInput(oid catalog.OID) bool {
	return a.plain(oid, 0, func(t pgType) bool { return t.fixedInput })
}

func (a *Analyzer) plain(oid catalog.OID, depth int, fixed func(pgType) bool) bool {
	t, ok := a.types[oid]
	if !ok || depth > 20 {
		return false
	}
	switch {
	case t.kind == "e" || oid == 705: // an enum; unknown: a literal
		return true
	case t.kind == "d":
		return a.plain(t.base, depth+1, fixed)
	case t.kind == "c":
		r, ok := a.cat.Relations[t.relation]
		return ok && !slices.ContainsFunc(r.Columns, func(c catalog.Column) bool { return !a.plain(c.Type, depth+1, fixed) })
	case t.array && t.element != 0:
		return a.plain(t.element, depth+1, fixed)
	}
	return fixed(t)
}
