package effects

import (
	"maps"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/tree"
)

// PostgreSQL's numbers for kinds of joins.
const (
	joinInner = 0
	joinLeft  = 1
	joinFull  = 2
	joinRight = 3
)

// conjunct is a condition that joins or rows must meet. It restricts the range
// table entries in scope: their rows that fail it cannot change the result. In
// WHERE those are all; in the ON of an inner join both sides; in that of an outer
// join the side that may be missing, because the other's rows are kept anyway.
type conjunct struct {
	expr  *tree.Node
	scope map[int]bool
}

// conjuncts returns the conditions of a query's own FROM, WHERE and HAVING, and whether
// every join in it keeps at most the rows of one side.
func (a *Analyzer) conjuncts(q *tree.Node) (list []conjunct, noFull bool) {
	c := &conjunctReader{noFull: true, every: a.is(forgetsOuterJoins), or: a.is(splitsOr)}
	all := c.from(q.Child("jointree"))
	if len(q.List("groupingSets")) == 0 || a.is(forgetsSets) {
		// What HAVING compares outside of aggregates is the same in all of a group.
		c.flatten(q.Child("havingQual"), all)
	}
	return c.list, c.noFull
}

type conjunctReader struct {
	list   []conjunct
	noFull bool
	every  bool // for a mutant: every ON restricts both sides
	or     bool // for a mutant: OR is as good as AND
}

// from returns the range table entries under a part of FROM.
func (c *conjunctReader) from(n *tree.Node) map[int]bool {
	under := map[int]bool{}
	switch {
	case n.Is("RANGETBLREF"):
		under[n.Number("rtindex")] = true
	case n.Is("FROMEXPR"):
		for _, item := range n.List("fromlist") {
			maps.Copy(under, c.from(item))
		}
		c.flatten(n.Child("quals"), under)
	case n.Is("JOINEXPR"):
		left, right := c.from(n.Child("larg")), c.from(n.Child("rarg"))
		maps.Copy(under, left)
		maps.Copy(under, right)
		scope := map[int]bool{}
		switch kind := n.Number("jointype"); {
		case kind == joinInner || c.every:
			scope = under
		case kind == joinLeft:
			scope = right
		case kind == joinRight:
			scope = left
		default:
			c.noFull = false
		}
		c.flatten(n.Child("quals"), scope)
	default:
		c.noFull = false
	}
	return under
}

func (c *conjunctReader) flatten(n *tree.Node, scope map[int]bool) {
	if n.Is("BOOLEXPR") && (n.Atom("boolop") == "and" || c.or && n.Atom("boolop") == "or") {
		for _, arg := range n.List("args") {
			c.flatten(arg, scope)
		}
	} else if n != nil {
		c.list = append(c.list, conjunct{n, scope})
	}
}

// column is a column of a range table entry, of a query so many levels up.
type column struct{ entry, number, up int }

// equation is column = placeholder, column = constant or column = column.
type equation struct {
	left  column
	right column // entry 0: no column
	param int    // 0: a constant or column
	// exact says that it holds for what Go, too, takes for equal.
	exact bool
	scope map[int]bool
}

// equations returns the conjuncts that compare by the equality of unique indexes,
// each also the other way round when both sides are columns.
func (a *Analyzer) equations(list []conjunct) []equation {
	var out []equation
	for _, c := range list {
		args := c.expr.List("args")
		if !c.expr.Is("OPEXPR") || len(args) != 2 || !a.compares(c.expr) {
			continue
		}
		for i, side := range args {
			if e, ok := a.equate(c.expr, side, args[1-i]); ok {
				e.scope = c.scope
				out = append(out, e)
			}
		}
	}
	return out
}

// compares reports whether an operator is an equality without a collation in
// which different texts are equal.
func (a *Analyzer) compares(n *tree.Node) bool {
	return a.is(comparesAnything) || !a.cat.Loose(n.OID("inputcollid"))
}

// equate reads one side as a column, the other as what it is equal to.
func (a *Analyzer) equate(op, side, other *tree.Node) (equation, bool) {
	from := a.bare(side)
	if !isColumn(from) {
		return equation{}, false
	}
	typ, _ := a.cat.ExprType(side)
	if !a.cat.Equality(op.OID("opno"), typ) && !a.is(comparesAnything) {
		return equation{}, false
	}
	e := equation{left: columnAt(from)}
	to := a.bare(other)
	switch {
	case isAnyColumn(to):
		e.right = columnAt(to)
	case isPlaceholder(to):
		e.param = to.Number("paramid")
	case to.Is("CONST"):
	default:
		return equation{}, false
	}
	e.exact = a.sameFamily(from, to) || a.is(comparesAnything)
	return e, true
}

// isColumn reports whether a node is a column of the query's own FROM.
func isColumn(n *tree.Node) bool { return isAnyColumn(n) && n.Number("varlevelsup") == 0 }

// isAnyColumn reports whether it is one of that or of a query around it.
func isAnyColumn(n *tree.Node) bool {
	return n.Is("VAR") && n.Number("varattno") > 0 && n.Number("varreturningtype") == 0
}

func isPlaceholder(n *tree.Node) bool { return n.Is("PARAM") && n.Number("paramkind") == 0 }

func columnAt(n *tree.Node) column {
	return column{n.Number("varno"), n.Number("varattno"), n.Number("varlevelsup")}
}

// bare strips changes of type that leave the value and its equality alone:
// varchar as text, and a domain as what it is made of.
func (a *Analyzer) bare(n *tree.Node) *tree.Node {
	for n.Is("RELABELTYPE") {
		inner := n.Child("arg")
		from, known := a.cat.ExprType(inner)
		to := n.OID("resulttype")
		if !known || from != to && (from != varcharOID || to != textOID) && (from != textOID || to != varcharOID) && !a.overType(from, to) {
			return n
		}
		n = inner
	}
	return n
}

// family groups the types for which Go's equality is PostgreSQL's; 0 is none.
func family(oid catalog.OID) int {
	switch oid {
	case int2OID, int4OID, int8OID:
		return int8OID
	case textOID, varcharOID:
		return textOID
	case boolOID, byteaOID, uuidOID:
		return int(oid)
	}
	return 0
}

func (a *Analyzer) sameFamily(x, y *tree.Node) bool {
	s, _ := a.cat.ExprType(x)
	t, _ := a.cat.ExprType(y)
	return family(s) != 0 && family(s) == family(t)
}

// params is a set of placeholders.
type params map[int]bool

// pinned holds for columns the placeholders to which they are pinned: rows in
// which they differ from one of those cannot change the result, and where the
// column is in the result it is equal to them, or NULL.
type pinned map[column]params

func (p pinned) add(c column, more params) (grown bool) {
	for n := range more {
		if n == 0 || p[c][n] {
			continue
		}
		if p[c] == nil {
			p[c] = params{}
		}
		p[c][n], grown = true, true
	}
	return grown
}

// of returns what is pinned of one range table entry, by the column's number.
func (p pinned) of(entry int) map[int]params {
	out := map[int]params{}
	for c, set := range p {
		if c.entry == entry && c.up == 0 {
			out[c.number] = set
		}
	}
	return out
}

// inside returns the same as a query one level down sees it.
func (p pinned) inside() pinned {
	out := pinned{}
	for c, set := range p {
		c.up++
		out[c] = set
	}
	return out
}

// spread pins columns by equations. A column that equals a pinned column is pinned
// too.
func (p pinned) spread(equations []equation) pinned {
	for grown := true; grown; {
		grown = false
		for _, e := range equations {
			if !e.exact || !e.scope[e.left.entry] {
				continue
			}
			to := params{e.param: true}
			if e.right.entry != 0 {
				to = maps.Clone(p[e.right])
			}
			grown = p.add(e.left, to) || grown
		}
	}
	return p
}

// overType reports whether a type is a domain over another.
func (a *Analyzer) overType(domain, base catalog.OID) bool {
	t := a.cat.Type(domain)
	return t != nil && t.Base == base
}
