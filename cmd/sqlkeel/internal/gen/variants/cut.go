package variants

import (
	"reflect"

	pg "github.com/sqlc-dev/oliphant"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// state is the value of each parameter that chooses.
type state map[int]generated.Value

// left is what is left of an expression in a state: a constant, or a text.
type left struct {
	is    fold.Answer
	parts []part // nil for a constant
}

// fold returns what is left of an expression.
func (s *source) fold(e *expr, at state) left {
	whole := left{parts: []part{s.part(e.span)}}
	switch e.op {
	case fixed:
		return left{is: e.is}
	case bare:
		return left{parts: wrap("CASE WHEN TRUE THEN ", whole.parts, " END")}
	case or:
		return s.junction(e, at, fold.Yes, " OR ")
	case and:
		return s.junction(e, at, fold.No, " AND ")
	case not:
		switch n := s.fold(e.args[0], at); {
		case n.parts == nil:
			return left{is: opposite(n.is)}
		case !s.same(n, e.args[0]):
			return left{parts: wrap("NOT (", n.parts, ")")}
		}
	case cases:
		return s.foldCases(e, at)
	case leaf:
		if e.tests() {
			if v, chooses := at[e.test.param]; chooses {
				return left{is: e.test.answer(v)}
			}
		}
	}
	return whole
}

func opposite(a fold.Answer) fold.Answer {
	return [...]fold.Answer{fold.Null: fold.Null, fold.Yes: fold.No, fold.No: fold.Yes}[a]
}

// junction folds OR and AND; strong is the argument that decides one.
func (s *source) junction(e *expr, at state, strong fold.Answer, word string) left {
	var rest []left
	nulls, changed := false, false
	for _, a := range e.args {
		l := s.fold(a, at)
		changed = changed || !s.same(l, a)
		switch {
		case l.parts != nil:
			rest = append(rest, l)
		case l.is == strong:
			return left{is: strong}
		case l.is == fold.Null:
			nulls = true
		}
	}
	switch {
	case len(rest) == 0 && nulls:
		return left{}
	case len(rest) == 0:
		return left{is: opposite(strong)}
	case nulls || !changed:
		return left{parts: []part{s.part(e.span)}}
	case len(rest) == 1:
		return rest[0]
	}
	var parts []part
	for i, l := range rest {
		if i > 0 {
			parts = append(parts, part{text: word})
		}
		parts = append(parts, l.parts...)
	}
	return left{parts: wrap("(", parts, ")")}
}

// same reports whether an expression was left as it is.
func (s *source) same(l left, e *expr) bool {
	if e.op == fixed {
		return l.parts == nil && l.is == e.is
	}
	return len(l.parts) == 1 && l.parts[0] == s.part(e.span)
}

func wrap(before string, parts []part, after string) []part {
	return append(append([]part{{text: before}}, parts...), part{text: after})
}

// foldCases drops the arms that are not taken.
func (s *source) foldCases(e *expr, at state) left {
	parts, changed, kept := []part{s.part(e.head)}, false, 0
	arm := func(word string, e *expr) {
		l := s.fold(e, at)
		if s.same(l, e) || e.op == bare {
			l.parts = []part{s.part(e.span)}
		} else {
			changed = true
		}
		parts = append(append(parts, part{text: word}), s.write(l)...)
	}
	end := func() left {
		if !changed {
			return left{parts: []part{s.part(e.span)}}
		}
		return left{parts: append(parts, part{text: " END"})}
	}
	for i := 0; i+1 < len(e.args); i += 2 {
		when := s.fold(e.args[i], at)
		switch {
		case when.parts != nil:
			arm(" WHEN ", e.args[i])
			arm(" THEN ", e.args[i+1])
			kept++
		case when.is == fold.Yes && kept == 0:
			return s.result(e.args[i+1], at)
		case when.is == fold.Yes:
			changed = true
			arm(" ELSE ", e.args[i+1])
			return end()
		default:
			changed = true
		}
	}
	last := len(e.args) - 1
	switch otherwise := last%2 == 0; {
	case kept == 0 && otherwise:
		return s.result(e.args[last], at)
	case kept == 0:
		return left{}
	case otherwise:
		arm(" ELSE ", e.args[last])
	}
	return end()
}

// result returns what is left of a CASE of which one result is, in brackets where words
// beside it might take it apart.
func (s *source) result(e *expr, at state) left {
	l := s.fold(e, at)
	unread := e.op == leaf && !s.has(e.span) // it may be joined by OR
	if (e.op == or || e.op == and || e.op == scalar || unread) && s.same(l, e) && e.first < e.last && s.tokens[e.first].pair != e.last {
		l.parts = wrap("(", l.parts, ")")
	}
	return l
}

// write returns the text of what is left.
func (s *source) write(l left) []part {
	if l.parts != nil {
		return l.parts
	}
	return []part{{text: [...]string{fold.Null: "NULL::boolean", fold.Yes: "TRUE", fold.No: "FALSE"}[l.is]}}
}

// site is a part of the statement's text that depends on what parameters are.
type site struct {
	span
	sorts  bool // it is an ORDER BY
	tests  []*test
	params []int                           // those of tests
	text   func(at state, cut bool) []part // what it is in a state; see Plan.uncut
}

// allStates is how many combinations of what its parameters may be a site can have.
const allStates = 512

// states returns a bound of how many there are.
func (s *site) states() int {
	values := map[int]map[generated.Value]bool{}
	for _, t := range s.tests {
		if values[t.param] == nil {
			values[t.param] = map[generated.Value]bool{}
		}
		for _, v := range t.Values {
			values[t.param][v] = true
		}
	}
	total := 1
	for _, v := range values {
		if total *= len(v) + 1; total > allStates {
			break
		}
	}
	return total
}

// choices returns the texts of a site. A value of a parameter that leaves the same as any
// other value is not told apart.
func (p *Plan) choices(s *site, params []int, at state) []choice {
	if len(params) == 0 {
		return []choice{{parts: s.text(at, !p.uncut)}}
	}
	c := p.chooser(params[0])
	if c == nil {
		return p.choices(s, params[1:], at)
	}
	under := func(v generated.Value) []choice {
		at[params[0]] = v
		defer delete(at, params[0])
		return p.choices(s, params[1:], at)
	}
	rest := under(generated.Value{})
	var list []choice
	var before generated.Mask
	for i, v := range c.Values {
		of := under(v)
		if reflect.DeepEqual(of, rest) {
			continue
		}
		bit := c.bit << i
		for _, o := range of {
			list = append(list, choice{need: o.need | bit, absent: o.absent, parts: o.parts})
		}
		before |= bit
	}
	for _, o := range rest {
		list = append(list, choice{need: o.need, absent: o.absent | before, parts: o.parts})
	}
	return list
}

// tails are the tokens at which ORDER BY ends.
var tails = []pg.Token{
	semicolon, pg.Token_LIMIT, pg.Token_OFFSET, pg.Token_FETCH, pg.Token_FOR, pg.Token_ON, pg.Token_RETURNING,
	pg.Token_UNION, pg.Token_INTERSECT, pg.Token_EXCEPT,
}

// sortKey is a key of ORDER BY.
type sortKey struct {
	span
	choice *expr // the CASE with which it begins, or nil
}

// order returns the text of ORDER BY in a state; nothing when no key is left.
func (s *source) order(keys []sortKey, at state, cut bool) (parts []part) {
	for _, k := range keys {
		written := []part{s.part(k.span)}
		if k.choice != nil {
			l := s.fold(k.choice, at)
			if l.parts == nil {
				continue
			}
			if written = l.parts; !cut {
				written = s.decided(k.choice, at)
			}
			if k.choice.last < k.last {
				written = append(append(written[:len(written):len(written)], part{text: " "}), s.part(span{k.choice.last + 1, k.last}))
			}
		}
		word := ", "
		if parts == nil {
			word = "ORDER BY "
		}
		parts = append(append(parts, part{text: word}), written...)
	}
	return parts
}

// decided writes an expression in which tests are what they are, and nothing is cut.
func (s *source) decided(e *expr, at state) (parts []part) {
	from := s.tokens[e.first].start
	e.leaves(func(l *expr) {
		of := s.part(l.span)
		if answer := s.fold(l, at); l.tests() && answer.parts == nil {
			parts, from = append(append(parts, part{start: from, end: of.start}), s.write(answer)...), of.end
		}
	})
	return append(parts, part{start: from, end: s.tokens[e.last].end})
}

// keyResult reads what a CASE in ORDER BY sorts by. A constant sorts nothing.
func (f *finder) keyResult(of span) *expr {
	e := &expr{span: of, op: key}
	if of.first == of.last {
		e.op = bare
		e.single(f.source)
		if f.source.is(of.first, pg.Token_ICONST, pg.Token_FCONST, pg.Token_SCONST) {
			e.op = fixed
		}
	}
	return e
}
