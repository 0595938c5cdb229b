package fold

import (
	"fmt"

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
	bit := "0"
	switch t {
	case null:
		return nullOf(boolOID, 0)
	case yes:
		bit = "1"
	}
	return read("{CONST :consttype 16 :consttypmod -1 :constcollid 0 :constisnull false :constvalue 1 [ " + bit + " 0 0 0 0 0 0 0 ]}")
}

// nullOf returns the NULL of a type.
func nullOf(typ, collation tree.OID) *tree.Node {
	return read(fmt.Sprintf("{CONST :consttype %d :consttypmod -1 :constcollid %d :constisnull true :constvalue <>}", typ, collation))
}

// read reads the text of a node.
func read(text string) *tree.Node {
	v, err := tree.Parse(text)
	if err != nil {
		panic(err) // of this package's own
	}
	return v.Node
}
