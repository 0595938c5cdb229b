package syntax

import (
	"maps"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// harmless are the kinds of PL/pgSQL statements that do nothing to data beyond
// the expressions and statements under them. A kind that is not here, not in
// assigns and not in dynamic makes the body unknown.
var harmless = map[string]bool{
	"block": true, "if": true, "case": true, "loop": true, "while": true, "fori": true, "fors": true, "forc": true,
	"foreach_a": true, "exit": true, "return": true, "return_next": true, "return_query": true, "raise": true, "assert": true,
	"execsql": true, "open": true, "fetch": true, "close": true, "perform": true, "call": true, "commit": true, "rollback": true,
	"assign": true, "getdiag": true, "dynexecute": true, "dynfors": true,
}

// dynamic maps the fields that hold a text to be run to what they belong to.
var dynamic = map[string]string{
	"PLpgSQL_stmt_dynexecute.query":      "EXECUTE",
	"PLpgSQL_stmt_dynfors.query":         "FOR … IN EXECUTE",
	"PLpgSQL_stmt_return_query.dynquery": "RETURN QUERY EXECUTE",
	"PLpgSQL_stmt_open.dynquery":         "OPEN … FOR EXECUTE",
}

// walk collects from a node and all under it.
func (p *plpgsql) walk(tree any) {
	switch t := tree.(type) {
	case []any:
		for _, v := range t {
			p.walk(v)
		}
	case object:
		for _, kind := range slices.Sorted(maps.Keys(t)) {
			inner, _ := t[kind].(object)
			if inner == nil {
				p.walk(t[kind])
				continue
			}
			p.kind(kind, inner)
		}
	}
}

// kind collects from a node of a named kind, or from a field that holds one.
func (p *plpgsql) kind(kind string, n object) {
	if kind == "PLpgSQL_expr" {
		p.expr(n)
		return
	}
	if stmt, is := strings.CutPrefix(kind, "PLpgSQL_stmt_"); is && !harmless[stmt] {
		p.body.unknown("a PL/pgSQL statement of kind " + stmt + " is not followed")
		p.body.AltersAny = true
	}
	p.assigns(kind, n)
	for _, field := range slices.Sorted(maps.Keys(n)) {
		if what, is := dynamic[kind+"."+field]; is {
			p.text(what, n[field])
			continue
		}
		p.walk(object{field: n[field]})
	}
}

// assigns notes what a statement assigns.
func (p *plpgsql) assigns(kind string, n object) {
	switch kind {
	case "PLpgSQL_stmt_assign", "PLpgSQL_stmt_foreach_a":
		p.alters(n["varno"])
	case "PLpgSQL_diag_item":
		p.alters(n["target"])
	case "PLpgSQL_stmt_call": // its INOUT arguments are not in the tree
		p.body.AltersAny = true
	}
	for _, field := range []string{"target", "var", "row"} {
		if p.mutant == noTargets {
			return
		}
		target, _ := n[field].(object)
		if rec, ok := target["PLpgSQL_rec"].(object); ok && rec["refname"] == "new" {
			p.body.AltersAny = true
		}
		row, _ := target["PLpgSQL_row"].(object)
		members, _ := row["fields"].([]any)
		for _, m := range members {
			member, _ := m.(object)
			p.alters(member["varno"])
		}
	}
}

// expr collects from SQL in a body.
func (p *plpgsql) expr(n object) {
	query, _ := n["query"].(string)
	mode, _ := n["parseMode"].(float64)
	switch mode {
	case 0: // a statement
		p.body.Add(Text(query))
	case 1: // a type's name
	case 2: // an expression
		p.body.Add(Text("SELECT " + query))
	default: // an assignment
		target, value, ok := cutAssignment(query)
		if !ok {
			p.body.unknown("an assignment cannot be parsed")
			return
		}
		p.body.Add(Text("SELECT " + value))
		if strings.Contains(target, "[") {
			p.body.Add(Text("SELECT " + target))
		}
	}
}

// cutAssignment cuts target := value at the first := or = that is not inside of
// brackets.
func cutAssignment(query string) (target, value string, ok bool) {
	tokens, err := scan(query)
	if err != nil {
		return "", "", false
	}
	depth := 0
	for _, t := range tokens.GetTokens() {
		switch text := query[t.GetStart():t.GetEnd()]; text {
		case "[", "(":
			depth++
		case "]", ")":
			depth--
		case ":=", "=":
			if depth == 0 {
				return query[:t.GetStart()], query[t.GetEnd():], true
			}
		}
	}
	return "", "", false
}

func scan(query string) (tokens *pg.ScanResult, err error) {
	defer recovered(&err)
	return pg.Scan(query)
}

// text collects from a text that is run: a constant is read, anything else is
// unknown.
func (p *plpgsql) text(what string, field any) {
	holder, _ := field.(object)
	n, _ := holder["PLpgSQL_expr"].(object)
	query, _ := n["query"].(string)
	constant, ok := constant(query)
	if p.mutant == trustsText {
		return
	}
	if !ok {
		p.body.unknown(what + " runs a text that is put together at run time")
		p.walk(field)
		return
	}
	p.body.Add(Text(constant))
}

// constant returns the value of an expression that is one string.
func constant(expr string) (string, bool) {
	tree, err := Parse("SELECT " + expr)
	if err != nil || len(tree.GetStmts()) != 1 {
		return "", false
	}
	s := tree.GetStmts()[0].GetStmt().GetSelectStmt()
	if len(s.GetTargetList()) != 1 || s.GetFromClause() != nil || s.GetWhereClause() != nil {
		return "", false
	}
	c, ok := s.GetTargetList()[0].GetResTarget().GetVal().GetAConst().GetVal().(*pg.A_Const_Sval)
	if !ok {
		return "", false
	}
	return c.Sval.GetSval(), true
}
