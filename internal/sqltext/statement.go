package sqltext

import (
	"iter"
	"slices"
)

// Statement is a piece of a script, by byte offsets.
type Statement struct {
	// Start is where the piece begins: after the one before, comments included.
	Start int
	// First is where its first token begins that is no comment; End when there is
	// none.
	First int
	// End is behind its semicolon, or the end of the text.
	End int
}

// Text returns the statement in sql, the text that it was cut from: without comments
// in front, with its semicolon.
func (s Statement) Text(sql string) string { return sql[s.First:s.End] }

// Statements cuts a script at the semicolons that end statements by the default
// rules: not those in parentheses, nor in a function's body between BEGIN ATOMIC and
// END. Empty statements are left out, as PostgreSQL does.
func Statements(sql string) []Statement { return slices.Collect(Rules{}.Statements(sql)) }

// Statements returns the statements that the function of the same name does, by these
// rules.
func (r Rules) Statements(sql string) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		for s := range r.pieces(sql) {
			if s.First < s.End && sql[s.First] != ';' && !yield(s) {
				return
			}
		}
	}
}

// Pieces is [Statements] with the empty ones, so that the pieces are all of the text:
// the last may hold comments alone. White space behind the last semicolon is no
// piece.
func Pieces(sql string) []Statement { return slices.Collect(Rules{}.pieces(sql)) }

func (r Rules) pieces(sql string) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		s := splitter{sql: sql}
		last := 0
		for t, ok := r.next(sql, 0); ok; t, ok = r.next(sql, t.End) {
			last = t.End
			if t.Kind != Comment && t.Kind != Block && s.token(t) && !yield(s.cut(t.End)) {
				return
			}
		}
		if last > s.start {
			yield(s.cut(len(sql)))
		}
	}
}

// splitter finds the ends of statements.
type splitter struct {
	sql    string
	start  int
	first  int // 1 more than the offset; 0 before the first token
	parens int
	head   head
	body   bool  // within BEGIN ATOMIC
	before Token // the token before, if first is set
}

// token reports whether the statement ends with t.
func (s *splitter) token(t Token) bool {
	if s.first == 0 {
		s.first = t.Start + 1
	}
	switch t.Kind {
	case Word:
		s.word(t)
	case Punct:
		if s.punct(t) {
			return true
		}
	}
	s.head.token(s.sql, t)
	s.before = t
	return false
}

// word finds the beginning and the end of a body. END is its end only where a
// statement would begin: elsewhere it ends a CASE, or is a name.
func (s *splitter) word(t Token) {
	switch {
	case s.parens > 0 || s.head != routine:
	case !s.body:
		s.body = t.Is(s.sql, "atomic") && s.before.Is(s.sql, "begin")
	case t.Is(s.sql, "end") && (s.sql[s.before.Start] == ';' || s.before.Is(s.sql, "atomic")):
		s.body = false
	}
}

// punct reports whether the statement ends here.
func (s *splitter) punct(t Token) bool {
	switch s.sql[t.Start] {
	case '(':
		s.parens++
	case ')':
		s.parens = max(s.parens-1, 0)
	case ';':
		return s.parens == 0 && !s.body
	}
	return false
}

// cut returns the piece that ends at an offset, and begins the next.
func (s *splitter) cut(at int) Statement {
	piece := Statement{Start: s.start, First: at, End: at}
	if s.first > 0 {
		piece.First = s.first - 1
	}
	*s = splitter{sql: s.sql, start: at}
	return piece
}

// head tells by a statement's first words whether it makes a function or a
// procedure: only these have a body between BEGIN ATOMIC and END. Elsewhere both
// words may be names.
type head uint8

const (
	beginning       head = iota
	create               // CREATE
	createOr             // CREATE OR
	createOrReplace      // CREATE OR REPLACE
	routine              // and FUNCTION or PROCEDURE
	other
)

func (h *head) token(sql string, t Token) {
	switch {
	case *h == routine || *h == other:
	case *h == beginning && t.Is(sql, "create"):
		*h = create
	case *h == create && t.Is(sql, "or"):
		*h = createOr
	case *h == createOr && t.Is(sql, "replace"):
		*h = createOrReplace
	case (*h == create || *h == createOrReplace) && (t.Is(sql, "function") || t.Is(sql, "procedure")):
		*h = routine
	default:
		*h = other
	}
}
