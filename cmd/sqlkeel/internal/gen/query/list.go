package query

import (
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// unnestOID is the number of PostgreSQL's unnest(anyarray).
const unnestOID = 2331

// members pins columns of which conditions say that they equal an element of an array, as
// id = ANY($1) does.
func (p Pins) members(f *from) {
	for _, c := range f.conditions {
		args := c.expr.List("args")
		if !c.expr.Is("SCALARARRAYOPEXPR") || !c.expr.Yes("useOr") || len(args) != 2 || p.cat.Loose(c.expr.OID("inputcollid")) {
			continue
		}
		op, bare := c.expr.OID("opno"), p.Bare(args[0])
		param, element := p.list(args[1])
		left, ok := p.column(p.query, bare)
		typ, _ := p.cat.ExprType(bare)
		if ok && left.up == 0 && c.scope[left.entry] && Family(typ) != 0 && Family(typ) == Family(element) &&
			p.equality(op, args[0]) && p.cat.Equality(op, p.compared(element)) {
			p.of.add(left, Params{{param, true}: true})
		}
	}
}

// elements pins the columns of unnest($1) in FROM.
func (p Pins) elements(number int, entry *tree.Node) {
	first := 1
	for _, f := range entry.List("functions") {
		if param := p.unnested(f.Child("funcexpr")); f.Number("funccolcount") == 1 {
			p.of.add(column{number, first, 0}, Params{{param, true}: true})
		}
		first += f.Number("funccolcount")
	}
}

// unnested returns the placeholder whose elements a call of unnest returns, or 0. Beside
// another that returns more it returns NULLs too.
func (p *Prover) unnested(n *tree.Node) int {
	if args := n.List("args"); n.Is("FUNCEXPR") && n.OID("funcid") == unnestOID && len(args) == 1 {
		param, _ := p.list(args[0])
		return param
	}
	return 0
}

// list returns the placeholder that an array is, and the type of its elements: 0 when it is
// none, or when elements are not taken as they are.
func (p *Prover) list(n *tree.Node) (param int, element catalog.OID) {
	if n.Is("ARRAYCOERCEEXPR") && p.Bare(n.Child("elemexpr")).Is("CASETESTEXPR") {
		n = n.Child("arg")
	}
	typ, _ := p.cat.ExprType(n)
	if t := p.cat.Type(typ); isPlaceholder(n) && t != nil && t.Array {
		return n.Number("paramid"), t.Element
	}
	return 0, 0
}
