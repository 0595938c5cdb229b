package tree

import (
	"slices"
	"strconv"
)

// ungroup puts back what is grouped by where a query speaks of it by an entry of
// its range table, as versions before 18 have it, in subqueries at any depth too. The
// entry stays, so that the numbers of the others do, and holds nothing.
func ungroup(v Value) {
	for _, q := range v.Queries() {
		for i, entry := range q.List("rtable") {
			if entry.Number("rtekind") == Group {
				by := entry.List("groupexprs")
				entry.Fields = slices.DeleteFunc(entry.Fields, func(f Field) bool { return f.Name == "groupexprs" })
				putBack(q, i+1, by)
			}
		}
	}
}

// putBack replaces the references to an entry of q's range table by what they mean.
func putBack(q *Node, number int, by []*Node) {
	Leveled(Value{Node: q}, -1, func(n *Node, depth int) {
		i := n.Number("varattno")
		if n.Is("VAR") && n.Number("varno") == number && n.Number("varlevelsup") == depth && i >= 1 && i <= len(by) {
			*n = *by[i-1].clone()
			raise(n, depth)
		}
	})
}

// outward are the fields by which a node speaks of a query so many levels up.
var outward = map[string]string{"VAR": "varlevelsup", "AGGREF": "agglevelsup", "GROUPINGFUNC": "agglevelsup", "RANGETBLENTRY": "ctelevelsup"}

// raise makes an expression speak of the same queries from so many levels below.
func raise(n *Node, by int) {
	Leveled(Value{Node: n}, 0, func(n *Node, depth int) {
		field := outward[n.Kind]
		if field == "" || n.Kind == "RANGETBLENTRY" && n.Number("rtekind") != CTE || n.Number(field) < depth {
			return
		}
		n.set(field, strconv.Itoa(n.Number(field)+by))
	})
}

// Leveled calls visit for every node with the number of queries around it, from
// depth on.
func Leveled(v Value, depth int, visit func(n *Node, depth int)) {
	v.Walk(func(n *Node) bool {
		visit(n, depth)
		if !n.Is("QUERY") {
			return true
		}
		for _, f := range n.Fields {
			for _, w := range f.Values {
				Leveled(w, depth+1, visit)
			}
		}
		return false
	})
}

// set changes an atom.
func (n *Node) set(field, atom string) {
	for i := range n.Fields {
		if n.Fields[i].Name == field {
			n.Fields[i].Values = []Value{{Atom: atom}}
		}
	}
}

// clone returns a copy that shares nothing with n.
func (n *Node) clone() *Node {
	return Value{Node: n}.clone().Node
}

func (v Value) clone() Value {
	if v.Node != nil {
		n := *v.Node
		n.Fields = slices.Clone(n.Fields)
		for i, f := range n.Fields {
			n.Fields[i].Values = cloned(f.Values)
		}
		v.Node = &n
	}
	v.List = cloned(v.List)
	return v
}

func cloned(list []Value) []Value {
	list = slices.Clone(list)
	for i, v := range list {
		list[i] = v.clone()
	}
	return list
}
