package project

import (
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// SliceRemedy is what to write instead of a sqlc.slice that is not expanded.
const SliceRemedy = "sqlc.slice is not expanded for PostgreSQL, so the call fails: write = ANY(@x::type[]), or <> ALL for NOT IN"

// noteSlices notes the parameters that are written as sqlc.slice: the call fails
// where the server wants one value. It takes the k-th parameter of the query for
// the k-th placeholder of the generated text.
func (r *reader) noteSlices(st *Statement, q *query) {
	source := q.text[q.span.First:q.span.End]
	placeholders := numbers(st.SQL)
	k := 0
	for _, p := range pieces(source) {
		if p.kind != placeholder {
			continue
		}
		if sliced(source[p.start:]) {
			line, column := sqltext.Place(q.text, q.span.First+p.start)
			pos := Position{q.file, line, column}
			if st.Refused != nil { // for what came of it in the generated code
				st.Refused.Pos, st.Refused.Message = pos, SliceRemedy
				return
			}
			if k < len(placeholders) {
				st.noteSlice(placeholders[k], pos)
			}
		}
		k++
	}
}

// sliced reports whether a text begins with a call of sqlc.slice.
func sliced(source string) bool {
	tokens := code(sqltext.Tokens(source))
	return len(tokens) > 2 && word(source, tokens[0]) == "sqlc" && tokens[1].Text(source) == "." && word(source, tokens[2]) == "slice"
}

// numbers returns the placeholders of a text in the order in which they stand.
func numbers(sql string) []int {
	var list []int
	for _, t := range sqltext.Tokens(sql) {
		if n := t.Number(sql); n > 0 {
			list = append(list, n)
		}
	}
	return list
}

// noteSliceText does so where there is no query file: by IN (…, $n, …) with a slice
// for $n.
func (r *reader) noteSliceText(st *Statement) {
	tokens := code(sqltext.Tokens(st.SQL))
	depth, lists := 0, []int{} // the depths of the lists of IN
	for i, t := range tokens {
		switch t.Text(st.SQL) {
		case "(":
			depth++
			if i > 0 && word(st.SQL, tokens[i-1]) == "in" {
				lists = append(lists, depth)
			}
		case ")":
			lists = slices.DeleteFunc(lists, func(d int) bool { return d == depth })
			depth--
		}
		if n := t.Number(st.SQL); n > 0 && slices.Contains(lists, depth) {
			st.noteSlice(n, st.Position(t.Start))
		}
	}
}

// noteSlice notes that $n was written as sqlc.slice, if the method passes a slice.
func (st *Statement) noteSlice(n int, pos Position) {
	if n > len(st.Params) || !isSlice(st.Params[n-1].Type) {
		return
	}
	if st.Slices == nil {
		st.Slices = map[int]Position{}
	}
	if _, first := st.Slices[n]; !first {
		st.Slices[n] = pos
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
