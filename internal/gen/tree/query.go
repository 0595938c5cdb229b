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
	CTE      = 6
	Group    = 9
)

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
func Text(n *Node) (text string, constant bool) {
	const textOID, header = 25, 4
	if !n.Is("CONST") || n.OID("consttype") != textOID || n.Yes("constisnull") {
		return "", false
	}
	// :constvalue 8 [ 32 0 0 0 100 97 121 … ]: a length word, then the bytes.
	for _, f := range n.Fields {
		if f.Name != "constvalue" {
			continue
		}
		var bytes []byte
		for _, v := range f.Values {
			if b, err := strconv.Atoi(v.Atom); err == nil {
				bytes = append(bytes, byte(b)) // signed in the tree
			}
		}
		if len(bytes) > header { // the first is their number
			return string(bytes[header+1:]), true
		}
	}
	return "", false
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
