package schemafile

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// Retarget makes what a text says of a database be about another: ALTER DATABASE, GRANT
// and REVOKE ON DATABASE, COMMENT ON DATABASE, ALTER ROLE IN DATABASE. A migration names
// its own database, and this one has another name. CREATE and DROP DATABASE stay, and so
// does what is inside of strings, which may ask for current_database.
func Retarget(text, database string) string {
	var out strings.Builder
	done := 0
	for _, span := range sqltext.Pieces(text) {
		for _, name := range databasesIn(span.Text(text)) {
			out.WriteString(text[done : span.First+name.Start])
			out.WriteString(`"` + strings.ReplaceAll(database, `"`, `""`) + `"`)
			done = span.First + name.End
		}
	}
	out.WriteString(text[done:])
	return out.String()
}

// databasesIn returns the names of databases in a statement that is about them.
func databasesIn(sql string) (names []sqltext.Token) {
	switch sqltext.Fold(sqltext.Verb(sql)) {
	case "alter", "grant", "revoke", "comment":
	default:
		return nil
	}
	var before [2]sqltext.Token
	n := 0
	for t := range sqltext.Code(sql) {
		if n >= 2 && before[1].Is(sql, "database") && beforeDatabase(sql, before[0]) && isName(sql, t) {
			names = append(names, t)
		}
		before[0], before[1] = before[1], t
		n++
	}
	return names
}

// beforeDatabase reports whether the word DATABASE behind t is the keyword.
func beforeDatabase(sql string, t sqltext.Token) bool {
	return t.Is(sql, "alter") || t.Is(sql, "on") || t.Is(sql, "in")
}

// isName reports whether t is an identifier: in GRANT SELECT ON database TO x the word
// before it is one itself.
func isName(sql string, t sqltext.Token) bool {
	return t.Kind == sqltext.Quoted || t.Kind == sqltext.Word && !t.Is(sql, "to") && !t.Is(sql, "from")
}
