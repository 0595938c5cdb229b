package variants

import (
	"fmt"
	"slices"
	"strconv"

	pg "github.com/sqlc-dev/oliphant"
)

// source is a statement's text in tokens.
type source struct {
	sql    string
	tokens []token
	types  []string // of the placeholders, as they are written in a cast
}

// token is a token that is no comment.
type token struct {
	start, end int
	kind       pg.Token
	label      bool // follows a dot, so that it is a name even when it is a keyword
	pair       int  // the other bracket, or CASE and END; -1 for others
}

// span is some tokens, the first and the last one.
type span struct{ first, last int }

const (
	open, shut              = pg.Token_ASCII_40, pg.Token_ASCII_41
	openSquare, shutSquare  = pg.Token_ASCII_91, pg.Token_ASCII_93
	comma, semicolon, point = pg.Token_ASCII_44, pg.Token_ASCII_59, pg.Token_ASCII_46
)

// read takes a statement apart. types are the format_type of its parameters.
func read(sql string, types []string) (*source, error) {
	scanned, err := pg.Scan(sql)
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	s := &source{sql: sql}
	for _, t := range scanned.Tokens {
		if t.Token == pg.Token_SQL_COMMENT || t.Token == pg.Token_C_COMMENT {
			continue
		}
		n := token{start: int(t.Start), end: int(t.End), kind: t.Token, pair: -1}
		n.label = len(s.tokens) > 0 && s.tokens[len(s.tokens)-1].kind == point
		s.tokens = append(s.tokens, n)
	}
	for _, t := range types {
		s.types = append(s.types, castName(t))
	}
	return s, s.match()
}

// castName is the name under which a cast gives the type and nothing else: to
// "character" and "bit", as format_type prints them, a cast cuts values to length 1.
func castName(t string) string {
	switch t {
	case "character":
		return "bpchar"
	case "character[]":
		return "bpchar[]"
	case "bit":
		return `"bit"`
	case "bit[]":
		return `"bit"[]`
	}
	return t
}

// match pairs brackets, and CASE with END.
func (s *source) match() error {
	var stack []int
	for i := range s.tokens {
		switch t := s.tokens[i]; {
		case t.label:
		case t.kind == open || t.kind == openSquare || t.kind == pg.Token_CASE:
			stack = append(stack, i)
		case t.kind == shut || t.kind == shutSquare || t.kind == pg.Token_END_P:
			if len(stack) == 0 {
				return fmt.Errorf("its brackets do not match")
			}
			from := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			s.tokens[i].pair, s.tokens[from].pair = from, i
		}
	}
	if len(stack) > 0 {
		return fmt.Errorf("its brackets do not match")
	}
	return nil
}

// is reports whether token i exists and is a keyword or sign of one of the kinds.
func (s *source) is(i int, kinds ...pg.Token) bool {
	return i >= 0 && i < len(s.tokens) && !s.tokens[i].label && slices.Contains(kinds, s.tokens[i].kind)
}

// unnamed reports whether a placeholder is all of an item of SELECT or RETURNING: the
// name of a column, which a cast would give it, may matter.
func (s *source) unnamed(i int) bool {
	ended := i+1 == len(s.tokens) || s.is(i+1, shut, pg.Token_FROM) || s.bound(i+1, ends) && !s.is(i+1, pg.Token_AS)
	if !ended || !s.is(i-1, comma, pg.Token_SELECT, pg.Token_ALL, pg.Token_RETURNING) {
		return false
	}
	for i--; i >= 0; i-- {
		if p := s.tokens[i].pair; p >= 0 && p < i {
			i = p
			continue
		}
		if s.is(i, pg.Token_SELECT, pg.Token_RETURNING) {
			return true
		}
		if s.is(i, open, pg.Token_FROM, pg.Token_VALUES, pg.Token_SET, pg.Token_BY, pg.Token_WHERE) {
			return false
		}
	}
	return false
}

// query reports whether a query begins with token i.
func (s *source) query(i int) bool {
	return s.is(i, pg.Token_SELECT, pg.Token_WITH, pg.Token_VALUES)
}

// right returns the last token of the expression that begins with token i: no bound of
// its depth is in it.
func (s *source) right(i int, bounds []pg.Token) int {
	for ; ; i++ {
		if p := s.tokens[i].pair; p > i {
			i = p
		}
		if i+1 == len(s.tokens) || s.is(i+1, shut, shutSquare, pg.Token_END_P) || s.bound(i+1, bounds) {
			return i
		}
	}
}

// bound reports whether token i ends an expression. LEFT and RIGHT may be functions.
func (s *source) bound(i int, bounds []pg.Token) bool {
	if s.is(i, pg.Token_LEFT, pg.Token_RIGHT) && s.is(i+1, open) {
		return false
	}
	return s.is(i, bounds...)
}

// split cuts tokens at separators of their own depth; an empty piece makes it nil. The
// AND of BETWEEN separates nothing.
func (s *source) split(of span, separator pg.Token) (pieces []span) {
	start, between := of.first, false
	for i := of.first; i <= of.last+1; i++ {
		switch {
		case i > of.last || s.is(i, separator) && !(between && separator == pg.Token_AND):
			if i == start {
				return nil
			}
			pieces, start = append(pieces, span{start, i - 1}), i+1
		case s.is(i, pg.Token_BETWEEN):
			between = true
		case s.is(i, pg.Token_AND):
			between = false
		case s.tokens[i].pair > i:
			i = s.tokens[i].pair
		}
	}
	return pieces
}

// number returns which placeholder token i is; 0 when it is none.
func (s *source) number(i int) int {
	if s.tokens[i].kind != pg.Token_PARAM {
		return 0
	}
	n, _ := strconv.Atoi(s.sql[s.tokens[i].start+1 : s.tokens[i].end])
	if n > len(s.types) {
		return 0
	}
	return n
}

// has reports whether a placeholder is among some tokens.
func (s *source) has(of span) bool {
	for i := of.first; i <= of.last; i++ {
		if s.number(i) > 0 {
			return true
		}
	}
	return false
}

func (s *source) text(of span) string { return s.sql[s.tokens[of.first].start:s.tokens[of.last].end] }

// part is some tokens as they are in the statement.
func (s *source) part(of span) part {
	return part{start: s.tokens[of.first].start, end: s.tokens[of.last].end}
}

// placeholders returns an edit for each, which writes it with its type.
func (s *source) placeholders() []edit {
	var edits []edit
	for i, t := range s.tokens {
		n := s.number(i)
		if n == 0 {
			continue
		}
		parts := []part{{param: n, cast: s.types[n-1]}}
		if s.unnamed(i) {
			parts[0].cast = ""
		}
		// Before ROWS the grammar takes no cast without parentheses.
		counted := s.is(i-1, pg.Token_OFFSET) && s.is(i+1, pg.Token_ROW, pg.Token_ROWS)
		fetched := s.is(i-1, pg.Token_FIRST_P, pg.Token_NEXT) && s.is(i-2, pg.Token_FETCH)
		if counted || fetched || s.is(i+1, openSquare, point) {
			parts = []part{{text: "("}, parts[0], {text: ")"}}
		}
		edits = append(edits, edit{start: t.start, end: t.end, choices: []choice{{parts: parts}}})
	}
	return edits
}

// apart puts spaces around what takes the place of brackets, where words touch them.
func (s *source) apart(e edit) edit {
	word := func(i int) bool {
		return i >= 0 && i < len(s.sql) && (s.sql[i] == '_' || s.sql[i] == '$' || s.sql[i] >= '0')
	}
	before, after := word(e.start-1), word(e.end)
	for i, c := range e.choices {
		parts := slices.Clone(c.parts)
		if before {
			parts = append([]part{{text: " "}}, parts...)
		}
		if after {
			parts = append(parts, part{text: " "})
		}
		e.choices[i].parts = parts
	}
	return e
}
