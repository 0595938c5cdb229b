package variants

import (
	"fmt"
	"slices"
	"strings"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// finder looks through the text of one statement for what its parameters choose.
type finder struct {
	statement  *project.Statement
	source     *source
	conditions []*expr
	orders     []order
	asked      []*test
	kinds      []kind // of the placeholders
	sites      []*site
	params     []*Param // that may choose, in the order of their placeholders
	// hints are parameters of conditions that look as if they chose, and are no tests: the
	// tokens where they stand.
	hints   map[int]int
	remarks []*project.Problem
}

// order is an ORDER BY.
type order struct {
	span
	keys []sortKey
}

// ends are the tokens at which a condition ends.
var ends = []pg.Token{
	comma, semicolon, pg.Token_WHERE, pg.Token_ON, pg.Token_HAVING, pg.Token_WHEN, pg.Token_THEN, pg.Token_ELSE, pg.Token_GROUP_P,
	pg.Token_WINDOW, pg.Token_ORDER, pg.Token_LIMIT, pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_UNION, pg.Token_INTERSECT,
	pg.Token_EXCEPT, pg.Token_RETURNING, pg.Token_AS, pg.Token_JOIN, pg.Token_CROSS, pg.Token_NATURAL, pg.Token_INNER_P, pg.Token_LEFT,
	pg.Token_RIGHT, pg.Token_FULL, pg.Token_DO,
}

// look finds the conditions and orders of a statement, and what may be tests in them.
func look(st *project.Statement, types []Type) *finder {
	names := make([]string, len(types))
	f := &finder{statement: st, hints: map[int]int{}}
	for i, t := range types {
		names[i] = t.Name
		f.kinds = append(f.kinds, kindOf(t, st, i))
	}
	src, err := read(st.SQL, names)
	if err != nil || len(types) == 0 || len(st.Params) < len(types) {
		return f
	}
	f.source = src
	for i := range src.tokens {
		switch {
		case src.is(i, pg.Token_WHERE, pg.Token_HAVING), src.is(i, pg.Token_ON) && !src.is(i+1, pg.Token_CONFLICT) && !src.is(i-1, pg.Token_DISTINCT):
			if i+1 < len(src.tokens) && !src.is(i+1, shut) {
				f.conditions = append(f.conditions, f.condition(span{i + 1, src.right(i+1, ends)}))
			}
		case src.is(i, pg.Token_ORDER) && src.is(i+1, pg.Token_BY) && i+2 < len(src.tokens) && f.ofQuery(i):
			f.orders = append(f.orders, f.order(i))
		}
	}
	return f
}

// find finds what the tests choose, once their answers are known.
func (f *finder) find() {
	for _, e := range f.conditions {
		f.findIn(e)
	}
	for _, o := range f.orders {
		var chosen []*expr
		for _, k := range o.keys {
			if k.choice == nil {
				continue
			}
			chosen = append(chosen, k.choice)
			for i := 0; i+1 < len(k.choice.args); i += 2 {
				f.hint(k.choice.args[i])
			}
		}
		text := func(at state, cut bool) []part { return f.source.order(o.keys, at, cut) }
		f.add(&site{span: o.span, text: text, sorts: true}, chosen...)
	}
	f.findParams()
}

// remark reports that something at a token stays.
func (f *finder) remark(token int, message string) {
	place := f.source.tokens[token].start
	f.remarks = append(f.remarks, &project.Problem{Pos: f.statement.Position(place), Statement: f.statement.Name, Message: message})
}

// stays reports that nothing is chosen by a parameter, which stands at a token.
func (f *finder) stays(param, token int, why string) {
	f.remark(token, fmt.Sprintf("nothing is pruned by %s: %s", f.statement.Params[param-1].Name, why))
}

// findIn notes the sites of a condition: what AND joins stands for itself, and so does
// what brackets hold in an expression.
func (f *finder) findIn(e *expr) {
	switch {
	case e.op == and:
		for _, a := range e.args {
			f.findIn(a)
		}
		return
	case e.op == leaf && !e.tests():
		f.lookAlike(e)
	default:
		f.add(&site{span: e.span, text: func(at state, _ bool) []part { return f.source.write(f.source.fold(e, at)) }}, e)
		f.hint(e)
	}
	e.leaves(func(l *expr) {
		for _, inner := range l.inside {
			f.findIn(inner)
		}
	})
}

// hint notes what in a condition speaks of one parameter alone and is no test.
func (f *finder) hint(e *expr) {
	e.leaves(func(l *expr) {
		if l.test == nil || l.test.decided {
			return
		}
		if _, known := f.hints[l.test.param]; !known {
			f.hints[l.test.param] = l.first
		}
	})
}

// lookAlike remarks on what looks like an optional filter and is none.
func (f *finder) lookAlike(e *expr) {
	if !f.source.has(e.span) {
		return
	}
	parsed, err := pg.Parse("SELECT " + f.source.text(e.span))
	if err != nil || len(parsed.Stmts) != 1 || len(parsed.Stmts[0].Stmt.GetSelectStmt().GetTargetList()) != 1 {
		return
	}
	n := parsed.Stmts[0].Stmt.GetSelectStmt().GetTargetList()[0].GetResTarget().GetVal().GetAExpr()
	column, args := columnName(n.GetLexpr()), n.GetRexpr().GetCoalesceExpr().GetArgs()
	if column == "" || len(args) != 2 || columnName(args[1]) != column {
		return
	}
	first := args[0]
	if c := first.GetTypeCast(); c != nil {
		first = c.Arg
	}
	if first.GetParamRef() == nil {
		return
	}
	f.remark(e.first, "column = coalesce(parameter, column) is not pruned: it drops rows whose column is NULL; write (parameter IS NULL OR column = parameter)")
}

func columnName(n *pg.Node) string {
	var names []string
	for _, f := range n.GetColumnRef().GetFields() {
		names = append(names, f.GetString_().GetSval())
	}
	return strings.Join(names, ".")
}

// add takes a site if parameters choose in one of its expressions.
func (f *finder) add(s *site, of ...*expr) {
	for _, e := range of {
		e.leaves(func(l *expr) {
			if !l.tests() {
				return
			}
			if s.tests = append(s.tests, l.test); !slices.Contains(s.params, l.test.param) {
				s.params = append(s.params, l.test.param)
			}
		})
	}
	slices.Sort(s.params)
	if len(s.params) > 0 && s.states() <= allStates {
		f.sites = append(f.sites, s)
	}
}

// ofQuery reports whether ORDER BY is that of a query, not of a window or aggregate.
func (f *finder) ofQuery(at int) bool {
	s := f.source
	for i := at - 1; i >= 0; i-- {
		if p := s.tokens[i].pair; p >= 0 && p < i {
			i = p
			continue
		}
		if s.is(i, open) {
			return (s.query(i+1) || s.is(i+1, open)) && !s.is(at-1, open)
		}
	}
	return true
}

// order reads an ORDER BY.
func (f *finder) order(at int) order {
	s := f.source
	o := order{span: span{at, s.right(at+2, tails)}}
	for _, piece := range s.split(span{at + 2, o.last}, comma) {
		k := sortKey{span: piece}
		if s.is(piece.first, pg.Token_CASE) && s.has(piece) {
			e := &expr{span: span{piece.first, s.tokens[piece.first].pair}}
			if f.cases(e, f.keyResult); e.op == cases {
				k.choice = e
			}
		}
		o.keys = append(o.keys, k)
	}
	return o
}

// findParams finds out which parameters choose: those whose arguments can be read.
func (f *finder) findParams() {
	for n := range f.kinds {
		p := &Param{Name: f.statement.Params[n].Name, Param: n + 1, GoType: f.statement.Params[n].Type, Sorts: true}
		for _, s := range f.sites {
			for _, t := range s.tests {
				if t.param != p.Param {
					continue
				}
				if len(p.Values) == 0 {
					p.place = s.first
				}
				p.Sorts = p.Sorts && s.sorts
				for _, v := range t.Values {
					if !slices.Contains(p.Values, v) {
						p.Values = append(p.Values, v)
					}
				}
			}
		}
		if len(p.Values) == 0 {
			continue
		}
		if why := f.readable(p); why != "" {
			f.stays(p.Param, p.place, why)
			continue
		}
		f.params = append(f.params, p)
	}
}

// readable finds out how an argument is read, or says why it cannot be. What can never
// be NULL has no such state.
func (f *finder) readable(p *Param) string {
	k := anything
	if slices.ContainsFunc(p.Values, func(v generated.Value) bool { return v.Kind != generated.Null }) {
		k = f.kinds[p.Param-1]
	}
	expr, nullable, why := reader(f.statement.Package, p.GoType, k)
	if why != "" {
		return why
	}
	if p.Read = expr; !nullable {
		p.Values = slices.DeleteFunc(p.Values, func(v generated.Value) bool { return v.Kind == generated.Null })
	}
	return ""
}
