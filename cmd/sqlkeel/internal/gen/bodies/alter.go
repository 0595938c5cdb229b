package bodies

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/plpgsql"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// alters notes the columns of NEW that a piece assigns.
func (r *routine) alters(p *plpgsql.Piece) {
	if r.new == nil {
		return
	}
	for _, t := range p.Into {
		switch {
		case t.Variable != r.new:
		case len(t.Fields) == 0:
			r.out.AltersAny = true
		case !slices.Contains(r.out.Alters, t.Fields[0]):
			r.out.Alters = append(r.out.Alters, t.Fields[0])
		}
	}
	if strings.EqualFold(sqltext.Verb(p.SQL), "call") { // it may assign its arguments
		for _, a := range r.mention(p.SQL, p.Scope).arguments {
			r.out.AltersAny = r.out.AltersAny || a.variable == r.new
		}
	}
}

// returned looks at what a trigger returns: NEW, OLD and nothing leave the row alone.
func (r *routine) returned(columns []column, args []argument) {
	for _, c := range columns {
		if !r.rowItself(c.expr, args) {
			r.out.AltersAny = true
		}
	}
}

func (r *routine) rowItself(n *tree.Node, args []argument) bool {
	all := func(list []*tree.Node) bool {
		return !slices.ContainsFunc(list, func(e *tree.Node) bool { return !r.rowItself(e, args) })
	}
	switch {
	case n.Is("PARAM"):
		i := n.Number("paramid") - 1
		return i >= 0 && i < len(args) && (args[i].variable == r.new || args[i].variable == r.old)
	case n.Is("CONST"):
		return n.Yes("constisnull")
	case n.Is("COALESCEEXPR"):
		return all(n.List("args"))
	case n.Is("CASEEXPR"):
		results := []*tree.Node{n.Child("defresult")}
		for _, w := range n.List("args") {
			results = append(results, w.Child("result"))
		}
		return all(results)
	case n == nil:
		return true // a CASE without ELSE gives NULL
	case n.Is("RELABELTYPE", "COERCEVIAIO", "CONVERTROWTYPEEXPR"):
		return n.Child("arg").Is("CONST") && n.Child("arg").Yes("constisnull")
	}
	return false
}
