package db

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// checkRead returns a *NotReadError unless sql is a read, as far as its words
// tell. It is strict: what it does not know is no read.
func checkRead(sql string) error {
	s := scanner{rest: sql}
	reason := s.judge()
	if reason == "" {
		return nil
	}
	return &NotReadError{Statement: stmt.Name(sql), Reason: reason}
}

// readStarts are the words that a read begins with.
var readStarts = map[string]bool{"select": true, "with": true, "values": true, "table": true, "show": true}

// writeWords make a statement a write wherever they stand.
var writeWords = map[string]bool{"insert": true, "update": true, "delete": true, "merge": true, "into": true}

// judge returns why the statement is not known to be a read, or "".
func (s *scanner) judge() string {
	first, before, ended := true, "", false
	for {
		t := s.next()
		switch {
		case t == "":
			if first {
				return "it is empty"
			}
			return ""
		case ended:
			return "it is more than one statement"
		case t == ";":
			ended = !first
		case first && t == "(":
		case first:
			if !readStarts[t] {
				return "it begins with " + strings.ToUpper(t)
			}
			first = false
		case writeWords[t]:
			return "it contains " + strings.ToUpper(t)
		case t == `\'`:
			return "it has a string that ends in a backslash, which servers read differently"
		case (t == "share" || t == "key") && before == "for":
			return "it locks rows"
		}
		before = t
	}
}

// scanner cuts SQL into words in lower case and single characters. Strings and
// quoted names come out as "quoted", comments do not come out at all.
type scanner struct{ rest string }

func (s *scanner) next() string {
	s.skip()
	if s.rest == "" {
		return ""
	}
	c := s.rest[0]
	switch {
	case c == '\'':
		return s.quoted(1, `'`, false)
	case c == '"':
		return s.quoted(1, `"`, false)
	case len(s.rest) > 1 && (c == 'e' || c == 'E') && s.rest[1] == '\'':
		return s.quoted(2, `'`, true)
	case c == '$':
		return s.dollar()
	case isWord(c):
		n := 1
		for n < len(s.rest) && (isWord(s.rest[n]) || s.rest[n] == '$') {
			n++
		}
		return strings.ToLower(s.take(n))
	default:
		return s.take(1)
	}
}

// skip passes over white space and comments, which nest.
func (s *scanner) skip() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(s.rest, "--"):
			end := strings.IndexAny(s.rest, "\r\n")
			if end < 0 {
				end = len(s.rest)
			}
			s.take(end)
		case strings.HasPrefix(s.rest, "/*"):
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) comment() {
	for depth := 0; s.rest != ""; {
		switch {
		case strings.HasPrefix(s.rest, "/*"):
			depth++
			s.take(2)
		case strings.HasPrefix(s.rest, "*/"):
			s.take(2)
			if depth--; depth == 0 {
				return
			}
		default:
			s.take(1)
		}
	}
}

// quoted passes over what is in quotes. A doubled quote ends it and begins
// another, which comes to the same. Whether a backslash before the quote of an
// ordinary string escapes it depends on the server's settings.
func (s *scanner) quoted(open int, quote string, backslashes bool) string {
	for n := open; n < len(s.rest); n++ {
		switch {
		case backslashes && s.rest[n] == '\\':
			n++
		case s.rest[n] == quote[0]:
			doubtful := quote == `'` && !backslashes && s.rest[n-1] == '\\'
			s.take(n + 1)
			if doubtful {
				return `\'`
			}
			return "quoted"
		}
	}
	s.rest = ""
	return "quoted"
}

// dollar passes over a dollar-quoted string; a parameter is its own word.
func (s *scanner) dollar() string {
	n := 1
	for n < len(s.rest) && isWord(s.rest[n]) {
		n++
	}
	if n == len(s.rest) || s.rest[n] != '$' || (n > 1 && s.rest[1] >= '0' && s.rest[1] <= '9') {
		return s.take(n)
	}
	tag := s.take(n + 1)
	_, s.rest, _ = strings.Cut(s.rest, tag)
	return "quoted"
}

func (s *scanner) take(n int) string {
	n = min(n, len(s.rest))
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
