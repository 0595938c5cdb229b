package sqltext

import "strings"

// Name returns what a statement is to be called where its text must not be, as in
// logs and errors: the name that sqlc wrote before it, else its first word in
// capitals. The rest may hold data.
func Name(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		end := 0
		for end < len(rest) && isWordPart(rest[end]) {
			end++
		}
		return rest[:end]
	}
	return strings.ToUpper(Verb(sql))
}

// Verb returns the first word of the first statement, as it is written: behind
// white space, comments, empty statements and opening parentheses. It is "" when
// something else comes first.
func Verb(sql string) string {
	for t := range Code(sql) {
		switch {
		case t.Kind == Word:
			return t.Text(sql)
		case t.Text(sql) != ";" && t.Text(sql) != "(":
			return ""
		}
	}
	return ""
}
