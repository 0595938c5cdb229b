package fold

import (
	"strconv"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// renumbered gives a placeholder its number in the full statement.
func (f *folding) renumbered(n *tree.Node) *tree.Node {
	k := n.Number("paramid")
	if k < 1 || k > len(f.params) {
		return with(n, "paramid", tree.Value{Atom: "unknown"})
	}
	return with(n, "paramid", tree.Value{Atom: strconv.Itoa(f.params[k-1])})
}

// flag puts its value in the place of a boolean placeholder.
func (f *folding) flag(n *tree.Node) *tree.Node {
	typ := n.OID("paramtype")
	if n.Is("RELABELTYPE") {
		typ = n.OID("resulttype")
	}
	if typ != boolOID {
		return n
	}
	if o, known := f.operandOf(n, nil); known && o.family == boolean && o.Is != nil {
		f.decided++
		if o.null() {
			return constant(null)
		}
		return constant(truthIs(o.Is.Int != 0))
	}
	return n
}

// connective folds AND, OR and NOT. NULLs stay until another arm decides, one of them,
// behind the others.
func (f *folding) connective(n *tree.Node) *tree.Node {
	op, args := n.Atom("boolop"), n.List("args")
	if op == "not" && len(args) == 1 {
		if t := truthOf(args[0]); t != open {
			return constant(t.not())
		}
		return n
	}
	if op != "and" && op != "or" {
		return n
	}
	decides := truthIs(op == "or")
	var arms []*tree.Node
	unknown := false
	for _, a := range flattened(op, args) {
		switch truthOf(a) {
		case decides:
			return constant(decides)
		case null:
			unknown = true
		case open:
			arms = append(arms, a)
		}
	}
	if unknown {
		arms = append(arms, constant(null))
	}
	switch len(arms) {
	case 0:
		return constant(decides.not())
	case 1:
		return arms[0]
	}
	return with(n, "args", list(arms))
}

// flattened replaces arms of the same kind, which are flat, by theirs.
func flattened(op string, args []*tree.Node) (out []*tree.Node) {
	for _, a := range args {
		if a.Is("BOOLEXPR") && a.Atom("boolop") == op {
			out = append(out, a.List("args")...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

// choice folds CASE: arms whose condition is not met go, and so do those behind one whose
// condition is.
func (f *folding) choice(n *tree.Node) *tree.Node {
	subject := f.node(n.Child("arg"))
	var arms []*tree.Node
	otherwise := n.Child("defresult")
	for _, arm := range n.List("args") {
		when := f.node(arm.Child("expr"))
		if subject != nil && when.Is("OPEXPR") {
			if t := f.test(when, subject); t != open {
				f.decided++
				when = constant(t)
			}
		}
		t := truthOf(when)
		if t == yes {
			otherwise = arm.Child("result")
			break
		}
		if t == open {
			arms = append(arms, with(with(arm, "expr", tree.Value{Node: when}), "result", tree.Value{Node: f.node(arm.Child("result"))}))
		}
	}
	otherwise = f.node(otherwise)
	if otherwise == nil {
		otherwise = nullOf(n.OID("casetype"), n.OID("casecollid"))
	}
	if len(arms) == 0 {
		return collated(otherwise, n.OID("casecollid"))
	}
	n = with(with(n, "args", list(arms)), "defresult", tree.Value{Node: otherwise})
	if subject == nil {
		return n
	}
	return with(n, "arg", tree.Value{Node: subject})
}

// coalesce leaves NULLs out, and what stands behind the first value that is none.
func (f *folding) coalesce(n *tree.Node) *tree.Node {
	var args []*tree.Node
	var last *tree.Node
	for _, a := range n.List("args") {
		last = a
		o, known := f.operandOf(a, nil)
		if !known || !o.null() {
			args = append(args, a)
		}
		if known && !o.null() {
			break
		}
	}
	collation := n.OID("coalescecollid")
	switch {
	case len(args) == 0 && last != nil:
		return collated(last, collation)
	case len(args) == 1:
		return collated(args[0], collation)
	}
	return with(n, "args", list(args))
}

// nullIf decides NULLIF by the comparison that is in it.
func (f *folding) nullIf(n *tree.Node) *tree.Node {
	args := n.List("args")
	r, known := f.relationOf(n)
	if len(args) != 2 || !known || r.name != "eq" {
		return n
	}
	switch f.comparison(n, args[0], args[1], nil) {
	case open:
		return n
	case yes:
		f.decided++
		return nullOf(n.OID("opresulttype"), n.OID("opcollid"))
	}
	f.decided++
	return collated(args[0], n.OID("opcollid"))
}

// collationField says where a node keeps the collation of its value.
var collationField = map[string]string{
	"VAR": "varcollid", "CONST": "constcollid", "PARAM": "paramcollid", "FUNCEXPR": "funccollid", "OPEXPR": "opcollid", "NULLIFEXPR": "opcollid",
	"AGGREF": "aggcollid", "WINDOWFUNC": "wincollid", "RELABELTYPE": "resultcollid", "COERCEVIAIO": "resultcollid", "ARRAYCOERCEEXPR": "resultcollid",
	"COERCETODOMAIN": "resultcollid", "FIELDSELECT": "resultcollid", "ARRAYEXPR": "array_collid", "CASEEXPR": "casecollid",
	"COALESCEEXPR": "coalescecollid", "MINMAXEXPR": "minmaxcollid", "SUBSCRIPTINGREF": "refcollid", "COLLATEEXPR": "collOid",
}

// collationOf returns the collation of an expression's value, 0 when it has none.
func collationOf(n *tree.Node) tree.OID {
	if n.Is("SUBLINK") {
		if target := n.Child("subselect").List("targetList"); len(target) > 0 {
			return collationOf(target[0].Child("expr"))
		}
	}
	return n.OID(collationField[n.Kind])
}

// collated returns an expression in the place of one whose value had a collation, which
// sorts and groups by it.
func collated(n *tree.Node, collation tree.OID) *tree.Node {
	if collationOf(n) == collation {
		return n
	}
	return &tree.Node{Kind: "COLLATEEXPR", Fields: []tree.Field{
		{Name: "arg", Values: []tree.Value{{Node: n}}},
		{Name: "collOid", Values: []tree.Value{{Atom: strconv.FormatUint(uint64(collation), 10)}}},
	}}
}
