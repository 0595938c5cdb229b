package project

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
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
// that is known, and the -- name: line otherwise. Without a query file it is a
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
	if offset < strings.IndexByte(st.SQL, '\n') {
		return st.Pos
	}
	source := q.text[q.span.First:q.span.End]
	compiled, written := code(sqltext.Tokens(st.SQL)), code(sqltext.Tokens(source))
	i := slices.IndexFunc(compiled, func(t sqltext.Token) bool { return t.End > offset })
	if i < 0 || len(written) == 0 {
		return st.Pos
	}
	within := max(offset-compiled[i].Start, 0)
	j, same := match(texts(st.SQL, compiled), texts(source, written), i)
	at := q.span.First + written[j].Start
	if same {
		at += within
	}
	line, column := sqltext.Place(q.text, at)
	return Position{q.file, line, column}
}

func texts(sql string, tokens []sqltext.Token) []string {
	list := make([]string, len(tokens))
	for i, t := range tokens {
		list[i] = t.Text(sql)
		if t.Kind == sqltext.Word {
			list[i] = strings.ToLower(list[i])
		}
	}
	return list
}
