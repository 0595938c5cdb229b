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
		most = max(most, t.Number(sql))
	}
	return most
}

// Number returns n of a placeholder $n of sql, 0 for another token. It stops
// growing beyond what PostgreSQL takes.
func (t Token) Number(sql string) int {
	if t.Kind != Param {
		return 0
	}
	n := 0
	for _, c := range t.Text(sql)[1:] {
		if n < 1<<20 {
			n = n*10 + int(c-'0')
		}
	}
	return n
}
