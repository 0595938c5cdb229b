package pages

import (
	"fmt"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

// analysis is the work on one statement.
type analysis struct {
	cat  *catalog.Catalog
	st   *project.Statement
	note *project.Annotation
	sel  *pg.SelectStmt
	from []*source
	odd  bool // FROM has a join that is not understood
	// equal are the equalities that hold for every row, or for every row of a
	// left join's right side.
	equal []equality
	where []*pg.Node // the conjuncts of WHERE
	keys  []key
	limit int

	mutant mutant
}

// key is a key of the order and the column that it is.
type key struct {
	Key
	ref columnRef
}

func (k key) column() *catalog.Column { return k.ref.source.column(k.ref.name) }

// parse reads the parts of the statement that paging looks at.
func parse(cat *catalog.Catalog, st *project.Statement, m mutant) (*analysis, error) {
	a := &analysis{cat: cat, st: st, note: st.Annotation("page"), mutant: m}
	tree, err := syntax.Parse(st.SQL)
	if err != nil {
		return nil, a.refuse(-1, "the statement cannot be parsed: %v", err)
	}
	if st.Command != ":many" || len(tree.GetStmts()) != 1 {
		return nil, a.refuse(-1, "only a SELECT with the command :many has pages")
	}
	a.sel = tree.GetStmts()[0].GetStmt().GetSelectStmt()
	if a.sel == nil || a.sel.GetOp() != pg.SetOperation_SETOP_NONE || len(a.sel.GetValuesLists()) > 0 {
		return nil, a.refuse(-1, "only a plain SELECT has pages, without UNION and its kin: put those in a view or a subquery")
	}
	switch {
	case len(a.sel.GetDistinctClause()) > 0:
		return nil, a.refuse(-1, "DISTINCT is not understood here: group by the keys")
	case a.sel.GetLimitOffset() != nil:
		return nil, a.refuse(-1, "a page is found by its keys: OFFSET would skip rows of it")
	case a.sel.GetLimitOption() == pg.LimitOption_LIMIT_OPTION_WITH_TIES:
		return nil, a.refuse(-1, "FETCH … WITH TIES would make pages of any length")
	}
	for _, n := range a.sel.GetLockingClause() {
		if n.GetLockingClause().GetWaitPolicy() == pg.LockWaitPolicy_LockWaitSkip {
			return nil, a.refuse(-1, "SKIP LOCKED would leave out rows that others hold, for good")
		}
	}
	for _, item := range a.sel.GetFromClause() {
		a.addFrom(item, false)
	}
	if a.odd {
		return nil, a.refuse(-1, "of joins only JOIN and LEFT JOIN, with ON or USING, are understood")
	}
	a.where = conjuncts(a.sel.GetWhereClause())
	for _, c := range a.where {
		a.addEquality(c, nil)
	}
	return a, nil
}

// conjuncts parts an expression at its ANDs.
func conjuncts(n *pg.Node) []*pg.Node {
	if n == nil {
		return nil
	}
	if and := n.GetBoolExpr(); and != nil && and.GetBoolop() == pg.BoolExprType_AND_EXPR {
		var list []*pg.Node
		for _, arg := range and.GetArgs() {
			list = append(list, conjuncts(arg)...)
		}
		return list
	}
	return []*pg.Node{n}
}

// param returns the number of the placeholder that an expression is, perhaps cast;
// 0 when it is none.
func param(n *pg.Node) int {
	for n.GetTypeCast() != nil {
		n = n.GetTypeCast().GetArg()
	}
	return int(n.GetParamRef().GetNumber())
}

// keeps reports whether an expression that is a placeholder has all of its value:
// it is cast to the column's type, if at all.
func (a *analysis) keeps(n *pg.Node, c *catalog.Column) bool {
	cast := n.GetTypeCast()
	if cast == nil || a.is(ignoresTypes) {
		return true
	}
	tree, err := syntax.Parse("SELECT NULL::" + c.TypeName)
	if err != nil || cast.GetArg().GetParamRef() == nil {
		return false
	}
	of := tree.GetStmts()[0].GetStmt().GetSelectStmt().GetTargetList()[0].GetResTarget().GetVal().GetTypeCast().GetTypeName()
	got := cast.GetTypeName()
	name, mod := typeName(got), typeMods(got)
	return (name == typeName(of) || texts[name] && texts[typeName(of)]) && (mod == "" || mod == typeMods(of)) && len(got.GetArrayBounds()) == len(of.GetArrayBounds())
}

var texts = map[string]bool{"text": true, "varchar": true}

// typeName returns a type's name without its schema.
func typeName(t *pg.TypeName) string {
	if len(t.GetNames()) == 0 {
		return ""
	}
	return t.GetNames()[len(t.GetNames())-1].GetString_().GetSval()
}

// typeMods writes the length or precision of a type; "" when it has none.
func typeMods(t *pg.TypeName) string {
	var list []string
	for _, m := range t.GetTypmods() {
		list = append(list, fmt.Sprint(m.GetAConst().GetIval().GetIval()))
	}
	return strings.Join(list, ",")
}

// uses counts how often a placeholder occurs under a node.
func uses(n any, number int) int {
	count := 0
	syntax.Walk(n, func(n any) bool {
		if p, ok := n.(*pg.ParamRef); ok && int(p.GetNumber()) == number {
			count++
		}
		return true
	})
	return count
}

// operator returns the name of a plain operator with two sides; "" for others, and
// for one of a schema that was named.
func operator(e *pg.A_Expr) string {
	if e.GetKind() != pg.A_Expr_Kind_AEXPR_OP || len(e.GetName()) != 1 || e.GetLexpr() == nil {
		return ""
	}
	return e.GetName()[0].GetString_().GetSval()
}

// names returns the parts of a column's name; nil when one is a star.
func names(ref *pg.ColumnRef) []string {
	var list []string
	for _, f := range ref.GetFields() {
		if f.GetString_() == nil {
			return nil
		}
		list = append(list, f.GetString_().GetSval())
	}
	return list
}

// sameParam reports whether a Go parameter was made of a name of SQL's.
func sameParam(goName, sql string) bool {
	return strings.EqualFold(strings.ReplaceAll(goName, "_", ""), strings.ReplaceAll(sql, "_", ""))
}
