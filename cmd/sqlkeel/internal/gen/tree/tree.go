// Package tree reads PostgreSQL's stored trees of analysed statements and expressions
// (pg_node_tree). Every name in them is resolved to an OID.
package tree

import (
	"errors"
	"strconv"
	"strings"
)

// OID identifies an object of the database that a tree came from.
type OID uint32

// Node is one node of a tree. Its methods take the name of a field as PostgreSQL
// writes it; a nil node, and a node without that field, have zero values.
type Node struct {
	Kind   string // "QUERY", "VAR", "OPEXPR", …, as PostgreSQL 15 and later write it
	Fields []Field
	// Row is the subquery whose whole row a VAR is, where it is known; see [Rows].
	Row *Node
}

// Field is a field of a node: one value, or several for an array.
type Field struct {
	Name   string
	Values []Value
}

// Value is a node, a list or an atom.
type Value struct {
	Node *Node
	List []Value
	Atom string
}

// ErrUnread is the error of [Parse].
var ErrUnread = errors.New("a query tree of PostgreSQL's was not understood")

// Parse reads the text of a pg_node_tree. It is the same tree from every version:
// what PostgreSQL 18 puts into the range table of a GROUP BY query stands where it is
// meant.
func Parse(text string) (Value, error) {
	r := &reader{text: text}
	v, err := r.value(r.token())
	if err != nil {
		return Value{}, err
	}
	if r.token() != "" {
		return Value{}, ErrUnread
	}
	ungroup(v)
	return v, nil
}

type reader struct {
	text  string
	pos   int
	depth int
}

// maxDepth bounds the recursion of readers and walkers.
const maxDepth = 10000

// token follows pg_strtok: brackets stand alone, white space separates, a
// backslash takes the next byte literally. The backslashes stay.
func (r *reader) token() string {
	for r.pos < len(r.text) && isSpace(r.text[r.pos]) {
		r.pos++
	}
	start := r.pos
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case c == '(' || c == ')' || c == '{' || c == '}':
			if r.pos == start {
				r.pos++
			}
			return r.text[start:r.pos]
		case isSpace(c):
			return r.text[start:r.pos]
		case c == '\\' && r.pos+1 < len(r.text):
			r.pos += 2
		default:
			r.pos++
		}
	}
	return r.text[start:r.pos]
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }

func (r *reader) value(token string) (Value, error) {
	if r.depth++; r.depth > maxDepth {
		return Value{}, ErrUnread
	}
	defer func() { r.depth-- }()
	switch token {
	case "", ")", "}":
		return Value{}, ErrUnread
	case "(":
		return r.list()
	case "{":
		n, err := r.node()
		return Value{Node: n}, err
	}
	return Value{Atom: token}, nil
}

func (r *reader) list() (Value, error) {
	out := Value{List: []Value{}}
	for {
		token := r.token()
		if token == ")" {
			return out, nil
		}
		v, err := r.value(token)
		if err != nil {
			return Value{}, err
		}
		out.List = append(out.List, v)
	}
}

// since15 are the names that PostgreSQL 15 gave to what 14 calls otherwise.
var since15 = map[string]string{
	"RTE": "RANGETBLENTRY", "ROW": "ROWEXPR", "ROWCOMPARE": "ROWCOMPAREEXPR", "CASE": "CASEEXPR", "WHEN": "CASEWHEN", "ARRAY": "ARRAYEXPR",
	"COALESCE": "COALESCEEXPR", "MINMAX": "MINMAXEXPR", "COLLATE": "COLLATEEXPR",
}

// node reads {KIND :field value… :field value…}. What follows a field's name is
// its value, even if it begins with a colon, as a column's name may.
func (r *reader) node() (*Node, error) {
	n := &Node{Kind: r.token()}
	if name, renamed := since15[n.Kind]; renamed {
		n.Kind = name
	}
	token := r.token()
	for token != "}" {
		if !strings.HasPrefix(token, ":") {
			return nil, ErrUnread
		}
		f := Field{Name: token[1:]}
		token = r.token()
		for first := true; first || (token != "}" && !strings.HasPrefix(token, ":")); first = false {
			v, err := r.value(token)
			if err != nil {
				return nil, err
			}
			f.Values = append(f.Values, v)
			token = r.token()
		}
		n.Fields = append(n.Fields, f)
	}
	return n, nil
}

// Value returns the first value of a field.
func (n *Node) Value(field string) Value {
	if n == nil {
		return Value{}
	}
	for i := range n.Fields {
		if n.Fields[i].Name == field && len(n.Fields[i].Values) > 0 {
			return n.Fields[i].Values[0]
		}
	}
	return Value{}
}

// Child returns the node in a field, nil when there is none.
func (n *Node) Child(field string) *Node { return n.Value(field).Node }

// List returns the nodes of a list in a field.
func (n *Node) List(field string) []*Node {
	var out []*Node
	for _, v := range n.Value(field).List {
		if v.Node != nil {
			out = append(out, v.Node)
		}
	}
	return out
}

// Atom returns a field's text, with the backslashes that PostgreSQL escapes by.
func (n *Node) Atom(field string) string { return n.Value(field).Atom }

// Text returns the name in a field as it is, without what escapes it.
func (n *Node) Text(field string) string { return Unescape(n.Atom(field)) }

// Texts returns the names of a list in a field.
func (n *Node) Texts(field string) []string {
	var out []string
	for _, v := range n.Value(field).List {
		out = append(out, Unescape(strings.TrimSuffix(strings.TrimPrefix(v.Atom, `"`), `"`)))
	}
	return out
}

// Yes reports whether a field is true.
func (n *Node) Yes(field string) bool { return n.Atom(field) == "true" }

// Number returns a field's number, 0 when it has none.
func (n *Node) Number(field string) int {
	i, err := strconv.Atoi(n.Atom(field))
	if err != nil {
		return 0
	}
	return i
}

// OID returns the OID in a field, 0 when it has none.
func (n *Node) OID(field string) OID { return OID(n.Number(field)) }

// Numbers returns the OIDs or integers of a list in a field.
func (n *Node) Numbers(field string) []int {
	var out []int
	for _, v := range n.Value(field).List {
		if i, err := strconv.Atoi(v.Atom); err == nil {
			out = append(out, i)
		}
	}
	return out
}

// Is reports whether the node is of one of the kinds; a nil node is of none.
func (n *Node) Is(kinds ...string) bool {
	if n == nil {
		return false
	}
	for _, k := range kinds {
		if n.Kind == k {
			return true
		}
	}
	return false
}

// Walk calls visit for every node, outer ones first, and stays out of those for
// which it returns false.
func (v Value) Walk(visit func(*Node) bool) {
	if v.Node != nil && visit(v.Node) {
		for _, f := range v.Node.Fields {
			for _, w := range f.Values {
				w.Walk(visit)
			}
		}
	}
	for _, w := range v.List {
		w.Walk(visit)
	}
}

// Queries returns the queries in a tree, outer ones first.
func (v Value) Queries() []*Node {
	var out []*Node
	v.Walk(func(n *Node) bool {
		if n.Kind == "QUERY" {
			out = append(out, n)
		}
		return true
	})
	return out
}
