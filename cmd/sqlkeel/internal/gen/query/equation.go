package query

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// sameFamily reports whether Go's equality is PostgreSQL's for two expressions.
func (p *Prover) sameFamily(x, y *tree.Node) bool {
	s, _ := p.cat.ExprType(x)
	t, _ := p.cat.ExprType(y)
	return Family(s) != 0 && Family(s) == Family(t)
}

// column is a column of an entry of the range table of a query so many levels up.
type column struct{ entry, number, up int }

// equation says what a column of the query's own FROM is equal to: another column, an
// output of a subquery, a placeholder or a constant.
type equation struct {
	left  column
	right column // entry 0: none
	param int    // 0: none
	// inner is a subquery, output the number of the column. any: it may have several rows.
	inner  *tree.Node
	output int
	any    bool
	// same says that Go, too, takes both sides for equal.
	same  bool
	scope map[int]bool
}

// equations returns the conditions that compare columns by the equality of unique
// indexes, each also the other way round when both sides are columns.
func (p *Prover) equations(q *tree.Node, f *from) []equation {
	var out []equation
	for _, c := range f.conditions {
		args := c.expr.List("args")
		// Different texts are equal in a collation that is not deterministic.
		if !c.expr.Is("OPEXPR") || len(args) != 2 || p.cat.Loose(c.expr.OID("inputcollid")) {
			continue
		}
		for i, side := range args {
			if e, ok := p.equate(q, c, side, args[1-i]); ok {
				out = append(out, e)
			}
		}
	}
	return out
}

// equate reads one side as a column, the other as what it is equal to.
func (p *Prover) equate(q *tree.Node, c condition, side, other *tree.Node) (equation, bool) {
	left, ok := p.column(q, side)
	op := c.expr.OID("opno")
	if !ok || left.up > 0 || !p.equality(op, side) || !p.equality(op, other) {
		return equation{}, false
	}
	e := equation{left: left, scope: c.scope}
	from, to := p.Bare(side), p.Bare(other)
	if e.same = p.sameFamily(from, to); !e.same && !p.sameType(side, other) {
		return equation{}, false
	}
	right, isColumn := p.column(q, other)
	switch {
	case isColumn:
		e.right = right
	case isPlaceholder(to):
		e.param = to.Number("paramid")
	case to.Is("PARAM") && to.Number("paramkind") == tree.Output && c.in != nil:
		e.inner, e.output, e.any = c.in, to.Number("paramid"), true
	case to.Is("SUBLINK") && to.Number("subLinkType") == linkExpr:
		e.inner, e.output = to.Child("subselect"), 1
	case !to.Is("CONST"):
		return equation{}, false
	}
	return e, true
}

// sameType reports whether two expressions are compared as one type. Between others
// an equality may not go on: two dates can be the same moment.
func (p *Prover) sameType(x, y *tree.Node) bool {
	s, known := p.cat.ExprType(x)
	t, _ := p.cat.ExprType(y)
	return known && p.Alike(s, t)
}

// equality reports whether an operator is the equality by which unique indexes over
// a side's type compare.
func (p *Prover) equality(op catalog.OID, side *tree.Node) bool {
	typ, known := p.cat.ExprType(side)
	return known && p.cat.Equality(op, p.compared(typ))
}

// compared returns the type as which values of a type are compared.
func (p *Prover) compared(oid catalog.OID) catalog.OID {
	oid = p.cat.BaseType(oid)
	if t := p.cat.Type(oid); t != nil && t.Kind == 'e' {
		return anyEnumOID
	}
	if oid == varcharOID {
		return textOID
	}
	return oid
}

func isPlaceholder(n *tree.Node) bool {
	return n.Is("PARAM") && n.Number("paramkind") == tree.Placeholder
}

// column returns the column of a table, subquery or function that an expression of
// q's is. A column of a join is that of one of its sides.
func (p *Prover) column(q, n *tree.Node) (column, bool) {
	n = p.Bare(n)
	c := column{n.Number("varno"), n.Number("varattno"), n.Number("varlevelsup")}
	if !n.Is("VAR") || c.number <= 0 || n.Number("varreturningtype") != 0 {
		return column{}, false
	}
	owner := p.outer(q, c.up)
	table := owner.List("rtable")
	if c.entry < 1 || c.entry > len(table) {
		return column{}, false
	}
	if table[c.entry-1].Number("rtekind") != tree.Join {
		return c, true
	}
	of := table[c.entry-1].Value("joinaliasvars").List
	if c.number > len(of) {
		return column{}, false
	}
	inside, ok := p.column(owner, of[c.number-1].Node)
	inside.up += c.up
	return inside, ok
}

// Alike reports whether values of two types are compared as ones of the same type.
func (p *Prover) Alike(x, y catalog.OID) bool { return x == y || p.compared(x) == p.compared(y) }

// Bare strips changes of type that leave the value and its equality alone: varchar as
// text, and a domain as what it is made of.
func (p *Prover) Bare(n *tree.Node) *tree.Node {
	for n.Is("RELABELTYPE") {
		inner := n.Child("arg")
		from, known := p.cat.ExprType(inner)
		if !known || !p.relabels(from, n.OID("resulttype")) {
			return n
		}
		n = inner
	}
	return n
}

func (p *Prover) relabels(from, to catalog.OID) bool {
	from = p.cat.BaseType(from)
	return from == to || from == varcharOID && to == textOID || from == textOID && to == varcharOID
}
