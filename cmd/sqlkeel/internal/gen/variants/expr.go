package variants

import (
	pg "github.com/sqlc-dev/oliphant"
)

// expr is a condition, as far as tests of parameters are joined in it.
type expr struct {
	span // its parentheses included
	op   op
	args []*expr // of AND, OR and NOT; of a CASE: each WHEN and THEN, and ELSE last
	test *test   // of a tested one
	is   truth   // of a fixed one
}

type op uint8

const (
	other  op = iota // anything else
	tested           // a test
	fixed            // TRUE, FALSE or NULL
	or
	and
	not
	cases
	bare // a name, by which ORDER BY would mean a column of the result
)

// condition reads tokens as a condition.
func (f *finder) condition(of span) *expr {
	s := f.source
	e := &expr{span: of}
	switch {
	case !s.has(of) && of.first < of.last:
		return e
	case of.first == of.last:
		e.single(s)
		if e.op != other {
			return e
		}
	case s.is(of.first, open) && s.tokens[of.first].pair == of.last:
		if of.last-of.first > 1 && !s.query(of.first+1) {
			e = f.condition(span{of.first + 1, of.last - 1})
			e.span = of
		}
		return e
	}
	for _, join := range []struct {
		op        op
		separator pg.Token
	}{{or, pg.Token_OR}, {and, pg.Token_AND}} {
		if pieces := s.split(of, join.separator); len(pieces) > 1 {
			e.op = join.op
			for _, p := range pieces {
				e.args = append(e.args, f.condition(p))
			}
			return e
		}
	}
	switch {
	case s.is(of.first, pg.Token_NOT) && of.first < of.last:
		e.op, e.args = not, []*expr{f.condition(span{of.first + 1, of.last})}
	case s.is(of.first, pg.Token_CASE) && s.tokens[of.first].pair == of.last:
		f.cases(e, f.condition)
	default:
		if e.test = f.tests.read(s.text(of)); e.test != nil {
			e.op = tested
		}
	}
	return e
}

func (e *expr) single(s *source) {
	switch {
	case s.is(e.first, pg.Token_TRUE_P):
		e.op, e.is = fixed, yes
	case s.is(e.first, pg.Token_FALSE_P):
		e.op, e.is = fixed, no
	case s.is(e.first, pg.Token_NULL_P):
		e.op = fixed
	}
}

// cases reads a CASE whose results are read by result. It stays what it is when it is not
// understood.
func (f *finder) cases(e *expr, result func(span) *expr) {
	s := f.source
	end := s.tokens[e.first].pair
	var args []*expr
	subject, at := "", e.first+1
	if !s.is(at, pg.Token_WHEN) {
		last := s.right(at, []pg.Token{pg.Token_WHEN})
		subject, at = s.text(span{at, last}), last+1
	}
	for at < end {
		switch {
		case s.is(at, pg.Token_WHEN):
			when := span{at + 1, s.right(at+1, []pg.Token{pg.Token_THEN})}
			then := span{when.last + 2, 0}
			if then.last = s.right(min(then.first, end-1), []pg.Token{pg.Token_WHEN, pg.Token_ELSE}); then.last >= end {
				return
			}
			c := f.condition(when)
			if subject != "" {
				if c = (&expr{span: when, op: tested, test: f.tests.read("(" + subject + ") = (" + s.text(when) + ")")}); c.test == nil {
					return
				}
			}
			args, at = append(args, c, result(then)), then.last+1
		case s.is(at, pg.Token_ELSE):
			args, at = append(args, result(span{at + 1, end - 1})), end
		default:
			return
		}
	}
	e.op, e.args = cases, args
}

// leaves calls visit for each part of the expression that has none itself.
func (e *expr) leaves(visit func(*expr)) {
	if len(e.args) == 0 {
		visit(e)
	}
	for _, a := range e.args {
		a.leaves(visit)
	}
}
