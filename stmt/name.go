package stmt

import (
	"strings"
	"unicode"
)

// Name returns what a statement is to be called where its text must not be, as
// in logs and errors: the name that sqlc wrote before it, else its first word in
// capitals. The rest may hold data.
func Name(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		return rest[:wordEnd(rest)]
	}
	return strings.ToUpper(Verb(sql))
}

// Verb returns the first word of a statement, as it is written.
func Verb(sql string) string {
	rest := skipToWord(sql)
	return rest[:wordEnd(rest)]
}

// skipToWord passes over white space, opening parentheses and comments, which
// nest.
func skipToWord(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, func(r rune) bool { return unicode.IsSpace(r) || r == '(' })
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			sql = skipComment(sql)
		default:
			return sql
		}
	}
}

// skipComment passes over the comment that sql begins with.
func skipComment(sql string) string {
	depth := 0
	for i := 0; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return sql[i+1:]
		}
	}
	return ""
}

func wordEnd(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return len(s)
	}
	return end
}
