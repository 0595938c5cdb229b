package variants

import (
	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
)

// expr is a condition, as far as tests of parameters are joined in it.
type expr struct {
	span   // its parentheses included
	op     op
	args   []*expr     // of AND, OR and NOT; of a CASE: each WHEN and THEN, and ELSE last
	test   *test       // what a leaf may be, or nil
	is     fold.Answer // of a fixed one
	inside []*expr     // of a leaf: the conditions in its brackets
	head   span        // of a CASE: what is before its first WHEN
}

type op uint8

const (
	leaf  op = iota // a test, or anything else
	fixed           // TRUE, FALSE or NULL
	or
	and
	not
	cases
	scalar // a value
	key    // what ORDER BY sorts by
	bare   // the same, a name: by that ORDER BY would mean a column of the result
)

// tests reports whether the expression is a test of which the answers are known.
func (e *expr) tests() bool { return e.test != nil && e.test.decided }

// condition reads tokens as a condition.
func (f *finder) condition(of span) *expr {
	s := f.source
	e := &expr{span: of}
	switch {
	case of.first == of.last:
		if e.single(s); e.op == leaf {
			e.test = f.ask(of)
		}
		return e
	case !s.has(of):
		return e
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
	case s.is(of.first, pg.Token_NOT):
		e.op, e.args = not, []*expr{f.condition(span{of.first + 1, of.last})}
	case s.is(of.first, pg.Token_CASE) && s.tokens[of.first].pair == of.last:
		if f.cases(e, f.condition); e.op != cases {
			f.brackets(e)
		}
	default:
		if e.test = f.ask(of); e.test == nil {
			f.brackets(e)
		}
	}
	return e
}

func (e *expr) single(s *source) {
	switch {
	case s.is(e.first, pg.Token_TRUE_P):
		e.op, e.is = fixed, fold.Yes
	case s.is(e.first, pg.Token_FALSE_P):
		e.op, e.is = fixed, fold.No
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
	var subject []span
	at, asks := e.first+1, false
	if !s.is(at, pg.Token_WHEN) {
		subject = []span{{at, s.right(at, []pg.Token{pg.Token_WHEN})}}
		at = subject[0].last + 1
	}
	e.head = span{e.first, at - 1}
	for at < end {
		switch {
		case s.is(at, pg.Token_WHEN):
			when := span{at + 1, s.right(at+1, []pg.Token{pg.Token_THEN})}
			then := span{when.last + 2, 0}
			if then.last = s.right(min(then.first, end-1), []pg.Token{pg.Token_WHEN, pg.Token_ELSE}); then.last >= end {
				return
			}
			c := &expr{span: when}
			if subject == nil {
				c = f.condition(when)
			} else {
				c.test = f.ask(when, subject...)
			}
			asks = asks || subject == nil || c.test != nil
			args, at = append(args, c, result(then)), then.last+1
		case s.is(at, pg.Token_ELSE):
			args, at = append(args, result(span{at + 1, end - 1})), end
		default:
			return
		}
	}
	if asks {
		e.op, e.args = cases, args
	}
}

// brackets reads what stands in the brackets of an expression as conditions, and each
// CASE in it.
func (f *finder) brackets(e *expr) {
	s := f.source
	for i := e.first; i < e.last; i++ {
		p := s.tokens[i].pair
		if s.is(i, pg.Token_CASE) && (i > e.first || p < e.last) {
			c := &expr{span: span{i, p}}
			f.cases(c, func(of span) *expr { return &expr{span: of, op: scalar} })
			e.inside = append(e.inside, c)
			i = p
		}
		if !s.is(i, open) || p == i+1 {
			continue
		}
		if !s.query(i + 1) {
			for _, piece := range s.split(span{i + 1, p - 1}, comma) {
				e.inside = append(e.inside, f.condition(piece))
			}
		}
		i = p
	}
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
