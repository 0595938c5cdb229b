package pages

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// findAfter finds the predicate that compares the keys with the parameters
// after_<key>.
func (a *analysis) findAfter() error {
	for i := range a.keys {
		k := &a.keys[i]
		for number, p := range a.st.Params {
			if sameParam(p.Name, afterName(k.Name)) {
				k.Param = number + 1
			}
		}
		if k.Param == 0 {
			return a.refuse(-1, "there is no parameter %s: the statement needs the condition %s", afterName(k.Name), a.expected())
		}
	}
	for _, c := range conjuncts(a.query.Child("jointree").Child("quals")) {
		if !a.isAfter(c) {
			continue
		}
		for _, k := range a.keys {
			if uses(a.query, k.Param) != uses(c, k.Param) {
				return a.refuse(-1, "the parameter %s is used elsewhere too", afterName(k.Name))
			}
		}
		return nil
	}
	return a.refuse(-1, "the statement needs the condition %s, joined to the rest of WHERE by AND", a.expected())
}

// conjuncts parts an expression at its ANDs.
func conjuncts(n *tree.Node) []*tree.Node {
	if !n.Is("BOOLEXPR") || n.Atom("boolop") != "and" {
		return []*tree.Node{n}
	}
	var list []*tree.Node
	for _, arg := range n.List("args") {
		list = append(list, conjuncts(arg)...)
	}
	return list
}

// isAfter reports whether a conjunct is the predicate: one or more tests whether
// the place is NULL, and the comparison.
func (a *analysis) isAfter(n *tree.Node) bool {
	if !n.Is("BOOLEXPR") || n.Atom("boolop") != "or" {
		return false
	}
	tests, comparisons := 0, 0
	for _, arg := range n.List("args") {
		switch {
		case a.isFirst(arg):
			tests++
		case a.isComparison(arg):
			comparisons++
		default:
			return false
		}
	}
	return tests > 0 && comparisons == 1
}

// isFirst reports whether a test asks if a parameter of the place is NULL.
func (a *analysis) isFirst(n *tree.Node) bool {
	const isNull = 0
	if !n.Is("NULLTEST") || n.Number("nulltesttype") != isNull {
		return false
	}
	number := parameter(n.Child("arg"))
	return slices.ContainsFunc(a.keys, func(k key) bool { return k.Param == number })
}

// isComparison reports whether an expression compares the keys, in their order,
// with their parameters, in their direction.
func (a *analysis) isComparison(n *tree.Node) bool {
	columns, values, operators, collations := n.List("largs"), n.List("rargs"), n.Numbers("opnos"), n.Numbers("inputcollids")
	if args := n.List("args"); n.Is("OPEXPR") && len(args) == 2 {
		columns, values, operators, collations = args[:1], args[1:], []int{n.Number("opno")}, []int{n.Number("inputcollid")}
	} else if !n.Is("ROWCOMPAREEXPR") {
		return false
	}
	if len(columns) != len(a.keys) || len(values) != len(a.keys) || len(operators) != len(a.keys) || len(collations) != len(a.keys) {
		return false
	}
	for i := range a.keys {
		k := &a.keys[i]
		column, ok := a.prover.Column(a.query, columns[i])
		by, known := a.orders[catalog.OID(operators[i])]
		switch {
		case !ok || column != k.column || !a.isPlace(values[i], k):
			return false
		case !known || by.family != k.order.family || by.descending != !k.Descending || collations[i] != k.expr.Number("varcollid"):
			return false
		}
	}
	return true
}

// isPlace reports whether an expression is the parameter of a key with all of its
// value: it is cast to the column's type, if at all.
func (a *analysis) isPlace(n *tree.Node, k *key) bool {
	n = a.prover.Bare(n)
	if args := n.List("args"); n.Is("FUNCEXPR") && tree.Uncast(n) != nil && len(args) > 1 && n.OID("funcresulttype") == k.expr.OID("vartype") {
		length, known := tree.Integer(args[1])
		if !known || int(int32(length)) != k.expr.Number("vartypmod") {
			return false
		}
		n = args[0]
	}
	return n.Is("PARAM") && parameter(n) == k.Param
}

// checkTypes compares the types of the parameters that tell the place with those of
// the keys: a coarser one would begin at another row.
func (a *analysis) checkTypes() (err error) {
	types := map[int]catalog.OID{}
	tree.Value{Node: a.query}.Walk(func(n *tree.Node) bool {
		if n.Is("PARAM") && n.Number("paramkind") == tree.Placeholder {
			types[n.Number("paramid")] = n.OID("paramtype")
		}
		return true
	})
	for i := range a.keys {
		if k := &a.keys[i]; !a.prover.Alike(types[k.Param], a.typeOf(k)) {
			return a.refuse(-1, "the parameter %s is of another type than its key %s, which is %s: write %s", afterName(k.Name), a.name(k), k.typeName, a.expected())
		}
	}
	return nil
}

// sameParam reports whether a Go parameter was made of a name of SQL's.
func sameParam(goName, sql string) bool {
	return strings.EqualFold(strings.ReplaceAll(goName, "_", ""), strings.ReplaceAll(sql, "_", ""))
}
