package sqltext

import "strings"

// Statement is a piece of a script, by byte offsets.
type Statement struct {
	// Start is where the piece begins: after the one before, comments included.
	Start int
	// First is where its first token begins that is no comment; End when there is
	// none, which only the last piece can be.
	First int
	// End is behind its semicolon, or the end of the text.
	End int
}

// Statements cuts a script at the semicolons that end statements: not those in
// parentheses, nor in a function body between BEGIN ATOMIC and END.
func Statements(sql string) []Statement {
	s := splitter{sql: sql}
	for _, t := range Tokens(sql) {
		if t.Kind != Comment && t.Kind != Block {
			s.token(t)
		}
	}
	if strings.TrimSpace(sql[s.start:]) != "" {
		s.end(len(sql))
	}
	return s.list
}

type splitter struct {
	sql      string
	list     []Statement
	start    int
	first    int // 1 more than the offset; 0 before the first token
	parens   int
	body     int // open BEGIN ATOMIC and, within it, CASE
	previous string
}

func (s *splitter) token(t Token) {
	if s.first == 0 {
		s.first = t.Start + 1
	}
	text := ""
	switch t.Kind {
	case Word:
		text = strings.ToLower(t.Text(s.sql))
		s.word(text)
	case Punct:
		s.punct(t)
	}
	s.previous = text
}

func (s *splitter) word(text string) {
	switch {
	case text == "atomic" && s.previous == "begin":
		s.body = 1
	case text == "case" && s.body > 0:
		s.body++
	case text == "end" && s.body > 0:
		s.body--
	}
}

func (s *splitter) punct(t Token) {
	switch s.sql[t.Start] {
	case '(':
		s.parens++
	case ')':
		s.parens = max(s.parens-1, 0)
	case ';':
		if s.parens == 0 && s.body == 0 {
			s.end(t.End)
		}
	}
}

func (s *splitter) end(at int) {
	first := at
	if s.first > 0 {
		first = s.first - 1
	}
	s.list = append(s.list, Statement{Start: s.start, First: first, End: at})
	*s = splitter{sql: s.sql, list: s.list, start: at}
}
