package catalog

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Type is a type, PostgreSQL's own or the schema's.
type Type struct {
	OID    OID
	Schema string
	Name   string
	// Format is how format_type writes it, Title how package stmt names it: in
	// quotes where needed, with its schema unless that is public.
	Format, Title string
	Kind          byte // pg_type.typtype
	Element       OID  // of an array, or of what else has elements
	Base          OID  // what a domain is made of
	Range         OID  // what a range or multirange is made of
	Relation      OID  // of a composite
	Array         bool
	Text          bool // of the string category
	// FixedInput and FixedOutput say that no setting decides how its text is read
	// and written.
	FixedInput, FixedOutput bool
}

// The OIDs of PostgreSQL's own types that are asked for by name here.
const (
	boolOID    OID = 16
	int4OID    OID = 23
	textOID    OID = 25
	unknownOID OID = 705

	dateOID        OID = 1082
	timeOID        OID = 1083
	timestampOID   OID = 1114
	timestamptzOID OID = 1184
	intervalOID    OID = 1186
)

// Type returns a type, nil when there is none.
func (c *Catalog) Type(oid OID) *Type { return c.types[oid] }

// TypeName returns a type's name as format_type writes it.
func (c *Catalog) TypeName(oid OID) string {
	if t := c.types[oid]; t != nil {
		return t.Format
	}
	return "an unknown type"
}

// BaseType returns what a domain is made of, and any other type itself.
func (c *Catalog) BaseType(oid OID) OID {
	for t := c.types[oid]; t != nil && t.Kind == 'd' && t.Base != 0; t = c.types[oid] {
		oid = t.Base
	}
	return oid
}

// typeField says where a node keeps its type.
var typeField = map[string]string{
	"VAR": "vartype", "CONST": "consttype", "PARAM": "paramtype", "FUNCEXPR": "funcresulttype", "OPEXPR": "opresulttype",
	"NULLIFEXPR": "opresulttype", "AGGREF": "aggtype", "WINDOWFUNC": "wintype", "RELABELTYPE": "resulttype", "COERCEVIAIO": "resulttype",
	"ARRAYCOERCEEXPR": "resulttype", "CONVERTROWTYPEEXPR": "resulttype", "COERCETODOMAIN": "resulttype", "FIELDSELECT": "resulttype",
	"ARRAYEXPR": "array_typeid", "ROWEXPR": "row_typeid", "CASEEXPR": "casetype", "COALESCEEXPR": "coalescetype", "MINMAXEXPR": "minmaxtype",
	"SUBSCRIPTINGREF": "refrestype", "SQLVALUEFUNCTION": "type", "CASETESTEXPR": "typeId", "SETTODEFAULT": "typeId",
	"COERCETODOMAINVALUE": "typeId",
}

// ExprType returns the type of an expression; false when it is not known.
func (c *Catalog) ExprType(n *tree.Node) (OID, bool) {
	switch {
	case n == nil:
		return 0, false
	case n.Is("COLLATEEXPR"):
		return c.ExprType(n.Child("arg"))
	case n.Is("BOOLEXPR", "NULLTEST", "BOOLEANTEST", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "ROWCOMPAREEXPR"):
		return boolOID, true
	case n.Is("GROUPINGFUNC"):
		return int4OID, true
	case n.Is("SUBLINK"):
		return c.subLinkType(n)
	}
	oid := n.OID(typeField[n.Kind])
	return oid, oid != 0
}

func (c *Catalog) subLinkType(n *tree.Node) (OID, bool) {
	const exists, all, anyOf, expr, array = 0, 1, 2, 4, 6
	target := n.Child("subselect").List("targetList")
	switch kind := n.Number("subLinkType"); {
	case kind == exists || kind == all || kind == anyOf:
		return boolOID, true
	case len(target) == 0:
		return 0, false
	case kind == expr:
		return c.ExprType(target[0].Child("expr"))
	case kind == array:
		// An array prints as its elements do.
		return c.ExprType(target[0].Child("expr"))
	}
	return 0, false
}

// PlainOutput reports whether values of a type print alike in every session.
func (c *Catalog) PlainOutput(oid OID) bool {
	return c.plain(oid, 0, func(t *Type) bool { return t.FixedOutput })
}

// PlainInput reports whether text reads alike in every session as a type.
func (c *Catalog) PlainInput(oid OID) bool {
	return c.plain(oid, 0, func(t *Type) bool { return t.FixedInput })
}

// plainJSON reports whether values of a type become the same JSON in every session:
// dates are always written in ISO form there.
func (c *Catalog) plainJSON(oid OID) bool {
	return c.plain(oid, 0, func(t *Type) bool {
		return t.FixedOutput || t.Schema == "pg_catalog" && (t.Name == "date" || t.Name == "timestamp")
	})
}

func (c *Catalog) plain(oid OID, depth int, fixed func(*Type) bool) bool {
	t := c.types[oid]
	if t == nil || depth > 20 {
		return false
	}
	switch {
	case t.Kind == 'e' || oid == unknownOID:
		return true
	case t.Kind == 'd':
		return c.plain(t.Base, depth+1, fixed)
	case t.Kind == 'c':
		r := c.Relations[t.Relation]
		return r != nil && !slices.ContainsFunc(r.Columns, func(col Column) bool { return !c.plain(col.Type, depth+1, fixed) })
	case t.Kind == 'r' || t.Kind == 'm':
		return c.plain(t.Range, depth+1, fixed)
	case t.Array && t.Element != 0:
		return c.plain(t.Element, depth+1, fixed)
	}
	return fixed(t)
}

// SentAsText reports whether values of a type reach a program as text that settings
// decide, because drivers know no other form of it.
func (c *Catalog) SentAsText(oid OID) bool {
	t := c.types[oid]
	switch {
	case t == nil:
		return false
	case t.Array && t.Element != 0:
		return c.SentAsText(t.Element)
	case t.Kind == 'd':
		return c.SentAsText(t.Base)
	case t.Kind == 'c' || t.Schema == "pg_catalog" && t.Kind == 'b' && (t.Name == "money" || strings.HasPrefix(t.Name, "reg")):
		return !c.PlainOutput(oid)
	}
	return false
}

// columnsOf returns the columns of a relation or row type.
func (c *Catalog) columnsOf(oid OID) []Column {
	if r := c.Relations[oid]; r != nil {
		return r.Columns
	}
	return nil
}

// within visits a type and all that it is made of.
func (c *Catalog) within(oid OID, visit func(OID)) {
	seen := map[OID]bool{}
	var down func(OID)
	down = func(oid OID) {
		t := c.types[oid]
		if t == nil || seen[oid] {
			return
		}
		seen[oid] = true
		visit(oid)
		for _, part := range []OID{t.Element, t.Base, t.Range} {
			down(part)
		}
		for _, column := range c.columnsOf(t.Relation) {
			down(column.Type)
		}
	}
	down(oid)
}

// cast returns the function by which PL/pgSQL casts a value that it assigns to a
// variable of another type, as PostgreSQL finds it: 0 when the bytes stay. io says
// that the value becomes text and is read again.
func (c *Catalog) cast(from, to OID) (function OID, io bool) {
	from, to = c.BaseType(from), c.BaseType(to)
	if from == to || from == unknownOID {
		return 0, from == unknownOID
	}
	if known, ok := c.casts[conversion{from, to}]; ok && known.assigns {
		return known.function, known.io
	}
	a, b := c.types[from], c.types[to]
	if a != nil && b != nil && a.Array && b.Array && a.Element != 0 && b.Element != 0 {
		return c.cast(a.Element, b.Element)
	}
	return 0, true
}

// conversion is a pair of types.
type conversion struct{ from, to OID }

// castInfo is a row of pg_cast.
type castInfo struct {
	function OID
	io       bool // by text
	assigns  bool // in assignments
}
