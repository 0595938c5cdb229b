package variants

import (
	pg "github.com/sqlc-dev/oliphant"
)

// switches remarks on disjuncts that depend on parameters alone: they switch the
// disjunction off as a NULL test would.
func (f *finder) switches(or *pg.BoolExpr) {
	for _, a := range or.Args {
		p := firstParam(a)
		if p == nil || !parametersOnly(a) {
			continue
		}
		f.remark(p.Location, "a filter is not pruned: it asks a parameter for something other than NULL; write (sqlc.narg(…) IS NULL OR …)")
	}
}

// parametersOnly reports whether an expression reads no column.
func parametersOnly(n any) bool {
	only := true
	walk(n, func(v any) bool {
		switch v.(type) {
		case *pg.ColumnRef, *pg.SubLink:
			only = false
		}
		return only
	})
	return only
}

// lookAlike remarks on conditions that look like optional filters and are none.
func (f *finder) lookAlike(v any, in scope) {
	if in.clause == elsewhere {
		return
	}
	switch n := v.(type) {
	case *pg.A_Expr:
		column, ok := inner(n.Lexpr).(*pg.ColumnRef)
		c, coalesced := inner(n.Rexpr).(*pg.CoalesceExpr)
		if !ok || !coalesced || len(c.Args) != 2 {
			return
		}
		if p, _ := parameter(c.Args[0]); p != nil && print(c.Args[1], nil) == print(column, nil) {
			f.remark(n.Location, "column = coalesce(parameter, column) is not pruned: it drops rows whose column is NULL; "+
				"write (parameter IS NULL OR column = parameter)")
		}
	case *pg.CaseExpr:
		for _, a := range n.Args {
			w, _ := inner(a).(*pg.CaseWhen)
			if w == nil {
				continue
			}
			if t, ok := inner(w.Expr).(*pg.NullTest); ok && t.Nulltesttype == pg.NullTestType_IS_NULL {
				if p, _ := parameter(t.Arg); p != nil {
					f.remark(n.Location, "a CASE over the NULL of a parameter is not pruned: write (parameter IS NULL OR condition)")
				}
			}
		}
	}
}
