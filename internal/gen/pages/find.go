package pages

import (
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/internal/gen/syntax"
)

// find works out the keys, the place to go on after, and the limit.
func (a *analysis) find() error {
	for _, step := range []func() error{a.findOrder, a.findColumns, a.findLimit, a.findAfter, a.checkTotal} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// findOrder compares ORDER BY with the keys of the annotation.
func (a *analysis) findOrder() error {
	order := a.sel.GetSortClause()
	var written []string
	for i, n := range order {
		by := n.GetSortBy()
		ref, ok := a.orderColumn(by.GetNode())
		if !ok {
			return a.refuse(location(by.GetNode()), "key %d of ORDER BY is no column of a table in FROM", i+1)
		}
		if len(by.GetUseOp()) > 0 {
			return a.refuse(by.GetLocation(), "ORDER BY … USING is not understood")
		}
		written = append(written, ref.name)
		a.keys = append(a.keys, key{ref: ref, Key: Key{Name: ref.name, Descending: by.GetSortbyDir() == pg.SortByDir_SORTBY_DESC}})
	}
	if !slices.Equal(written, a.wanted()) {
		return a.refuse(-1, "ORDER BY is %s, and the keys are %s: they must be the same", list(written), list(a.wanted()))
	}
	for _, k := range a.keys {
		if k.Descending != a.keys[0].Descending {
			return a.refuse(-1, "the keys must all ascend or all descend: rows are compared as a whole, which mixed directions do not allow")
		}
		if column := k.column(); (!column.NotNull || k.ref.source.nullable) && !a.is(ignoresNulls) {
			return a.refuse(-1, "the key %s may be NULL, and nothing comes after NULL: order by columns that are NOT NULL and on no optional side of a join", k.ref)
		}
	}
	return nil
}

// wanted returns the keys of the annotation, without quotes.
func (a *analysis) wanted() []string {
	var list []string
	for _, name := range a.note.Names {
		name = name[strings.LastIndex(name, ".")+1:]
		if strings.HasPrefix(name, `"`) {
			name = strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
		} else {
			name = strings.ToLower(name)
		}
		list = append(list, name)
	}
	return list
}

func list(names []string) string {
	if len(names) == 0 {
		return "empty"
	}
	return strings.Join(names, ", ")
}

// orderColumn returns the column that a key of ORDER BY is. A name without a table
// means an output column first.
func (a *analysis) orderColumn(n *pg.Node) (columnRef, bool) {
	ref := n.GetColumnRef()
	if ref == nil {
		return columnRef{}, false
	}
	if parts := names(ref); len(parts) == 1 {
		for _, t := range a.sel.GetTargetList() {
			name, known := syntax.ColumnName(t.GetResTarget())
			if !known {
				return columnRef{}, false
			}
			if name != parts[0] {
				continue
			}
			if inner := t.GetResTarget().GetVal().GetColumnRef(); inner != nil {
				return a.resolve(inner)
			}
			return columnRef{}, false
		}
	}
	return a.resolve(ref)
}

// findColumns finds the keys in the result.
func (a *analysis) findColumns() error {
	for i := range a.keys {
		k := &a.keys[i]
		for number, t := range a.sel.GetTargetList() {
			ref := t.GetResTarget().GetVal().GetColumnRef()
			if ref == nil {
				continue
			}
			if found, ok := a.resolve(ref); ok && found == k.ref && k.Column == 0 {
				k.Column = number + 1
			}
		}
		if k.Column == 0 {
			return a.refuse(-1, "the key %s is not in the result, so that a cursor cannot be made of a row: select it", k.ref)
		}
	}
	return nil
}

func (a *analysis) findLimit() error {
	a.limit = param(a.sel.GetLimitCount())
	switch {
	case a.limit == 0 || a.limit > len(a.st.Params):
		return a.refuse(location(a.sel.GetLimitCount()), "the limit must be a parameter: write LIMIT @max_rows::integer")
	case uses(a.sel, a.limit) > 1:
		return a.refuse(location(a.sel.GetLimitCount()), "the parameter of LIMIT is used elsewhere too: it is given one more than the page's length")
	}
	return nil
}

// findAfter finds the predicate that compares the keys with the parameters
// after_<key>.
func (a *analysis) findAfter() error {
	for i := range a.keys {
		k := &a.keys[i]
		for number, p := range a.st.Params {
			if sameParam(p.Name, afterName(k.Name)) {
				k.Param = number + 1
			}
		}
		if k.Param == 0 {
			return a.refuse(-1, "there is no parameter %s: the statement needs the condition %s", afterName(k.Name), a.expected())
		}
	}
	for _, c := range a.where {
		if a.isAfter(c) {
			for _, k := range a.keys {
				if uses(a.sel, k.Param) != uses(c, k.Param) {
					return a.refuse(-1, "the parameter %s is used elsewhere too", afterName(k.Name))
				}
			}
			return nil
		}
	}
	return a.refuse(-1, "the statement needs the condition %s, joined to the rest of WHERE by AND", a.expected())
}

// isAfter reports whether a conjunct is the predicate: one or more tests whether
// the place is NULL, and the comparison.
func (a *analysis) isAfter(n *pg.Node) bool {
	or := n.GetBoolExpr()
	if or == nil || or.GetBoolop() != pg.BoolExprType_OR_EXPR {
		return false
	}
	tests, comparisons := 0, 0
	for _, arg := range or.GetArgs() {
		switch {
		case a.isFirst(arg.GetNullTest()):
			tests++
		case a.isComparison(arg.GetAExpr()):
			comparisons++
		default:
			return false
		}
	}
	return tests > 0 && comparisons == 1
}

// isFirst reports whether a test asks if a parameter of the place is NULL.
func (a *analysis) isFirst(t *pg.NullTest) bool {
	if t == nil || t.GetNulltesttype() != pg.NullTestType_IS_NULL {
		return false
	}
	number := param(t.GetArg())
	return slices.ContainsFunc(a.keys, func(k key) bool { return k.Param == number })
}

// isComparison reports whether an expression compares the keys, in their order,
// with their parameters, in their direction.
func (a *analysis) isComparison(e *pg.A_Expr) bool {
	op := ">"
	if a.keys[0].Descending {
		op = "<"
	}
	if e == nil || operator(e) != op {
		return false
	}
	columns, params := []*pg.Node{e.GetLexpr()}, []*pg.Node{e.GetRexpr()}
	if row := e.GetLexpr().GetRowExpr(); row != nil {
		columns, params = row.GetArgs(), e.GetRexpr().GetRowExpr().GetArgs()
	}
	if len(columns) != len(a.keys) || len(params) != len(a.keys) {
		return false
	}
	for i, k := range a.keys {
		ref, ok := a.resolve(columns[i].GetColumnRef())
		if !ok || ref != k.ref || param(params[i]) != k.Param || !a.keeps(params[i], k.column()) {
			return false
		}
	}
	return true
}

// location returns where an expression begins, as far as that is told.
func location(n *pg.Node) int32 {
	switch {
	case n.GetColumnRef() != nil:
		return n.GetColumnRef().GetLocation()
	case n.GetTypeCast() != nil:
		return location(n.GetTypeCast().GetArg())
	case n.GetParamRef() != nil:
		return n.GetParamRef().GetLocation()
	case n.GetAConst() != nil:
		return n.GetAConst().GetLocation()
	case n.GetFuncCall() != nil:
		return n.GetFuncCall().GetLocation()
	case n.GetAExpr() != nil:
		return location(n.GetAExpr().GetLexpr())
	}
	return -1
}
