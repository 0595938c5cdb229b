package fold

import (
	"strconv"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// truth is the outcome of a condition.
type truth int8

const (
	open truth = iota // not known
	yes
	no
	null
)

func truthIs(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return t
}

// anyOf is what OR makes of its arms.
func anyOf(arms []truth) truth {
	out := no
	for _, t := range arms {
		switch {
		case t == yes:
			return yes
		case t == open || t == null && out == no:
			out = t
		}
	}
	return out
}

// allOf is what AND makes of its arms.
func allOf(arms []truth) truth {
	opposite := make([]truth, len(arms))
	for i, t := range arms {
		opposite[i] = t.not()
	}
	return anyOf(opposite).not()
}

// boolOID is the type boolean.
const boolOID = 16

// truthOf returns what a boolean constant says, open for anything else.
func truthOf(n *tree.Node) truth {
	switch {
	case !n.Is("CONST") || n.OID("consttype") != boolOID:
		return open
	case n.Yes("constisnull"):
		return null
	}
	return truthIs(tree.True(n))
}

// constant returns the boolean constant that says t.
func constant(t truth) *tree.Node {
	n := nullOf(boolOID, 0)
	if t == null {
		return n
	}
	n = with(n, "constisnull", tree.Value{Atom: "false"})
	bit := "0"
	if t == yes {
		bit = "1"
	}
	for i := range n.Fields {
		if n.Fields[i].Name == "constvalue" {
			n.Fields[i].Values = bytes("1", "[", bit, "0", "0", "0", "0", "0", "0", "0", "]")
		}
	}
	return n
}

func bytes(atoms ...string) []tree.Value {
	out := make([]tree.Value, len(atoms))
	for i, a := range atoms {
		out[i] = tree.Value{Atom: a}
	}
	return out
}

// nullOf returns the NULL of a type.
func nullOf(typ, collation tree.OID) *tree.Node {
	atom := func(name, text string) tree.Field {
		return tree.Field{Name: name, Values: []tree.Value{{Atom: text}}}
	}
	return &tree.Node{Kind: "CONST", Fields: []tree.Field{
		atom("consttype", strconv.FormatUint(uint64(typ), 10)),
		atom("consttypmod", "-1"),
		atom("constcollid", strconv.FormatUint(uint64(collation), 10)),
		atom("constisnull", "true"),
		{Name: "constvalue", Values: []tree.Value{none}},
	}}
}
