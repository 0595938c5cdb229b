package variants

import (
	"regexp"
	"strconv"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// truth is what a condition is.
type truth uint8

const (
	unknown truth = iota // NULL
	yes
	no
)

func (t truth) not() truth { return [...]truth{unknown, no, yes}[t] }

// test is a condition on the value of one parameter.
type test struct {
	param   int
	values  []generated.Value
	answers []truth // for each of values
	rest    truth   // for any other value
}

func (t *test) answer(v generated.Value) truth {
	for i := range t.values {
		if t.values[i] == v {
			return t.answers[i]
		}
	}
	return t.rest
}

func (t *test) on(answer truth, values ...generated.Value) *test {
	for _, v := range values {
		t.values, t.answers = append(t.values, v), append(t.answers, answer)
	}
	return t
}

// not is the opposite test.
func (t *test) not() *test {
	if t == nil {
		return nil
	}
	for i, a := range t.answers {
		t.answers[i] = a.not()
	}
	t.rest = t.rest.not()
	return t
}

var (
	null  = generated.Value{Kind: generated.Null}
	none  = generated.Value{Kind: generated.Empty}
	right = generated.Value{Kind: generated.Bool, Int: 1}
	wrong = generated.Value{Kind: generated.Bool}
)

// tests reads tests in a statement whose placeholders have some kinds.
type tests struct{ kinds []kind }

// kind is what the values of a placeholder are, as far as they choose.
type kind uint8

const (
	anything kind = iota // it is only NULL or not
	text
	integer
	boolean
	uniqueID
	array
)

// read returns the test that a text is, or nil. PostgreSQL's own tree decides later
// whether it is one: what is taken for one here need only look like it.
func (ts tests) read(sql string) *test {
	n := expression(sql)
	if p := param(n); p > 0 && ts.kind(p) == boolean {
		return truthOf(p)
	}
	if t := n.GetNullTest(); t != nil {
		is := ts.isNull(t.Arg)
		if t.Nulltesttype == pg.NullTestType_IS_NOT_NULL {
			is = is.not()
		}
		return is
	}
	if t := n.GetBooleanTest(); t != nil {
		return ts.booleanTest(t)
	}
	if e := n.GetAExpr(); e != nil && len(e.Name) == 1 {
		return ts.comparison(e)
	}
	if c := n.GetCoalesceExpr(); c != nil && len(c.Args) == 2 { // coalesce($1, false)
		if p := param(c.Args[0]); p > 0 && ts.kind(p) == boolean {
			switch v, ok := ts.value(c.Args[1], p); {
			case ok && v == right:
				return (&test{param: p, rest: no}).on(yes, null, right).on(no, wrong)
			case ok && v == wrong:
				return (&test{param: p, rest: no}).on(yes, right).on(no, null, wrong)
			}
		}
	}
	return nil
}

// expression parses an expression; nil when it is none.
func expression(sql string) *pg.Node {
	tree, err := pg.Parse("SELECT " + sql)
	if err != nil || len(tree.Stmts) != 1 {
		return nil
	}
	targets := tree.Stmts[0].Stmt.GetSelectStmt().GetTargetList()
	if len(targets) != 1 {
		return nil
	}
	return targets[0].GetResTarget().GetVal()
}

// param returns the placeholder that a node is, cast or not; 0 when it is none.
func param(n *pg.Node) int {
	if c := n.GetTypeCast(); c != nil {
		n = c.Arg
	}
	return int(n.GetParamRef().GetNumber())
}

func (ts tests) kind(param int) kind {
	if param > len(ts.kinds) {
		return anything
	}
	return ts.kinds[param-1]
}

func truthOf(param int) *test {
	return (&test{param: param, rest: no}).on(unknown, null).on(yes, right).on(no, wrong)
}

// isNull is the test of an operand of IS NULL.
func (ts tests) isNull(n *pg.Node) *test {
	if p := param(n); p > 0 {
		return (&test{param: p, rest: no}).on(yes, null)
	}
	if p, call := counted(n); p > 0 && call == "array_length" {
		return (&test{param: p, rest: no}).on(yes, null, none)
	}
	if e := n.GetAExpr(); e.GetKind() == pg.A_Expr_Kind_AEXPR_NULLIF {
		if p := param(e.Lexpr); p > 0 {
			if v, ok := ts.value(e.Rexpr, p); ok {
				return (&test{param: p, rest: no}).on(yes, null, v)
			}
		}
	}
	return nil
}

func (ts tests) booleanTest(t *pg.BooleanTest) *test {
	p := param(t.Arg)
	if p == 0 || ts.kind(p) != boolean {
		return nil
	}
	is := &test{param: p, rest: no}
	switch t.Booltesttype {
	case pg.BoolTestType_IS_TRUE, pg.BoolTestType_IS_NOT_TRUE:
		is.on(no, null, wrong).on(yes, right)
	case pg.BoolTestType_IS_FALSE, pg.BoolTestType_IS_NOT_FALSE:
		is.on(no, null, right).on(yes, wrong)
	default:
		is.on(yes, null).on(no, right, wrong)
	}
	switch t.Booltesttype {
	case pg.BoolTestType_IS_NOT_TRUE, pg.BoolTestType_IS_NOT_FALSE, pg.BoolTestType_IS_NOT_UNKNOWN:
		return is.not()
	}
	return is
}

// comparison reads $1 = 'a', 'a' = $1, $1 IN ('a', 'b'), and counts of elements.
func (ts tests) comparison(e *pg.A_Expr) *test {
	name := e.Name[0].GetString_().GetSval()
	left, right := e.Lexpr, e.Rexpr
	switch e.Kind {
	case pg.A_Expr_Kind_AEXPR_IN:
		return ts.equal(param(left), right.GetList().GetItems(), name)
	case pg.A_Expr_Kind_AEXPR_OP:
		if p := param(left); p > 0 {
			return ts.equal(p, []*pg.Node{right}, name)
		}
		if p := param(right); p > 0 {
			return ts.equal(p, []*pg.Node{left}, name)
		}
		if zero := right.GetAConst().GetIval(); zero != nil && zero.Ival == 0 {
			return elements(left, name)
		}
	}
	return nil
}

// equal is the test whether a parameter is one of some values; name is = or <>.
func (ts tests) equal(param int, list []*pg.Node, name string) *test {
	if param == 0 || len(list) == 0 || name != "=" && name != "<>" {
		return nil
	}
	t := (&test{param: param, rest: no}).on(unknown, null)
	for _, n := range list {
		v, ok := ts.value(n, param)
		if !ok {
			return nil
		}
		t.on(yes, v)
	}
	if ts.kind(param) == boolean {
		t.on(no, right, wrong) // the one that is listed answers first
	}
	if name == "<>" {
		return t.not()
	}
	return t
}

// elements is the comparison of a number of elements with 0.
func elements(n *pg.Node, name string) *test {
	coalesced := false
	if c := n.GetCoalesceExpr(); c != nil && len(c.Args) == 2 {
		if zero := c.Args[1].GetAConst().GetIval(); zero == nil || zero.Ival != 0 {
			return nil
		}
		n, coalesced = c.Args[0], true
	}
	p, call := counted(n)
	if p == 0 {
		return nil
	}
	t := &test{param: p, rest: no}
	switch {
	case coalesced:
		t.on(yes, null, none)
	case call == "array_length":
		t.on(unknown, null, none)
	default:
		t.on(unknown, null).on(yes, none)
	}
	switch name {
	case "=", "<=":
		return t
	case "<>", ">":
		return t.not()
	}
	return nil
}

// counted returns the array whose elements a call counts, and the function.
func counted(n *pg.Node) (p int, call string) {
	f := n.GetFuncCall()
	if f == nil || len(f.Args) == 0 || len(f.Funcname) == 0 {
		return 0, ""
	}
	switch name := f.Funcname[len(f.Funcname)-1].GetString_().GetSval(); {
	case name == "cardinality" && len(f.Args) == 1, name == "array_length" && len(f.Args) == 2 && f.Args[1].GetAConst().GetIval().GetIval() == 1:
		return param(f.Args[0]), name
	}
	return 0, ""
}

var canonicalID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// value returns the constant that a node is, as a value of a parameter.
func (ts tests) value(n *pg.Node, param int) (v generated.Value, ok bool) {
	if c := n.GetTypeCast(); c != nil {
		n = c.Arg
	}
	c := n.GetAConst()
	if c == nil || c.Isnull {
		return v, false
	}
	s, isText := c.Val.(*pg.A_Const_Sval)
	switch ts.kind(param) {
	case text:
		return generated.Value{Kind: generated.String, Text: c.GetSval().GetSval()}, isText
	case uniqueID:
		return generated.Value{Kind: generated.String, Text: c.GetSval().GetSval()}, isText && canonicalID.MatchString(s.Sval.Sval)
	case array:
		return none, isText && s.Sval.Sval == "{}"
	case boolean:
		b, is := c.Val.(*pg.A_Const_Boolval)
		return generated.Truth(is && b.Boolval.Boolval, true), is
	case integer:
		if i, is := c.Val.(*pg.A_Const_Ival); is {
			return generated.Number(int64(i.Ival.Ival), true), true
		}
		i, err := strconv.ParseInt(c.GetFval().GetFval()+c.GetSval().GetSval(), 10, 64)
		return generated.Number(i, true), err == nil
	}
	return v, false
}
