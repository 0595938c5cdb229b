package project

import (
	"strings"
	"unicode/utf8"

	"github.com/sqlkeel/sqlkeel/internal/gen/sqltext"
)

// origin is where a statement's text came from.
type origin struct {
	query  *query   // nil when there is no query file
	goPos  Position // of the constant's value
	goText string   // of the generated file
	source string   // the query file that the generated file names
}

// Position returns the place, in the query file, of a byte offset of SQL. sqlc
// changes the text on the way (comments go, stars become columns, parameters
// become numbers), so it is the place of the same word in the same line as far as
// that can be told, and the -- name: line otherwise. Without a query file it is a
// place in the generated file.
func (st *Statement) Position(offset int) Position {
	offset = min(max(offset, 0), len(st.SQL))
	if st.Const == "" {
		return st.Pos // a CopyFrom; its text is ours
	}
	if st.origin.query == nil {
		return st.inGo(offset)
	}
	return st.inQuery(offset)
}

// inGo counts lines from the constant on: in backquotes, lines are lines.
func (st *Statement) inGo(offset int) Position {
	line, column := sqltext.Place(st.SQL, offset)
	if line == 1 {
		column += st.origin.goPos.Column // behind the backquote
	}
	return Position{st.GoFile, st.origin.goPos.Line + line - 1, column}
}

func (st *Statement) inQuery(offset int) Position {
	q := st.origin.query
	line, _ := sqltext.Place(st.SQL, offset)
	compiled := strings.Split(st.SQL, "\n")
	source := q.lines()
	at := align(compiled[1:], source)
	if line < 2 || line-2 >= len(at) || at[line-2] < 0 {
		return st.Pos
	}
	from := source[at[line-2]]
	start := strings.LastIndexByte(st.SQL[:offset], '\n') + 1
	column := sameWord(compiled[line-1], offset-start, from.text)
	return Position{q.file, from.number, utf8.RuneCountInString(from.text[:column]) + 1}
}

// sourceLine is a line of a query that sqlc keeps.
type sourceLine struct {
	text   string
	number int // in the file
}

// lines leaves out what sqlc takes out: comments in the first column, and the
// blank lines before the statement.
func (q *query) lines() []sourceLine {
	number, _ := sqltext.Place(q.text, q.span.Start)
	var list []sourceLine
	for text := range strings.SplitSeq(q.text[q.span.Start:q.span.End], "\n") {
		text = strings.TrimSuffix(text, "\r")
		hoisted := strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*") && strings.HasSuffix(text, "*/")
		if !hoisted && (len(list) > 0 || strings.TrimSpace(text) != "") {
			list = append(list, sourceLine{text, number})
		}
		number++
	}
	return list
}

// align finds for each compiled line the source line it was made of, -1 where none
// is like it. Usually they correspond one to one; a sqlc macro that spans lines
// makes them fewer.
func align(compiled []string, source []sourceLine) []int {
	at := make([]int, len(compiled))
	next := 0
	for i, line := range compiled {
		at[i] = -1
		for j := next; j < len(source) && j <= next+maxSkipped; j++ {
			if alike(line, source[j].text) {
				at[i], next = j, j+1
				break
			}
		}
	}
	return at
}

// maxSkipped bounds the search for a line: a macro spans few lines.
const maxSkipped = 12

// alike says that a line was made of another: half of the shorter one's words are
// in both.
func alike(a, b string) bool {
	one, two := words(a), words(b)
	if len(one) == 0 || len(two) == 0 {
		return len(one) == len(two)
	}
	count := map[string]int{}
	for _, w := range one {
		count[w]++
	}
	same := 0
	for _, w := range two {
		if count[w] > 0 {
			count[w]--
			same++
		}
	}
	return 2*same >= min(len(one), len(two))
}

func words(line string) []string {
	var list []string
	for _, t := range sqltext.Tokens(line) {
		list = append(list, wordKey(line, t))
	}
	return list
}

// wordKey makes all parameters the same word, in the compiled form and in the
// source: $1 and @name.
func wordKey(line string, t sqltext.Token) string {
	if t.Kind == sqltext.Param || t.Kind == sqltext.Punct && t.Text(line) == "@" {
		return "$"
	}
	return strings.ToLower(t.Text(line))
}

// sameWord returns the offset in source of the word at offset of compiled: the
// same word, and the same one among its equals. Where there is none it is the
// first word of the line.
func sameWord(compiled string, offset int, source string) int {
	key, nth := "", 0
	for _, t := range sqltext.Tokens(compiled) {
		if t.End > offset {
			key = wordKey(compiled, t)
			break
		}
	}
	for _, t := range sqltext.Tokens(compiled) {
		if t.End > offset {
			break
		}
		if wordKey(compiled, t) == key {
			nth++
		}
	}
	best := len(source) - len(strings.TrimLeft(source, " \t"))
	for _, t := range sqltext.Tokens(source) {
		if wordKey(source, t) != key && (key != "$" || !macro(source, t)) {
			continue
		}
		best = t.Start
		if nth--; nth < 0 {
			break
		}
	}
	return best
}

// macro says that a token begins sqlc.arg(…) or sqlc.narg(…).
func macro(line string, t sqltext.Token) bool {
	rest := strings.ToLower(line[t.Start:])
	return t.Kind == sqltext.Word && (strings.HasPrefix(rest, "sqlc.arg") || strings.HasPrefix(rest, "sqlc.narg"))
}
