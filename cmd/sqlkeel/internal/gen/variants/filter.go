package variants

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// group is a disjunction with NULL tests of parameters.
type group struct {
	or     *pg.BoolExpr
	tests  []*pg.NullTest
	params []int // those of tests, without repeats
	first  int   // tokens
	last   int
	pieces [][2]int // tokens of the other disjuncts
	bits   []generated.Mask
}

// ends are the tokens at which a condition ends.
var ends = []pg.Token{
	comma, semicolon, pg.Token_WHERE, pg.Token_ON, pg.Token_HAVING, pg.Token_WHEN, pg.Token_THEN, pg.Token_ELSE, pg.Token_GROUP_P,
	pg.Token_WINDOW, pg.Token_ORDER, pg.Token_LIMIT, pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_UNION, pg.Token_INTERSECT,
	pg.Token_EXCEPT, pg.Token_RETURNING, pg.Token_AS, pg.Token_JOIN, pg.Token_CROSS, pg.Token_NATURAL, pg.Token_INNER_P, pg.Token_LEFT,
	pg.Token_RIGHT, pg.Token_FULL,
}

func (f *finder) visitDisjunction(or *pg.BoolExpr, in scope) {
	g := &group{or: or}
	var rest []*pg.Node
	for _, a := range or.Args {
		if t, ok := inner(a).(*pg.NullTest); ok {
			if p := nullTested(t); p != nil {
				g.tests = append(g.tests, t)
				if !slices.Contains(g.params, int(p.Number)) {
					g.params = append(g.params, int(p.Number))
				}
				continue
			}
		}
		rest = append(rest, a)
	}
	if len(g.tests) == 0 {
		f.switches(or)
		return
	}
	if why := f.refused(g, rest, in); why != "" {
		f.remark(or.Location, why)
		return
	}
	f.groups = append(f.groups, g)
}

// nullTested returns the parameter whose NULL a test asks for, cast or not.
func nullTested(t *pg.NullTest) *pg.ParamRef {
	if t.Nulltesttype != pg.NullTestType_IS_NULL {
		return nil
	}
	p, _ := parameter(t.Arg)
	return p
}

// parameter returns the parameter that a node is, with the type to which it is cast.
func parameter(n *pg.Node) (*pg.ParamRef, *pg.TypeName) {
	switch v := inner(n).(type) {
	case *pg.ParamRef:
		return v, nil
	case *pg.TypeCast:
		if p, ok := inner(v.Arg).(*pg.ParamRef); ok {
			return p, v.TypeName
		}
	}
	return nil, nil
}

// refused says why a disjunction stays; it is empty when it may go.
func (f *finder) refused(g *group, rest []*pg.Node, in scope) string {
	for _, t := range g.tests {
		p, cast := parameter(t.Arg)
		if why := f.refusedTest(int(p.Number), cast); why != "" {
			return why
		}
	}
	if in.aggregated {
		return "a filter in an aggregate of a subquery is not pruned: without it the aggregate may belong to another query"
	}
	for _, n := range rest {
		if in.correlated && f.aggregates(n) {
			return "a filter with an aggregate in a subquery is not pruned: the aggregate may belong to the query around it"
		}
	}
	return f.locate(g)
}

// refusedTest says why a NULL test of a parameter, cast or not, does not tell whether
// the argument is NULL.
func (f *finder) refusedTest(param int, cast *pg.TypeName) string {
	name := f.statement.Params[param-1].Name
	if f.schema.composites[f.format[param-1]] {
		return fmt.Sprintf("the filter on %s is not pruned: a row of NULLs is NULL too", name)
	}
	if cast != nil && !sameType(cast, f.source.casts[param-1]) {
		return fmt.Sprintf("the filter on %s is not pruned: its NULL test casts it from %s to another type", name, f.source.types[param-1])
	}
	if cast != nil && len(cast.Typmods) > 0 && lastName(cast) == "numeric" {
		return fmt.Sprintf("the filter on %s is not pruned: the cast of its NULL test refuses values", name)
	}
	if _, why := present(f.statement.Package, f.statement.Params[param-1].Type); why != "" {
		return fmt.Sprintf("the filter on %s is not pruned: %s", name, why)
	}
	return ""
}

// sameType reports whether two type names mean the same type, whatever its length.
func sameType(a, b *pg.TypeName) bool {
	return lastName(a) == lastName(b) && lastName(a) != "" && (len(a.ArrayBounds) > 0) == (len(b.ArrayBounds) > 0) && !a.Setof && !a.PctType
}

func lastName(t *pg.TypeName) string {
	if t == nil || len(t.Names) == 0 {
		return ""
	}
	return t.Names[len(t.Names)-1].GetString_().GetSval()
}

// aggregates reports whether something may hold an aggregate that is not of a query
// in it. Without columns, as in count(*), it is of the query next around it.
func (f *finder) aggregates(n any) (found bool) {
	var own map[*pg.FuncCall]bool
	walk(n, func(v any) bool {
		switch c := v.(type) {
		case *pg.SubLink:
			own = counts(own, c.Subselect)
		case *pg.FuncCall:
			found = found || !own[c] && (c.AggStar || c.AggDistinct || c.AggWithinGroup || len(c.AggOrder) > 0 || f.schema.aggregates[function(c)])
		}
		found = found || strings.Contains(fmt.Sprintf("%T", v), "Agg")
		return !found
	})
	return found
}

// counts adds the calls of f(*) under n to own.
func counts(own map[*pg.FuncCall]bool, n any) map[*pg.FuncCall]bool {
	if own == nil {
		own = map[*pg.FuncCall]bool{}
	}
	walk(n, func(v any) bool {
		if c, ok := v.(*pg.FuncCall); ok && c.AggStar {
			own[c] = true
		}
		return true
	})
	return own
}

// function returns a function's name without its schema.
func function(c *pg.FuncCall) string {
	if len(c.Funcname) == 0 {
		return ""
	}
	return c.Funcname[len(c.Funcname)-1].GetString_().GetSval()
}

// locate finds the tokens of a disjunction and of its disjuncts.
func (f *finder) locate(g *group) string {
	const unclear = "a filter is not pruned: where it begins and ends is not clear, put it into parentheses of its own"
	s := f.source
	at := s.at(int(g.or.Location))
	if !s.is(at, pg.Token_OR) {
		return unclear
	}
	g.first, g.last = s.left(at, ends), s.right(at, ends)
	pieces := s.split(g.first, g.last, pg.Token_OR)
	tested := 0
	for _, p := range pieces {
		if f.isTest(p, g.tests) {
			tested++
			continue
		}
		g.pieces = append(g.pieces, p)
	}
	if tested != len(g.tests) {
		return unclear
	}
	return ""
}

// isTest reports whether a piece of text is one of some NULL tests: it holds the
// placeholder of one. (Tests are disjuncts of their own, so it holds nothing else.)
func (f *finder) isTest(piece [2]int, tests []*pg.NullTest) bool {
	for _, t := range tests {
		p, _ := parameter(t.Arg)
		if at := int(p.Location); f.source.tokens[piece[0]].start <= at && at < f.source.tokens[piece[1]].end {
			return true
		}
	}
	return false
}

// keepFilters gives each parameter of the groups a bit.
func (f *finder) keepFilters(p *Plan) {
	p.groups = f.groups
	var params []int
	for _, g := range f.groups {
		params = append(params, g.params...)
	}
	slices.Sort(params)
	for _, n := range slices.Compact(params) {
		goParam := f.statement.Params[n-1]
		expr, _ := present(f.statement.Package, goParam.Type)
		p.Filters = append(p.Filters, Filter{Name: goParam.Name, Param: n, GoType: goParam.Type, Present: expr})
	}
	for _, g := range f.groups {
		for _, n := range g.params {
			i := slices.IndexFunc(p.Filters, func(x Filter) bool { return x.Param == n })
			g.bits = append(g.bits, 1<<i)
		}
	}
}

// edit replaces the group by TRUE when one of its parameters is NULL, and otherwise
// by what is left of it, in parentheses.
func (f *finder) edit(g *group) edit {
	s := f.source
	e := edit{start: s.tokens[g.first].start, end: s.tokens[g.last].end}
	var before generated.Mask
	for _, bit := range g.bits {
		e.choices = append(e.choices, choice{need: before, absent: bit, parts: []part{{text: "TRUE"}}})
		before |= bit
	}
	e.choices = append(e.choices, choice{need: before, parts: g.rest(s)})
	return e
}

func (g *group) rest(s *source) []part {
	if len(g.pieces) == 0 {
		return []part{{text: "FALSE"}}
	}
	var parts []part
	for i, p := range g.pieces {
		if i > 0 {
			parts = append(parts, part{text: " OR "})
		}
		parts = append(parts, part{start: s.tokens[p[0]].start, end: s.tokens[p[1]].end})
	}
	if s.is(g.first-1, open) && s.is(g.last+1, shut) {
		return parts
	}
	return append(append([]part{{text: "("}}, parts...), part{text: ")"})
}

// tree returns what the group is in a variant.
func (g *group) tree(m generated.Mask) any {
	for _, b := range g.bits {
		if m&b == 0 {
			return constant(true)
		}
	}
	var rest []*pg.Node
	for _, a := range g.or.Args {
		if t, ok := inner(a).(*pg.NullTest); !ok || !slices.Contains(g.tests, t) {
			rest = append(rest, a)
		}
	}
	switch len(rest) {
	case 0:
		return constant(false)
	case 1:
		return rest[0]
	}
	return &pg.BoolExpr{Boolop: g.or.Boolop, Args: rest}
}
