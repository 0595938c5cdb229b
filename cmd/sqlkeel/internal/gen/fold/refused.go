package fold

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// Refused says why no test of a placeholder in the full statement is decided, such as "its
// comparison is of type citext"; it is empty when one is.
func (f *Folder) Refused(param int) string {
	open := &folding{cat: f.cat, full: true}
	open.node(f.full)
	decided := &folding{cat: f.cat, full: true, assumed: Assumption{param: State{Is: &isNull}}}
	decided.node(f.full)
	if decided.decided > open.decided {
		return ""
	}
	why := ""
	tree.Value{Node: f.full}.Walk(func(n *tree.Node) bool {
		if why == "" {
			why = open.refuses(n, param)
		}
		return true
	})
	if why == "" {
		return "it stands in no test"
	}
	return why
}

// refuses says why a node does not decide by a placeholder; it is empty when it is no
// test of it.
func (f *folding) refuses(n *tree.Node, param int) string {
	var tested, other *tree.Node
	switch {
	case n.Is("NULLTEST", "BOOLEANTEST"):
		tested = n.Child("arg")
	case n.Is("OPEXPR", "SCALARARRAYOPEXPR", "NULLIFEXPR", "DISTINCTEXPR"):
		for _, arg := range n.List("args") {
			if p := within(arg); p.Number("paramid") == param && tested == nil {
				tested = arg
			} else {
				other = arg
			}
		}
	case n.Is("CASEEXPR"):
		tested = n.Child("arg")
	}
	p := within(tested)
	if p == nil || p.Number("paramid") != param {
		return ""
	}
	if typ := p.OID("paramtype"); f.cat.Restricted(typ) {
		return "its type " + f.cat.TypeName(typ) + " does not take every value"
	}
	if base := f.cat.Type(f.cat.BaseType(p.OID("paramtype"))); base != nil && base.Kind == 'c' {
		return "it is of the composite type " + base.Format
	}
	if n.Is("CASEEXPR") {
		if args := n.List("args"); len(args) > 0 && args[0].Child("expr").Is("OPEXPR") {
			return f.unlisted(args[0].Child("expr"), tested, nil)
		}
		return "its CASE is by no equality"
	}
	return f.unlisted(n, tested, other)
}

// unlisted says why a comparison is not on the list.
func (f *folding) unlisted(n, tested, other *tree.Node) string {
	typ, _ := f.cat.ExprType(tested)
	r, known := f.relationOf(n)
	switch {
	case !placeholder(bare(tested)):
		return "its test is behind a cast or function"
	case f.familyOf(typ) == noFamily && !n.Is("NULLTEST"):
		return "its comparison is of type " + f.cat.TypeName(typ)
	case !known && f.familyOf(typ) == text && f.cat.Loose(n.OID("inputcollid")):
		return "its comparison is under a nondeterministic collation"
	case n.Is("DISTINCTEXPR"):
		return "IS DISTINCT FROM does not choose: write = and a test for NULL"
	case !known:
		return "its comparison is not one of PostgreSQL's own equality"
	case n.Is("SCALARARRAYOPEXPR"):
		return "the array of its comparison is not of constants"
	case r.name != "eq" && r.name != "ne":
		return "its comparison is not for equality"
	case other != nil:
		return "it is compared with what is no constant"
	}
	return "its test is not understood"
}

// bare returns what casts that leave the bytes convert.
func bare(n *tree.Node) *tree.Node {
	for n.Is("RELABELTYPE") {
		n = n.Child("arg")
	}
	return n
}

// within returns the placeholder that an expression is made of by casts and functions; nil
// when there is none, or several.
func within(n *tree.Node) *tree.Node {
	var found []*tree.Node
	tree.Value{Node: n}.Walk(func(n *tree.Node) bool {
		if placeholder(n) {
			found = append(found, n)
		}
		return !n.Is("QUERY", "BOOLEXPR", "CASEEXPR", "OPEXPR", "NULLTEST") && len(found) < 2
	})
	if len(found) == 0 || slices.ContainsFunc(found, func(p *tree.Node) bool { return p.Number("paramid") != found[0].Number("paramid") }) {
		return nil
	}
	return found[0]
}
