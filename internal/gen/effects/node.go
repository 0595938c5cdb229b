package effects

import (
	"errors"
	"strconv"
	"strings"
)

// node is one node of a query tree as PostgreSQL stores it (pg_node_tree): what
// parse analysis made of a statement, every name resolved to an OID.
type node struct {
	kind   string // "QUERY", "VAR", "OPEXPR", …
	fields []field
	// row is the subquery whose whole row a VAR is; see [rows].
	row *node
}

type field struct {
	name   string
	values []value
}

// value is a node, a list or an atom.
type value struct {
	node *node
	list []value
	atom string
}

var errTree = errors.New("a query tree of PostgreSQL's was not understood")

// parseNodes reads the text of a pg_node_tree.
func parseNodes(text string) (value, error) {
	r := &nodeReader{text: text}
	v, err := r.value(r.token())
	if err != nil {
		return value{}, err
	}
	if r.token() != "" {
		return value{}, errTree
	}
	return v, nil
}

type nodeReader struct {
	text  string
	pos   int
	depth int
}

// maxDepth bounds the recursion of readers and walkers.
const maxDepth = 10000

// token follows pg_strtok: brackets stand alone, white space separates, a
// backslash takes the next byte literally. The backslashes stay.
func (r *nodeReader) token() string {
	for r.pos < len(r.text) && isSpace(r.text[r.pos]) {
		r.pos++
	}
	start := r.pos
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case strings.IndexByte("(){}", c) >= 0:
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

func (r *nodeReader) value(token string) (value, error) {
	if r.depth++; r.depth > maxDepth {
		return value{}, errTree
	}
	defer func() { r.depth-- }()
	switch token {
	case "", ")", "}":
		return value{}, errTree
	case "(":
		return r.list()
	case "{":
		n, err := r.node()
		return value{node: n}, err
	}
	return value{atom: token}, nil
}

func (r *nodeReader) list() (value, error) {
	out := value{list: []value{}}
	for {
		token := r.token()
		if token == ")" {
			return out, nil
		}
		v, err := r.value(token)
		if err != nil {
			return value{}, err
		}
		out.list = append(out.list, v)
	}
}

// since15 are the names that PostgreSQL 15 gave to what 14 calls otherwise.
var since15 = map[string]string{
	"RTE": "RANGETBLENTRY", "ROW": "ROWEXPR", "ROWCOMPARE": "ROWCOMPAREEXPR", "CASE": "CASEEXPR", "WHEN": "CASEWHEN", "ARRAY": "ARRAYEXPR",
	"COALESCE": "COALESCEEXPR", "MINMAX": "MINMAXEXPR", "COLLATE": "COLLATEEXPR",
}

// node reads {KIND :field value… :field value…}. What follows a field's name is
// its value, even if it begins with a colon, as a column's name may.
func (r *nodeReader) node() (*node, error) {
	n := &node{kind: r.token()}
	if name, renamed := since15[n.kind]; renamed {
		n.kind = name
	}
	token := r.token()
	for token != "}" {
		if !strings.HasPrefix(token, ":") {
			return nil, errTree
		}
		f := field{name: token[1:]}
		token = r.token()
		for first := true; first || (token != "}" && !strings.HasPrefix(token, ":")); first = false {
			v, err := r.value(token)
			if err != nil {
				return nil, err
			}
			f.values = append(f.values, v)
			token = r.token()
		}
		n.fields = append(n.fields, f)
	}
	return n, nil
}

func (n *node) value(name string) value {
	if n == nil {
		return value{}
	}
	for i := range n.fields {
		if n.fields[i].name == name && len(n.fields[i].values) > 0 {
			return n.fields[i].values[0]
		}
	}
	return value{}
}

// child returns the node in a field, nil when there is none.
func (n *node) child(name string) *node { return n.value(name).node }

// list returns the nodes of a list in a field.
func (n *node) list(name string) []*node {
	var out []*node
	for _, v := range n.value(name).list {
		if v.node != nil {
			out = append(out, v.node)
		}
	}
	return out
}

func (n *node) atom(name string) string { return n.value(name).atom }

func (n *node) yes(name string) bool { return n.atom(name) == "true" }

// number returns a field's number, 0 when it has none.
func (n *node) number(name string) int {
	i, err := strconv.Atoi(n.atom(name))
	if err != nil {
		return 0
	}
	return i
}

// numbers returns the OIDs or integers of a list in a field.
func (n *node) numbers(name string) []int {
	var out []int
	for _, v := range n.value(name).list {
		if i, err := strconv.Atoi(v.atom); err == nil {
			out = append(out, i)
		}
	}
	return out
}

// is reports whether the node is of one of the kinds; a nil node is of none.
func (n *node) is(kinds ...string) bool {
	if n == nil {
		return false
	}
	for _, k := range kinds {
		if n.kind == k {
			return true
		}
	}
	return false
}

// walk calls visit for every node, outer ones first, and stays out of those for
// which it returns false.
func (v value) walk(visit func(*node) bool) {
	if v.node != nil && visit(v.node) {
		for _, f := range v.node.fields {
			for _, w := range f.values {
				w.walk(visit)
			}
		}
	}
	for _, w := range v.list {
		w.walk(visit)
	}
}

// queries returns the queries in a tree, outer ones first.
func (v value) queries() []*node {
	var out []*node
	v.walk(func(n *node) bool {
		if n.kind == "QUERY" {
			out = append(out, n)
		}
		return true
	})
	return out
}
