package tree

import (
	"strconv"
	"strings"
)

// PostgreSQL's numbers for kinds of commands, in QUERY's commandType.
const (
	Select = 1
	Update = 2
	Insert = 3
	Delete = 4
	Merge  = 5
)

// PostgreSQL's numbers for kinds of range table entries, in rtekind. Group is new in
// 18: what is grouped by.
const (
	Relation = 0
	Subquery = 1
	Join     = 2
	Function = 3
	Values   = 5
	CTE      = 6
	Group    = 9
)

// PostgreSQL's numbers for kinds of PARAM.
const (
	Placeholder = 0
	Output      = 2 // of the subquery of an IN
)

// Uncast returns what a cast converts, written or not; nil when a node is none.
func Uncast(n *Node) *Node {
	const explicitCast, implicitCast = 1, 2
	switch format := n.Number("funcformat"); {
	case n.Is("RELABELTYPE", "COERCEVIAIO", "COERCETODOMAIN"):
		return n.Child("arg")
	case n.Is("FUNCEXPR") && (format == explicitCast || format == implicitCast) && len(n.List("args")) > 0:
		return n.List("args")[0]
	}
	return nil
}

// Integer returns the number that a node is, a constant of an integer type.
func Integer(n *Node) (value int64, ok bool) {
	if !n.Is("CONST") || n.Yes("constisnull") {
		return 0, false
	}
	bytes := Bytes(n)
	for i := range min(len(bytes), 8) {
		value |= int64(bytes[i]) << (8 * i)
	}
	return value, len(bytes) > 0
}

// Bytes returns the bytes of a constant's value, as the server holds it in memory; nil for
// NULL and for what is no constant.
func Bytes(n *Node) []byte {
	if !n.Is("CONST") || n.Yes("constisnull") {
		return nil
	}
	// :constvalue 8 [ 32 0 0 0 100 97 121 … ]: their number stands before them.
	for _, f := range n.Fields {
		if f.Name != "constvalue" || len(f.Values) < 2 {
			continue
		}
		var bytes []byte
		for _, v := range f.Values[1:] {
			if b, err := strconv.Atoi(v.Atom); err == nil {
				bytes = append(bytes, byte(b)) // signed in the tree
			}
		}
		return bytes
	}
	return nil
}

// Record is the type of rows without a type of their own.
const Record OID = 2249

// RelationAt returns the relation of an entry of a query's range table, from 1; 0 when
// it is none.
func RelationAt(q *Node, number int) OID {
	table := q.List("rtable")
	if number < 1 || number > len(table) || table[number-1].Number("rtekind") != Relation {
		return 0
	}
	return table[number-1].OID("relid")
}

// InFrom reports whether an entry of the range table stands in FROM.
func InFrom(q *Node, number int) bool {
	found := false
	Value{Node: q.Child("jointree")}.Walk(func(n *Node) bool {
		found = found || n.Is("RANGETBLREF") && n.Number("rtindex") == number
		return !n.Is("QUERY")
	})
	return found
}

// Text returns the value of a constant of type text, and whether the expression is one.
func Text(n *Node) (text string, is bool) {
	const textOID, header = 25, 4
	if !n.Is("CONST") || n.OID("consttype") != textOID || n.Yes("constisnull") {
		return "", false
	}
	bytes := Bytes(n)
	if len(bytes) < header {
		return "", false
	}
	return string(bytes[header:]), true
}

// True reports whether an expression is the constant true.
func True(n *Node) bool {
	const boolOID = 16
	if !n.Is("CONST") || n.OID("consttype") != boolOID {
		return false
	}
	// :constvalue 1 [ 1 0 0 0 0 0 0 0 ]
	for _, f := range n.Fields {
		if f.Name == "constvalue" && len(f.Values) > 2 {
			return f.Values[2].Atom == "1"
		}
	}
	return false
}

// Unescape takes the backslashes out of a field's text by which PostgreSQL escapes.
func Unescape(atom string) string {
	if strings.IndexByte(atom, '\\') < 0 {
		return atom
	}
	out := make([]byte, 0, len(atom))
	for i := 0; i < len(atom); i++ {
		if atom[i] == '\\' && i+1 < len(atom) {
			i++
		}
		out = append(out, atom[i])
	}
	return string(out)
}
