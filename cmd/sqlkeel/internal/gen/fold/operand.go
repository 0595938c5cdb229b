package fold

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// family is types between whose values one equality decides, and with it the values of
// Go parameters.
type family int

const (
	noFamily family = iota
	boolean
	integer // of any width
	text    // text and varchar
	uuid
	enum
	array
)

const (
	int8OID       = 20
	int2OID       = 21
	int2vectorOID = 22
	int4OID       = 23
	textOID       = 25
	oidvectorOID  = 30
	varcharOID    = 1043
	uuidOID       = 2950
)

// familyOf returns the family of a type.
func (f *folding) familyOf(typ tree.OID) family {
	typ = f.cat.BaseType(typ)
	switch typ {
	case boolOID:
		return boolean
	case int2OID, int4OID, int8OID:
		return integer
	case textOID, varcharOID:
		return text
	case uuidOID:
		return uuid
	case int2vectorOID, oidvectorOID: // empty ones have a dimension
		return noFamily
	}
	switch t := f.cat.Type(typ); {
	case t == nil:
		return noFamily
	case t.Kind == 'e':
		return enum
	case t.Array && t.Element != 0:
		return array
	}
	return noFamily
}

// operand is what is known of a value in a test.
type operand struct {
	State
	family family
	// counted says that the value is a constant or a number of elements. That number is at
	// least 1 where it is not known.
	counted bool
}

var isNull = generated.Value{Kind: generated.Null}

func (o State) null() bool { return o.Is != nil && o.Is.Kind == generated.Null }

// is compares the value with another that is no NULL.
func (o State) is(v generated.Value) truth {
	switch {
	case v.Kind == generated.Null || o.null():
		return null
	case o.Is != nil && o.Is.Kind == v.Kind:
		return truthIs(*o.Is == v)
	case o.Is == nil && slices.Contains(o.Not, v):
		return no
	}
	return open
}

// operandOf returns what is known of a folded expression's value. A CASE's arms speak of
// its subject by a node that stands for it.
func (f *folding) operandOf(n, subject *tree.Node) (o operand, known bool) {
	switch {
	case placeholder(n):
		return f.assumedOf(n)
	case n.Is("RELABELTYPE"):
		return f.operandOf(n.Child("arg"), subject)
	case n.Is("CASETESTEXPR") && subject != nil:
		return f.operandOf(subject, nil)
	case n.Is("FUNCEXPR"):
		if o, known := f.count(n); known {
			return o, true
		}
	}
	return f.literal(n)
}

// placeholder reports whether a node is one of a statement's.
func placeholder(n *tree.Node) bool {
	return n.Is("PARAM") && n.Number("paramkind") == tree.Placeholder
}

// assumedOf returns what is assumed of a placeholder. A domain that does not take every
// value is checked when a value is passed, so nothing is assumed of it.
func (f *folding) assumedOf(n *tree.Node) (o operand, known bool) {
	typ := n.OID("paramtype")
	s, known := f.assumed[n.Number("paramid")]
	if !known || f.cat.Restricted(typ) {
		return operand{}, false
	}
	return operand{State: s, family: f.familyOf(typ)}, true
}

// builtin returns the name of a function of PostgreSQL's own, empty for others.
func (f *folding) builtin(oid tree.OID) string {
	const firstNormalOID = 16384
	if function := f.cat.Functions[oid]; function != nil && oid < firstNormalOID {
		return function.Name
	}
	return ""
}

// count returns what is known of the number of an array's elements. An array without
// elements has no length.
func (f *folding) count(n *tree.Node) (o operand, known bool) {
	args, name := n.List("args"), f.builtin(n.OID("funcid"))
	switch {
	case name == "cardinality" && len(args) == 1:
	case name == "array_length" && len(args) == 2:
		if dimension, ok := f.literal(args[1]); !ok || dimension.is(generated.Value{Kind: generated.Int, Int: 1}) != yes {
			return operand{}, false
		}
	default:
		return operand{}, false
	}
	a, known := f.operandOf(args[0], nil)
	if !known || a.family != array {
		return operand{}, false
	}
	o = operand{family: integer, counted: true}
	switch {
	case a.null():
		o.Is = a.Is
	case a.Is != nil && a.Is.Kind == generated.Empty && name == "cardinality":
		o.Is = &generated.Value{Kind: generated.Int}
	case a.Is != nil && a.Is.Kind == generated.Empty:
		o.Is = &isNull
	case a.Is == nil && slices.Contains(a.Not, generated.Value{Kind: generated.Empty}):
		o.Not = []generated.Value{{Kind: generated.Int}}
	default:
		return operand{}, false
	}
	return o, true
}
