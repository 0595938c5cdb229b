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
	statement *project.Statement
	source    *source
	tests     tests
	sites     []*site
	params    []*Param // that may choose, in the order of their placeholders
	// hints are parameters of conditions that look as if they chose, and are no tests: the
	// tokens where they stand.
	hints   map[int]int
	remarks []*project.Problem
}

// ends are the tokens at which a condition ends.
var ends = []pg.Token{
	comma, semicolon, pg.Token_WHERE, pg.Token_ON, pg.Token_HAVING, pg.Token_WHEN, pg.Token_THEN, pg.Token_ELSE, pg.Token_GROUP_P,
	pg.Token_WINDOW, pg.Token_ORDER, pg.Token_LIMIT, pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_UNION, pg.Token_INTERSECT,
	pg.Token_EXCEPT, pg.Token_RETURNING, pg.Token_AS, pg.Token_JOIN, pg.Token_CROSS, pg.Token_NATURAL, pg.Token_INNER_P, pg.Token_LEFT,
	pg.Token_RIGHT, pg.Token_FULL, pg.Token_DO,
}

// look finds the parts of a statement that parameters may choose.
func look(st *project.Statement, types []Type) *finder {
	names := make([]string, len(types))
	f := &finder{statement: st, hints: map[int]int{}}
	for i, t := range types {
		names[i] = t.Name
		f.tests.kinds = append(f.tests.kinds, kindOf(t, st, i))
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
				f.findIn(f.condition(span{i + 1, src.right(i+1, ends)}))
			}
		case src.is(i, pg.Token_ORDER) && src.is(i+1, pg.Token_BY) && i+2 < len(src.tokens) && f.ofQuery(i):
			f.findKeys(i)
		}
	}
	f.findParams()
	return f
}

// remark reports that something at a token stays.
func (f *finder) remark(token int, message string) {
	place := f.source.tokens[token].start
	f.remarks = append(f.remarks, &project.Problem{Pos: f.statement.Position(place), Statement: f.statement.Name, Message: message})
}

// findIn notes the sites of a condition: what AND joins stands for itself, and so does
// what brackets hold in an expression.
func (f *finder) findIn(e *expr) {
	switch e.op {
	case other:
		f.lookAlike(e)
		f.findInBrackets(e)
		return
	case and:
		for _, a := range e.args {
			f.findIn(a)
		}
		return
	}
	f.add(&site{span: e.span, text: func(at state, _ bool) []part { return f.source.write(f.source.fold(e, at)) }}, e)
	f.hintAt(e)
	e.leaves(func(l *expr) {
		if l.op == other {
			f.findInBrackets(l)
		}
	})
}

// hintAt notes what in a condition speaks of one parameter alone.
func (f *finder) hintAt(e *expr) {
	e.leaves(func(l *expr) {
		if l.op == other {
			f.hint(l.span)
		}
	})
}

func (f *finder) hint(of span) {
	s, param := f.source, 0
	for i := of.first; i <= of.last; i++ {
		n := s.number(i)
		name := s.tokens[i].kind == pg.Token_IDENT && !s.is(i-1, pg.Token_TYPECAST, pg.Token_AS) && !s.is(i+1, open)
		if name || s.query(i) || n > 0 && param > 0 && n != param {
			return
		}
		param = max(param, n)
	}
	if _, known := f.hints[param]; param > 0 && !known {
		f.hints[param] = of.first
	}
}

// lookAlike remarks on what looks like an optional filter and is none.
func (f *finder) lookAlike(e *expr) {
	if !f.source.has(e.span) {
		return
	}
	n := expression(f.source.text(e.span)).GetAExpr()
	column, args := columnName(n.GetLexpr()), n.GetRexpr().GetCoalesceExpr().GetArgs()
	if column == "" || len(args) != 2 || param(args[0]) == 0 || columnName(args[1]) != column {
		return
	}
	f.remark(e.first, "column = coalesce(parameter, column) is not pruned: it drops rows whose column is NULL; write (parameter IS NULL OR column = parameter)")
}

func (f *finder) findInBrackets(e *expr) {
	s := f.source
	for i := e.first; i < e.last; i++ {
		p := s.tokens[i].pair
		if !s.is(i, open) || p == i+1 {
			continue
		}
		if !s.query(i + 1) {
			for _, piece := range s.split(span{i + 1, p - 1}, comma) {
				f.findIn(f.condition(piece))
			}
		}
		i = p
	}
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
			if l.op != tested {
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

// findKeys notes an ORDER BY that has a CASE with tests.
func (f *finder) findKeys(at int) {
	s := f.source
	all := span{at, s.right(at+2, tails)}
	var keys []key
	var chosen []*expr
	for _, piece := range s.split(span{at + 2, all.last}, comma) {
		k := key{span: piece}
		if s.is(piece.first, pg.Token_CASE) {
			e := &expr{span: span{piece.first, s.tokens[piece.first].pair}}
			if f.cases(e, f.keyResult); e.op == cases {
				k.choice, chosen = e, append(chosen, e)
				for i := 0; i+1 < len(e.args); i += 2 {
					f.hintAt(e.args[i])
				}
			}
		}
		keys = append(keys, k)
	}
	text := func(at state, cut bool) []part { return s.order(keys, at, cut) }
	f.add(&site{span: all, text: text, sorts: true}, chosen...)
}

// findParams finds out which parameters choose: those whose arguments can be read.
func (f *finder) findParams() {
	for n := range f.tests.kinds {
		p := &Param{Name: f.statement.Params[n].Name, Param: n + 1, GoType: f.statement.Params[n].Type, Sorts: true}
		place := 0
		for _, s := range f.sites {
			for _, t := range s.tests {
				if t.param != p.Param {
					continue
				}
				p.Sorts = p.Sorts && s.sorts
				for _, v := range t.values {
					if !slices.Contains(p.Values, v) {
						p.Values, place = append(p.Values, v), s.first
					}
				}
			}
		}
		if len(p.Values) == 0 {
			continue
		}
		if why := f.readable(p); why != "" {
			f.remark(place, fmt.Sprintf("nothing is pruned by %s: %s", p.Name, why))
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
		k = f.tests.kind(p.Param)
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
