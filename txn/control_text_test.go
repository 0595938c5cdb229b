package txn

import (
	"math/rand/v2"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// author writes texts that are hard to read, most of which the server takes.
type author struct {
	*rand.Rand
	rules sqltext.Rules
}

func newAuthor(seed uint64, rules sqltext.Rules) *author {
	stream := uint64(1)
	if rules.Backslashes {
		stream = 2
	}
	return &author{rand.New(rand.NewPCG(seed, stream)), rules}
}

func pick[T any](a *author, list []T) T { return list[a.IntN(len(list))] }

// templates are statements by their tokens; those in capitals are made up.
var templates = [][]string{
	{}, {}, {"select", "1"}, {"select", "STRING"}, {"select", "STRING", "as", "NAME"}, {"values", "(", "STRING", ",", "1", ")"}, {"select", "case", "when", "true", "then", "1", "end"},
	{"select", "1", "as", "commit"}, {"select", "1", "end"}, {"select", "(", "1", ")", ":", ":", "int", "NAME"}, {"select", "-", "1", "+", "2"}, {"select", "1", "/", "2"}, {"with", "NAME", "as", "(", "select", "1", ")", "select", "STRING"},
	{"select", "begin", "atomic", "from", "(", "values", "(", "1", ")", ")", "as", "t", "(", "begin", ")"}, {"select", "1", "*", "2"}, {"select", "STRING", "|", "|", "STRING"},
	{"create", "or", "replace", "function", "pg_temp.f", "(", "begin", "int", ")", "returns", "int", "begin", "atomic", "select", "1", ";", "select", "case", "when", "true", "then", "1", "end", ";", "end"},
	{"create", "or", "replace", "procedure", "pg_temp.p", "(", ")", "begin", "atomic", ";", "end"}, {"do", "$$begin null; end$$"}, {"set", "constraints", "all", "deferred"}, {"select", "STRING", "in", "(", "STRING", ")"},
	{"savepoint", "s"}, {"savepoint", "NAME"}, {"release", "s"}, {"release", "savepoint", "s"}, {"rollback", "to", "s"}, {"rollback", "work", "to", "s"}, {"rollback", "transaction", "to", "savepoint", "s"}, {"rollback", "to", "savepoint", "s"},
	{"commit"}, {"commit", "work"}, {"commit", "and", "chain"}, {"commit", "transaction", "and", "no", "chain"}, {"end"}, {"end", "and", "chain"}, {"rollback"}, {"rollback", "work"}, {"rollback", "and", "chain"}, {"rollback", "and", "no", "chain"},
	{"abort"}, {"abort", "and", "chain"}, {"begin"}, {"begin", "work"}, {"begin", "read", "only"}, {"start", "transaction"}, {"start", "transaction", "isolation", "level", "repeatable", "read"},
	{"prepare", "transaction", "STRING"}, {"prepare", "transaction", "as", "select", "1"}, {"prepare", "commit", "as", "select", "STRING"}, {"prepare", "p", "(", "int", ")", "as", "select", "$1"}, {"execute", "transaction"},
	{"commit", "prepared", "STRING"}, {"rollback", "prepared", "STRING"}, {"select", "1", "from", "NAME"}, {"deallocate", "all"}, {"(", "select", "1", ")"}, {"table", "NAME"}, {"(", "commit", ")"}, {"select", "1", "/", "0"},
}

// text writes one to five statements, and now and then spoils them.
func (a *author) text() string {
	var s strings.Builder
	for n := 1 + a.IntN(4); n > 0; n-- {
		s.WriteString(a.gap(false))
		before := ""
		for _, token := range pick(a, templates) {
			token = a.token(token)
			s.WriteString(a.gap(glued(before, token)))
			s.WriteString(token)
			before = token
		}
		s.WriteString(a.gap(false))
		if n > 1 || a.IntN(3) == 0 {
			s.WriteString(";")
		}
	}
	s.WriteString(a.gap(false))
	sql := s.String()
	if a.IntN(8) == 0 {
		at := a.IntN(len(sql) + 1)
		sql = strings.ToValidUTF8(sql[:at], "") + pick(a, hostile) + strings.ToValidUTF8(sql[min(at+a.IntN(3), len(sql)):], "")
	}
	return sql
}

var hostile = []string{"", "'", `"`, ";", "--", "/*", "*/", "\n", "\r", "$$", "$a$", "\\", "e'", "(", ")", "commit", "\u00a0", "é", "begin atomic", "end", "'\n'", "--\r", "$1", "n'", "u&'"}

// glued says whether two tokens would be one without something between.
func glued(before, token string) bool {
	if before == "" {
		return false
	}
	word := func(c byte) bool {
		return c == '_' || c == '$' || c == '\'' || c == '"' || c == '&' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
	}
	last, first := before[len(before)-1], token[0]
	if strings.ContainsRune("+-*/|:", rune(last)) && strings.ContainsRune("+-*/|:", rune(first)) {
		return !strings.ContainsRune("|:", rune(last))
	}
	return word(last) && word(first)
}

// gap is white space and comments, at least one of them where it must be.
func (a *author) gap(must bool) string {
	var s strings.Builder
	for n := a.IntN(3); n > 0 || must && s.Len() == 0; n-- {
		switch a.IntN(6) {
		case 0:
			s.WriteString("--" + a.junk("\n\r", nil) + pick(a, []string{"\n", "\r", "\r\n"}))
		case 1:
			s.WriteString(a.block(2))
		default:
			s.WriteString(pick(a, []string{" ", "\n", "\t", "\r", "\f", "\r\n"}))
		}
	}
	// Behind an operator a comment would be begun by its last character.
	return s.String()
}

func (a *author) block(deep int) string {
	inside := a.junk("", []string{"/*", "*/", "*", "/"})
	if deep > 0 && a.IntN(3) == 0 {
		inside += a.block(deep-1) + a.junk("", []string{"/*", "*/", "*", "/"})
	}
	return pick(a, []string{"/*", "/**", "/* "}) + inside + pick(a, []string{"*/", " */", "**/"})
}

var scraps = []string{" ", ";", "; commit", ";rollback and chain;", "to", " to ", "'", `"`, "--", "/*", "*/", "$$", "$a$", "\\", "\n", "\r", "é", "begin", "end", "é'", "x", "1", "''", "E'", "*", "/"}

// junk is what would mean something elsewhere, without some of it.
func (a *author) junk(chars string, pieces []string) string {
	var s strings.Builder
	for n := a.IntN(4); n > 0; n-- {
		scrap := pick(a, scraps)
		unwanted := chars != "" && strings.ContainsAny(scrap, chars)
		for _, p := range pieces {
			unwanted = unwanted || strings.Contains(scrap, p)
		}
		if !unwanted {
			s.WriteString(scrap)
		}
	}
	return s.String()
}

// token makes up a string or a name, and writes words in any case.
func (a *author) token(t string) string {
	switch {
	case t == "STRING":
		return a.literal()
	case t == "NAME":
		return a.name()
	case a.IntN(4) == 0 && !strings.HasPrefix(t, "$$"):
		return strings.ToUpper(t)
	}
	return t
}

func (a *author) name() string {
	if a.IntN(2) == 0 {
		return pick(a, []string{"n", "a$b$c", "été", "_1", "to_", "commit_", "n$", "e", "x"})
	}
	return pick(a, []string{"", "", "u&"}) + `"n` + strings.ReplaceAll(a.junk("\\", nil), `"`, `""`) + `"`
}

func (a *author) literal() string {
	plain := func() string {
		body := strings.ReplaceAll(a.junk("", nil), "'", "''")
		if a.rules.Backslashes {
			body = strings.ReplaceAll(body, `\`, pick(a, []string{`\\`, `\'`, ``}))
		}
		return "'" + body + "'"
	}
	switch a.IntN(9) {
	case 8: // what goes on goes on with escapes
		return "e'" + pick(a, []string{"", `\'`, "''"}) + "'" + pick(a, []string{"\n", " --" + a.junk("\n\r", nil) + "\r"}) + `'\'` + strings.ReplaceAll(a.junk("\\", nil), "'", "''") + "'"
	case 0:
		body := strings.ReplaceAll(a.junk("", nil), `\`, pick(a, []string{`\\`, `\'`, `\n`}))
		return pick(a, []string{"e", "E"}) + "'" + strings.ReplaceAll(body, "'", pick(a, []string{"''", `\'`})) + "'"
	case 1:
		return "$$" + a.junk("$", nil) + "$$"
	case 2:
		tag := pick(a, []string{"$b$", "$_1$", "$é$", "$commit$"})
		return tag + a.junk("", nil) + tag
	case 3:
		return pick(a, []string{"n", "N"}) + plain()
	case 4:
		return plain() + pick(a, []string{"\n", " \r", " --" + a.junk("\n\r", nil) + "\n\t"}) + plain()
	case 5:
		if a.rules.Backslashes {
			return plain()
		}
		return pick(a, []string{"u&", "U&"}) + "'" + strings.ReplaceAll(a.junk("\\", nil), "'", "''") + "'"
	case 6:
		return pick(a, []string{"b'01'", "X'1f'", "x''"})
	}
	return plain()
}
