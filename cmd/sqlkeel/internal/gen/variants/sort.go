package variants

import (
	"fmt"
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// sorted is a SELECT with ORDER BY.
type sorted struct {
	query  *pg.SelectStmt
	in     scope
	items  []*item
	pieces [][2]int // tokens of each key
}

// item is a key of ORDER BY that is a CASE over the sort parameter.
type item struct {
	by   *pg.SortBy
	cas  *pg.CaseExpr
	when *pg.CaseWhen
	// literals are those for which a simple item is its key; nil for one that stays
	// and whose tests are folded.
	literals []string
	tests    []*choosing
}

// choosing is a comparison of a parameter with literals.
type choosing struct {
	expr     *pg.A_Expr
	param    *pg.ParamRef
	literals []string
}

// findItems looks for the sort parameter, and for the keys that it chooses.
func (f *finder) findItems() {
	var tests []*choosing
	for _, s := range f.sorts {
		tests = append(tests, f.findChoosing(s)...)
	}
	param := chief(tests)
	if param == 0 || !f.sortable(param, tests) {
		for _, s := range f.sorts {
			s.items = nil
		}
		return
	}
	var literals []string
	used := map[*pg.ParamRef]bool{}
	for _, s := range f.sorts {
		s.items = slices.DeleteFunc(s.items, func(it *item) bool { return !f.keep(it, param, s) })
		if len(s.items) == 0 || !f.findPieces(s) {
			s.items = nil
			continue
		}
		for _, it := range s.items {
			for _, c := range it.tests {
				literals, used[c.param] = append(literals, c.literals...), true
			}
		}
		f.items = append(f.items, s.items...)
	}
	if len(f.items) > 0 {
		f.sort = f.sortOf(param, literals, used)
	}
}

func (f *finder) sortOf(param int, literals []string, used map[*pg.ParamRef]bool) *Sort {
	p := f.statement.Params[param-1]
	s := &Sort{Name: p.Name, Param: param, GoType: p.Type}
	s.Value, _ = value(f.statement.Package, p.Type)
	for _, l := range literals {
		if !slices.Contains(s.Literals, l) {
			s.Literals = append(s.Literals, l)
		}
	}
	for _, ref := range f.source.params {
		s.Open = s.Open || int(ref.Number) == param && !used[ref]
	}
	return s
}

// findChoosing collects the comparisons of parameters with literals in the CASE keys
// of a query.
func (f *finder) findChoosing(s *sorted) (all []*choosing) {
	for _, n := range s.query.SortClause {
		by, ok := inner(n).(*pg.SortBy)
		if !ok {
			continue
		}
		cas, ok := inner(by.Node).(*pg.CaseExpr)
		if !ok {
			continue
		}
		it := &item{by: by, cas: cas}
		for _, w := range cas.Args {
			it.when, _ = inner(w).(*pg.CaseWhen)
			it.tests = append(it.tests, f.choosings(cas.Arg, it.when)...)
		}
		if len(it.tests) > 0 {
			s.items, all = append(s.items, it), append(all, it.tests...)
		} else if p := firstParam(cas); p != nil {
			f.remark(cas.Location, "a key of ORDER BY is not pruned: it does not compare a parameter with literals")
		}
	}
	return all
}

func firstParam(v any) (p *pg.ParamRef) {
	walk(v, func(v any) bool {
		if r, ok := v.(*pg.ParamRef); ok && p == nil {
			p = r
		}
		return p == nil
	})
	return p
}

// choosings returns the comparisons that a WHEN makes: it is one, or several joined
// by AND and OR.
func (f *finder) choosings(arg *pg.Node, when *pg.CaseWhen) (all []*choosing) {
	if when == nil {
		return nil
	}
	if arg != nil {
		p, cast := parameter(arg)
		if l, ok := f.literal(when.Expr, p); ok && f.plainText(p, cast) {
			return []*choosing{{param: p, literals: []string{l}}}
		}
		return nil
	}
	switch e := inner(when.Expr).(type) {
	case *pg.A_Expr:
		if c := f.comparison(e); c != nil {
			return []*choosing{c}
		}
	case *pg.BoolExpr:
		if e.Boolop == pg.BoolExprType_NOT_EXPR {
			return nil
		}
		for _, a := range e.Args {
			all = append(all, f.choosings(nil, &pg.CaseWhen{Expr: a})...)
		}
	}
	return all
}

// comparison reads $n = 'literal', 'literal' = $n and $n IN ('literal', …).
func (f *finder) comparison(e *pg.A_Expr) *choosing {
	if len(e.Name) != 1 || e.Name[0].GetString_().GetSval() != "=" {
		return nil
	}
	c := &choosing{expr: e}
	left, right := e.Lexpr, e.Rexpr
	p, cast := parameter(left)
	if p == nil && e.Kind == pg.A_Expr_Kind_AEXPR_OP {
		left, right = right, left
		p, cast = parameter(left)
	}
	if p == nil || !f.plainText(p, cast) {
		return nil
	}
	c.param = p
	values := []*pg.Node{right}
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_OP:
	case pg.A_Expr_Kind_AEXPR_IN:
		values = right.GetList().GetItems()
	default:
		return nil
	}
	for _, v := range values {
		l, ok := f.literal(v, p)
		if !ok {
			return nil
		}
		c.literals = append(c.literals, l)
	}
	return c
}

// literal returns the text of a literal that is compared with a parameter.
func (f *finder) literal(n *pg.Node, p *pg.ParamRef) (text string, ok bool) {
	if p == nil {
		return "", false
	}
	if cast, is := inner(n).(*pg.TypeCast); is {
		if !sameType(cast.TypeName, f.source.casts[p.Number-1]) || len(cast.TypeName.Typmods) > 0 {
			return "", false
		}
		n = cast.Arg
	}
	c, is := inner(n).(*pg.A_Const)
	if !is {
		return "", false
	}
	s, is := c.Val.(*pg.A_Const_Sval)
	if !is {
		return "", false
	}
	return s.Sval.GetSval(), true
}

// plainText reports whether a parameter equals a literal when, and only when, its Go
// text does: citext and char(n) call other texts equal, and so does a cast that cuts.
func (f *finder) plainText(p *pg.ParamRef, cast *pg.TypeName) bool {
	if p == nil {
		return false
	}
	t := f.format[p.Number-1]
	if t != "text" && t != "character varying" && !f.schema.enums[t] {
		return false
	}
	return cast == nil || sameType(cast, f.source.casts[p.Number-1]) && len(cast.Typmods) == 0
}

// chief returns the parameter that most comparisons ask for, 0 without any.
func chief(tests []*choosing) (param int) {
	count := map[int]int{}
	for _, c := range tests {
		n := int(c.param.Number)
		count[n]++
		if param == 0 || count[n] > count[param] {
			param = n
		}
	}
	return param
}

// sortable reports, and remarks why not, whether the text of a parameter can be seen.
func (f *finder) sortable(param int, tests []*choosing) bool {
	p := f.statement.Params[param-1]
	for _, c := range tests {
		if n := int(c.param.Number); n != param {
			f.remark(c.param.Location, fmt.Sprintf("the order is not pruned for %s: one parameter may choose it, and %s does", f.statement.Params[n-1].Name, p.Name))
			break
		}
	}
	if _, why := value(f.statement.Package, p.Type); why != "" {
		f.remark(tests[0].param.Location, fmt.Sprintf("the order by %s is not pruned: %s", p.Name, why))
		return false
	}
	return true
}

// keep reports whether a key is to be pruned for a parameter, and makes it simple
// when it has but one branch.
func (f *finder) keep(it *item, param int, s *sorted) bool {
	it.tests = slices.DeleteFunc(it.tests, func(c *choosing) bool { return int(c.param.Number) != param })
	if len(it.tests) == 0 {
		return false
	}
	q := s.query
	if len(q.DistinctClause) > 0 || q.Op != pg.SetOperation_SETOP_NONE {
		f.remark(it.cas.Location, "a key of ORDER BY is not pruned: that of SELECT DISTINCT and of set operations has to stay as it is")
		return false
	}
	if s.in.aggregated {
		f.remark(it.cas.Location, "a key of ORDER BY in an aggregate of a subquery is not pruned: without it the aggregate may belong to another query")
		return false
	}
	if f.aggregates(it.cas) && (s.in.correlated || len(q.GroupClause) == 0) {
		f.remark(it.cas.Location, "a key of ORDER BY is not pruned: without its aggregate the query may group otherwise")
		return false
	}
	alone := len(it.cas.Args) == 1 && (it.cas.Defresult == nil || isNull(it.cas.Defresult))
	switch {
	case alone && len(it.tests) == 1 && (it.cas.Arg != nil || inner(it.when.Expr) == any(it.tests[0].expr)):
		it.literals = it.tests[0].literals
	case it.cas.Arg != nil:
		f.remark(it.cas.Location, "a key of ORDER BY is not pruned: write CASE WHEN parameter = 'literal' THEN …")
		return false
	}
	return true
}

func isNull(n *pg.Node) bool {
	c, ok := inner(n).(*pg.A_Const)
	return ok && c.Isnull
}

// bare reports whether a key may stand in ORDER BY without CASE. A name alone would
// mean a column of the result, a constant the number of one.
func bare(n *pg.Node) bool {
	switch v := inner(n).(type) {
	case *pg.ColumnRef:
		return len(v.Fields) > 1
	case *pg.FuncCall, *pg.A_Expr:
		return true
	}
	return false
}

// tree adds what the key is in a variant to swap.
func (it *item) tree(has func(literals []string) bool, swap map[any]any) {
	switch {
	case it.literals == nil:
		for _, c := range it.tests {
			swap[c.expr] = constant(has(c.literals))
		}
	case !has(it.literals):
		swap[it.by] = nil
	case bare(it.when.Result):
		swap[it.cas] = it.when.Result
	default:
		branch := &pg.CaseWhen{Expr: &pg.Node{Node: &pg.Node_AConst{AConst: constant(true)}}, Result: it.when.Result}
		swap[it.cas] = &pg.CaseExpr{Args: []*pg.Node{{Node: &pg.Node_CaseWhen{CaseWhen: branch}}}}
	}
}
