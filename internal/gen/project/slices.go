package project

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

const sliceRemedy = "sqlc.slice is not expanded for PostgreSQL, so the call fails: write = ANY(@x::type[])"

// checkSlice refuses sqlc.slice, of which sqlc makes IN ($1) with a slice for $1.
func (r *reader) checkSlice(st *Statement, q *query) {
	part := q.text[q.span.First:q.span.End]
	tokens := code(sqltext.Tokens(part))
	for i := 0; i+2 < len(tokens); i++ {
		if word(part, tokens[i]) == "sqlc" && tokens[i+1].Text(part) == "." && word(part, tokens[i+2]) == "slice" {
			line, column := sqltext.Place(q.text, q.span.First+tokens[i].Start)
			pos := Position{q.file, line, column}
			if st.Refused != nil { // for what came of it in the generated code
				st.Refused.Pos, st.Refused.Message = pos, sliceRemedy
				return
			}
			st.refuse(pos, sliceRemedy)
			return
		}
	}
}

// checkSliceText does so where there is no query file: by IN ($n) with a slice for
// $n. A column that is itself an array may be compared like this too; which it is
// cannot be known here.
func (r *reader) checkSliceText(st *Statement) {
	tokens := code(sqltext.Tokens(st.SQL))
	for i := 0; i+3 < len(tokens); i++ {
		if word(st.SQL, tokens[i]) != "in" || tokens[i+1].Text(st.SQL) != "(" || tokens[i+3].Text(st.SQL) != ")" {
			continue
		}
		n := tokens[i+2].Number(st.SQL)
		if n > 0 && n <= len(st.Params) && isSlice(st.Params[n-1].Type) {
			st.refuse(st.Position(tokens[i].Start), sliceRemedy)
			return
		}
	}
}

func isSlice(goType string) bool { return strings.HasPrefix(goType, "[]") && goType != "[]byte" }

// code leaves out the comments.
func code(tokens []sqltext.Token) []sqltext.Token {
	var list []sqltext.Token
	for _, t := range tokens {
		if t.Kind != sqltext.Comment && t.Kind != sqltext.Block {
			list = append(list, t)
		}
	}
	return list
}

// word returns an unquoted word in lower case, "" for another token.
func word(sql string, t sqltext.Token) string {
	if t.Kind != sqltext.Word {
		return ""
	}
	return strings.ToLower(t.Text(sql))
}
