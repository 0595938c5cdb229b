package variants

import (
	"fmt"
	"slices"
	"sort"

	pg "github.com/sqlc-dev/oliphant"
)

// source is a statement's text with its tree and tokens.
type source struct {
	sql    string
	tree   *pg.Node
	tokens []token
	params []*pg.ParamRef
	types  []string       // as they are written in a cast
	casts  []*pg.TypeName // the same as trees
}

// token is a token that is no comment.
type token struct {
	start, end int
	kind       pg.Token
	label      bool // follows a dot, so that it is a name even when it is a keyword
	pair       int  // the other bracket, or CASE and END; -1 for others
}

const (
	open, shut              = pg.Token_ASCII_40, pg.Token_ASCII_41
	openSquare, shutSquare  = pg.Token_ASCII_91, pg.Token_ASCII_93
	comma, semicolon, point = pg.Token_ASCII_44, pg.Token_ASCII_59, pg.Token_ASCII_46
)

// read parses a statement. types are the format_type of its parameters.
func read(sql string, types []string) (*source, error) {
	tree, err := pg.Parse(sql)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	if len(tree.Stmts) != 1 {
		return nil, fmt.Errorf("it is %d statements", len(tree.Stmts))
	}
	s := &source{sql: sql, tree: tree.Stmts[0].Stmt}
	if err := s.scan(); err != nil {
		return nil, err
	}
	walk(s.tree, func(v any) bool {
		if p, ok := v.(*pg.ParamRef); ok {
			s.params = append(s.params, p)
		}
		return true
	})
	for _, t := range types {
		if err := s.addType(castName(t)); err != nil {
			return nil, err
		}
	}
	return s, s.check()
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

func (s *source) addType(name string) error {
	tree, err := pg.Parse("SELECT NULL::" + name)
	if err != nil {
		return fmt.Errorf("type %s: %w", name, err)
	}
	var cast *pg.TypeCast
	walk(tree.Stmts[0].Stmt, func(v any) bool {
		if c, ok := v.(*pg.TypeCast); ok && cast == nil {
			cast = c
		}
		return true
	})
	if cast == nil || inner(cast.Arg) == nil || len(cast.TypeName.Typmods) > 0 {
		return fmt.Errorf("%s is not the name of a type", name)
	}
	s.types, s.casts = append(s.types, name), append(s.casts, cast.TypeName)
	return nil
}

// check makes sure that placeholders of the tree and of the text are the same.
func (s *source) check() error {
	var inText, inTree []int
	for _, t := range s.tokens {
		if t.kind == pg.Token_PARAM {
			inText = append(inText, t.start)
		}
	}
	for _, p := range s.params {
		if p.Number < 1 || int(p.Number) > len(s.types) {
			return fmt.Errorf("$%d has no known type", p.Number)
		}
		inTree = append(inTree, int(p.Location))
	}
	slices.Sort(inTree)
	if !slices.Equal(inText, inTree) {
		return fmt.Errorf("the places of its placeholders are not known")
	}
	return nil
}

func (s *source) scan() error {
	scanned, err := pg.Scan(s.sql)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	for _, t := range scanned.Tokens {
		if t.Token == pg.Token_SQL_COMMENT || t.Token == pg.Token_C_COMMENT {
			continue
		}
		n := token{start: int(t.Start), end: int(t.End), kind: t.Token, pair: -1}
		n.label = len(s.tokens) > 0 && s.tokens[len(s.tokens)-1].kind == point
		s.tokens = append(s.tokens, n)
	}
	return s.match()
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

// at returns the token that starts at a place, or -1.
func (s *source) at(place int) int {
	i := sort.Search(len(s.tokens), func(i int) bool { return s.tokens[i].start >= place })
	if i == len(s.tokens) || s.tokens[i].start != place {
		return -1
	}
	return i
}

// is reports whether token i exists and is a keyword or sign of one of the kinds.
func (s *source) is(i int, kinds ...pg.Token) bool {
	return i >= 0 && i < len(s.tokens) && !s.tokens[i].label && slices.Contains(kinds, s.tokens[i].kind)
}

// left and right return the outermost token, on that side, of the expression around
// token i. No bound of the same depth separates the two.
func (s *source) left(i int, bounds []pg.Token) int {
	for {
		switch {
		case i == 0 || s.is(i-1, open, openSquare, pg.Token_CASE) || s.bound(i-1, bounds):
			return i
		case s.is(i-1, shut, shutSquare, pg.Token_END_P):
			i = s.tokens[i-1].pair
		default:
			i--
		}
	}
}

func (s *source) right(i int, bounds []pg.Token) int {
	for {
		switch {
		case i+1 == len(s.tokens) || s.is(i+1, shut, shutSquare, pg.Token_END_P) || s.bound(i+1, bounds):
			return i
		case s.is(i+1, open, openSquare, pg.Token_CASE):
			i = s.tokens[i+1].pair
		default:
			i++
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

// split cuts tokens from..to at separators of their own depth, and returns the first
// and last token of each piece; an empty piece makes it nil.
func (s *source) split(from, to int, separator pg.Token) (pieces [][2]int) {
	start := from
	for i := from; i <= to+1; i++ {
		if i == to+1 || s.is(i, separator) {
			if i == start {
				return nil
			}
			pieces = append(pieces, [2]int{start, i - 1})
			start = i + 1
			continue
		}
		if s.is(i, open, openSquare, pg.Token_CASE) {
			i = s.tokens[i].pair
		}
	}
	return pieces
}
