package project

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// checkText reports a query that was changed after sqlc compiled it. sqlc takes the
// comments out, writes numbers for parameters and columns for stars; the rest of
// the generated text is the query's own, word by word.
func (r *reader) checkText(st *Statement, q *query) {
	if st.Const == "" || st.Refused != nil {
		return
	}
	source := q.text[q.span.First:q.span.End]
	pattern := pieces(source)
	at, same := follow(pattern, st.SQL)
	if same {
		return
	}
	offset := len(source)
	if at < len(pattern) {
		offset = pattern[at].start
	}
	line, column := sqltext.Place(q.text, q.span.First+offset)
	r.pkg.report(Position{q.file, line, column}, st.Name, "the generated code has another text from here on: run sqlc generate again")
}

// piece is what a part of a query becomes.
type piece struct {
	kind  pieceKind
	text  string
	start int  // in the query
	name  bool // of a table, column or the like
}

type pieceKind uint8

const (
	verbatim pieceKind = iota
	placeholder
	columns // a star, or the columns in its place
)

// pieces cuts a query into what sqlc leaves alone and what it rewrites.
func pieces(source string) []piece {
	tokens := code(sqltext.Tokens(source))
	words := texts(source, tokens)
	if n := len(words); n > 0 && words[n-1] == ";" {
		tokens, words = tokens[:n-1], words[:n-1]
	}
	var list []piece
	for i := 0; i < len(tokens); i++ {
		kind := tokens[i].Kind
		p := piece{verbatim, withoutComments(words[i]), tokens[i].Start, kind == sqltext.Word || kind == sqltext.Quoted}
		switch n, function := call(words, i); {
		case function == "embed":
			p.kind, i = columns, i+n-1
		case function != "":
			p.kind, i = placeholder, i+n-1
		case words[i] == "*":
			list, p.start = unqualified(list, p.start)
			p.kind = columns
		case kind == sqltext.Param:
			p.kind = placeholder
		case named(source, tokens, i):
			p.kind, i = placeholder, i+1
		}
		list = append(list, p)
	}
	return list
}

// withoutComments drops the lines of a literal that look like comments, which sqlc
// takes out as well.
func withoutComments(literal string) string {
	if !strings.Contains(literal, "\n--") {
		return literal
	}
	lines := strings.Split(literal, "\n")
	kept := slices.DeleteFunc(lines[1:], func(l string) bool { return strings.HasPrefix(l, "--") })
	return strings.Join(append(lines[:1], kept...), "\n")
}

// unqualified takes the table's name away from before a star: sqlc writes that anew
// as well. It returns where the whole begins.
func unqualified(list []piece, start int) ([]piece, int) {
	for n := len(list); n > 1 && list[n-1].text == "." && list[n-2].name; n = len(list) {
		list, start = list[:n-2], list[n-2].start
	}
	return list, start
}

// call returns the length and the name of a call of sqlc's own functions.
func call(words []string, i int) (length int, function string) {
	if i+3 >= len(words) || words[i] != "sqlc" || words[i+1] != "." || words[i+3] != "(" {
		return 0, ""
	}
	end := slices.Index(words[i:], ")")
	if end < 0 {
		return 0, ""
	}
	return end + 1, words[i+2]
}

// named reports whether @ begins a parameter: a name follows, and no operator such
// as <@ ends with it.
func named(source string, tokens []sqltext.Token, i int) bool {
	if source[tokens[i].Start] != '@' || i+1 == len(tokens) || tokens[i+1].Start != tokens[i].End {
		return false
	}
	next := tokens[i+1].Kind
	operator := i > 0 && tokens[i-1].End == tokens[i].Start && tokens[i-1].Kind == sqltext.Punct && !slices.Contains([]string{"(", ",", "[", ":"}, tokens[i-1].Text(source))
	return (next == sqltext.Word || next == sqltext.Quoted) && !operator
}

// follow reports whether a generated text is what the pieces become, and otherwise
// the piece up to which it is.
func follow(pattern []piece, sql string) (at int, same bool) {
	tokens := code(sqltext.Tokens(sql))
	words := texts(sql, tokens)
	states := closure(pattern, map[int]bool{0: true})
	for n, t := range tokens {
		next := map[int]bool{}
		for i := range states {
			at = max(at, i)
			if i == len(pattern) {
				continue
			}
			switch p := pattern[i]; {
			case p.kind == verbatim && p.text == words[n], p.kind == placeholder && t.Kind == sqltext.Param, p.kind == columns && words[n] == "*":
				next[i+1] = true
			case p.kind == columns && (t.Kind == sqltext.Word || t.Kind == sqltext.Quoted || words[n] == "." || words[n] == ","):
				next[i] = true
			}
		}
		if len(next) == 0 {
			return at, false
		}
		states = closure(pattern, next)
	}
	for i := range states {
		at = max(at, i)
	}
	return at, states[len(pattern)]
}

// closure adds the pieces after those that may be nothing.
func closure(pattern []piece, states map[int]bool) map[int]bool {
	for i := range states {
		for j := i; j < len(pattern) && pattern[j].kind == columns; j++ {
			states[j+1] = true
		}
	}
	return states
}
