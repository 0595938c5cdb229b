package fold

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// keys are what a query sorts and groups by.
type keys struct {
	*folding
	sets    bool                  // there are grouping sets
	entries map[string]*tree.Node // of the query's list, folded, by what keys name them by
}

// order and equality are what of a key matters: its order in ORDER BY, elsewhere only
// which values are equal.
const (
	order = iota
	equality
)

// written replaces what names an entry in keys by what it means: an expression, or, where
// two expressions that are alike may have different values, the place among the outputs.
func (k *keys) written(list []*tree.Node, matters int) []*tree.Node {
	out := make([]*tree.Node, len(list))
	for i, key := range list {
		if matters == equality {
			key = without(key, "sortop", "nulls_first", "reverse_sort")
		}
		entry := k.entries[key.Atom("tleSortGroupRef")]
		if entry == nil {
			out[i] = key
			continue
		}
		n := &tree.Node{Kind: key.Kind, Fields: slices.Clone(key.Fields)}
		by := tree.Field{Name: "by", Values: []tree.Value{{Node: relabelled(entry.Child("expr"))}}}
		if !entry.Yes("resjunk") && !k.fixed(entry.Child("expr")) {
			by = tree.Field{Name: "output", Values: []tree.Value{entry.Value("resno")}}
		}
		if !k.sets { // grouping sets are written by the numbers
			n = without(n, "tleSortGroupRef")
		}
		n.Fields = append(n.Fields, by)
		out[i] = n
	}
	return out
}

// sorted writes the keys of ORDER BY, without those that say nothing: constants, and
// expressions that an earlier key sorts by. DISTINCT depends on all of them.
func (k *keys) sorted(q *tree.Node, list []*tree.Node) []*tree.Node {
	distinct := len(q.List("distinctClause")) > 0
	var out []*tree.Node
	for i, key := range k.written(list, order) {
		entry := k.entries[list[i].Atom("tleSortGroupRef")]
		if !distinct && !k.sets && entry != nil && (entry.Yes("resjunk") && same(entry.Child("expr")) || k.repeats(out, key)) {
			continue
		}
		out = append(out, key)
	}
	return out
}

// repeats reports whether rows that tie in earlier keys tie in this one.
func (k *keys) repeats(earlier []*tree.Node, key *tree.Node) bool {
	by := key.Child("by")
	return by != nil && k.fixed(by) && slices.ContainsFunc(earlier, func(e *tree.Node) bool {
		return e.Child("by") != nil && e.OID("eqop") == key.OID("eqop") && differ(e.Child("by"), by) == ""
	})
}

// windows writes the keys of windows.
func (k *keys) windows(clauses []*tree.Node) []*tree.Node {
	out := make([]*tree.Node, len(clauses))
	for i, w := range clauses {
		w = with(w, "partitionClause", list(k.written(w.List("partitionClause"), equality)))
		out[i] = with(w, "orderClause", list(k.written(w.List("orderClause"), order)))
	}
	return out
}

// same reports whether an expression is a constant.
func same(n *tree.Node) bool {
	for n.Is("RELABELTYPE", "COLLATEEXPR") {
		n = n.Child("arg")
	}
	return n.Is("CONST")
}

// relabelled returns what a cast that changes nothing casts. Which operators a key sorts
// by is compared beside it, and the collation must be the same.
func relabelled(n *tree.Node) *tree.Node {
	for n.Is("RELABELTYPE") && collationOf(n.Child("arg")) == n.OID("resultcollid") {
		n = n.Child("arg")
	}
	return n
}

// fixed reports whether an expression has one value for a row, so that another that is
// alike has the same.
func (k *keys) fixed(n *tree.Node) bool {
	fixed := !k.sets
	tree.Value{Node: n}.Walk(func(n *tree.Node) bool {
		fixed = fixed && !k.varies(n)
		return fixed
	})
	return fixed
}

// varies reports whether a node by itself may have another value each time: a volatile
// function, one that returns a set, or what is read from a relation that hides such.
func (k *keys) varies(n *tree.Node) bool {
	for _, field := range []string{"funcid", "opfuncid", "aggfnoid", "winfnoid"} {
		if oid := n.OID(field); oid != 0 && (k.cat.Functions[oid] == nil || k.cat.Functions[oid].Volatility == 'v') {
			return true
		}
	}
	if n.Is("RANGETBLENTRY") && n.Number("rtekind") == tree.Relation {
		r := k.cat.Relations[n.OID("relid")]
		return r == nil || r.RowSecurity || r.Kind == 'v' || r.Kind == 'f'
	}
	return n.Yes("funcretset") || n.Yes("opretset") || n.Is("NEXTVALUEEXPR", "TABLESAMPLECLAUSE", "ROWCOMPAREEXPR")
}
