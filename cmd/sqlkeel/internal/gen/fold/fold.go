// Package fold compares a statement with a variant of it that leaves parts out. Both are
// given as PostgreSQL analysed them. What a placeholder is assumed to be decides some tests
// in both, and what that leaves of them is compared node by node.
//
// Only tests on a closed list are decided: those of which the values of a Go parameter
// tell exactly what PostgreSQL answers. Everything else stays as it is, so that a test
// that is not understood makes the two differ.
package fold

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// State is what is known of a placeholder's value: it is Is, or, when Is is nil, it is
// neither NULL nor one of Not.
type State struct {
	Is  *generated.Value
	Not []generated.Value
}

// Assumption is what is known of placeholders, by their numbers in the full statement.
type Assumption map[int]State

// Folder compares variants with a full statement. It is not safe for concurrent use.
type Folder struct {
	cat  *catalog.Catalog
	full *tree.Node
}

// New returns a folder for a full statement in its analysed form, which it does not
// change.
func New(cat *catalog.Catalog, full *tree.Node) *Folder { return &Folder{cat, full} }

// Differs says where a variant is another statement than the full one while an assumption
// holds, such as "another LIMIT"; it is empty when the two are the same. params[k-1] is
// the full statement's number of the variant's $k.
func (f *Folder) Differs(variant *tree.Node, params []int, a Assumption) string {
	full := &folding{cat: f.cat, assumed: a, full: true}
	other := &folding{cat: f.cat, assumed: a, params: params}
	return differ(full.node(f.full), other.node(variant))
}

// folding is the work on one tree under one assumption. It changes no node: what becomes
// another is a copy.
type folding struct {
	cat     *catalog.Catalog
	assumed Assumption
	full    bool  // the tree is the full statement's
	params  []int // what a variant's placeholders are in the full statement
	decided int   // tests whose outcome is known
}

// value folds all nodes of a value.
func (f *folding) value(v tree.Value) tree.Value {
	if v.Node != nil {
		return tree.Value{Node: f.node(v.Node)}
	}
	if v.List == nil {
		return v
	}
	out := tree.Value{List: make([]tree.Value, len(v.List))}
	for i, w := range v.List {
		out.List[i] = f.value(w)
	}
	return out
}

// node folds a node, inner ones first.
func (f *folding) node(n *tree.Node) *tree.Node {
	switch {
	case n == nil:
		return nil
	case n.Is("QUERY"):
		return f.query(n)
	case n.Is("CASEEXPR"):
		return f.choice(n)
	}
	n = f.children(n)
	switch n.Kind {
	case "PARAM", "RELABELTYPE":
		return f.flag(n)
	case "BOOLEXPR":
		return f.connective(n)
	case "COALESCEEXPR":
		return f.coalesce(n)
	case "NULLIFEXPR":
		return f.nullIf(n)
	case "NULLTEST", "BOOLEANTEST", "OPEXPR", "SCALARARRAYOPEXPR":
		if t := f.test(n, nil); t != open {
			f.decided++
			return constant(t)
		}
	case "FROMEXPR":
		if truthOf(n.Child("quals")) == yes {
			return with(n, "quals", none)
		}
	case "RANGETBLENTRY":
		if n.Number("rtekind") == tree.Group { // only names are left of it
			return without(n, "alias", "eref")
		}
	}
	return n
}

// children folds what is in a node, and gives a placeholder its number in the full
// statement.
func (f *folding) children(n *tree.Node) *tree.Node {
	out := &tree.Node{Kind: n.Kind, Fields: make([]tree.Field, len(n.Fields))}
	for i, field := range n.Fields {
		values := make([]tree.Value, len(field.Values))
		for j, v := range field.Values {
			values[j] = f.value(v)
		}
		out.Fields[i] = tree.Field{Name: field.Name, Values: values}
	}
	if placeholder(out) && !f.full {
		return f.renumbered(out)
	}
	return out
}

// none is how PostgreSQL writes that a field holds nothing.
var none = tree.Value{Atom: "<>"}

// with returns a copy of a node with another value in a field.
func with(n *tree.Node, field string, v tree.Value) *tree.Node {
	out := &tree.Node{Kind: n.Kind, Fields: make([]tree.Field, len(n.Fields))}
	copy(out.Fields, n.Fields)
	for i := range out.Fields {
		if out.Fields[i].Name == field {
			out.Fields[i].Values = []tree.Value{v}
		}
	}
	return out
}

// list is a value that holds nodes.
func list(nodes []*tree.Node) tree.Value {
	if len(nodes) == 0 {
		return none
	}
	out := tree.Value{List: make([]tree.Value, len(nodes))}
	for i, n := range nodes {
		out.List[i] = tree.Value{Node: n}
	}
	return out
}
