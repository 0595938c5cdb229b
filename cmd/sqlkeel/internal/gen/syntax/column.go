package syntax

import (
	pg "github.com/sqlc-dev/oliphant"
)

// ColumnName returns the name that PostgreSQL gives to a column of a result: its
// alias, or one that it makes of the expression. It is "" for a column that no name
// means, and for a star; known is false for expressions of kinds whose names are not
// known here.
func ColumnName(t *pg.ResTarget) (name string, known bool) {
	if t.GetName() != "" {
		return t.GetName(), true
	}
	name, _, known = figure(t.GetVal())
	return name, known
}

// figure names an expression. A weak name, that of a type or of CASE, gives way to
// the name of what is around it.
func figure(n *pg.Node) (name string, weak, known bool) {
	switch v := n.GetNode().(type) {
	case *pg.Node_ColumnRef:
		return lastString(v.ColumnRef.Fields), false, true
	case *pg.Node_AIndirection:
		if name = lastString(v.AIndirection.Indirection); name != "" {
			return name, false, true
		}
		return figure(v.AIndirection.Arg)
	case *pg.Node_FuncCall:
		return lastString(v.FuncCall.Funcname), false, true
	case *pg.Node_TypeCast:
		return strong(v.TypeCast.Arg, lastString(v.TypeCast.GetTypeName().GetNames()))
	case *pg.Node_CollateClause:
		return figure(v.CollateClause.Arg)
	case *pg.Node_CaseExpr:
		return strong(v.CaseExpr.Defresult, "case")
	case *pg.Node_SubLink:
		return figureSubLink(v.SubLink)
	case *pg.Node_AExpr:
		if v.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", false, true
		}
		return "", true, true
	case *pg.Node_CoalesceExpr:
		return "coalesce", false, true
	case *pg.Node_MinMaxExpr:
		return map[pg.MinMaxOp]string{pg.MinMaxOp_IS_GREATEST: "greatest", pg.MinMaxOp_IS_LEAST: "least"}[v.MinMaxExpr.Op], false, true
	case *pg.Node_AArrayExpr:
		return "array", false, true
	case *pg.Node_RowExpr:
		return "row", false, true
	case *pg.Node_GroupingFunc:
		return "grouping", false, true
	case nil, *pg.Node_AConst, *pg.Node_ParamRef, *pg.Node_BoolExpr, *pg.Node_NullTest, *pg.Node_BooleanTest:
		return "", true, true
	}
	return "", false, false
}

// strong returns the name of an expression unless that is weak or none.
func strong(n *pg.Node, otherwise string) (name string, weak, known bool) {
	if name, weak, known = figure(n); !known || name != "" && !weak {
		return name, weak, known
	}
	return otherwise, true, true
}

// figureSubLink names EXISTS, ARRAY and a scalar subquery, which has the name of its
// only column.
func figureSubLink(l *pg.SubLink) (name string, weak, known bool) {
	switch l.SubLinkType {
	case pg.SubLinkType_EXISTS_SUBLINK:
		return "exists", false, true
	case pg.SubLinkType_ARRAY_SUBLINK:
		return "array", false, true
	case pg.SubLinkType_EXPR_SUBLINK:
		q := l.Subselect.GetSelectStmt()
		for q.GetLarg() != nil {
			q = q.GetLarg()
		}
		if len(q.GetTargetList()) != 1 {
			return "", false, false
		}
		name, known = ColumnName(q.TargetList[0].GetResTarget())
		return name, false, known
	}
	return "", true, true
}

// lastString returns the last of some names; "" when the last is none.
func lastString(list []*pg.Node) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].GetString_().GetSval()
}
