package sqltext

import (
	"strings"
	"unicode/utf8"
)

// Place returns the line and column, from 1, of a byte offset of text; columns
// count characters. An offset outside of the text is taken for its nearest end.
func Place(text string, offset int) (line, column int) {
	offset = min(max(offset, 0), len(text))
	before := text[:offset]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// Placeholders returns the largest number of a placeholder in sql, 0 without any.
func Placeholders(sql string) int {
	most := 0
	for _, t := range Tokens(sql) {
		if t.Kind == Param {
			most = max(most, paramNumber(t.Text(sql)))
		}
	}
	return most
}

// paramNumber returns n of $n; it stops growing where PostgreSQL would refuse it.
func paramNumber(text string) int {
	n := 0
	for _, c := range text[1:] {
		if n = n*10 + int(c-'0'); n > 1<<20 {
			return n
		}
	}
	return n
}
