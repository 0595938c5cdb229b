package sqltext

import (
	"strings"
	"unicode/utf8"
)

// Kind tells what a token is.
type Kind uint8

const (
	// Word is an unquoted identifier or a keyword.
	Word Kind = iota
	// Quoted is a "quoted" identifier.
	Quoted
	// String is a literal in any of PostgreSQL's quotes.
	String
	// Number is a numeric literal.
	Number
	// Param is a placeholder, such as $1.
	Param
	// Comment is a comment to the end of the line, without the line's end.
	Comment
	// Block is a comment between /* and */.
	Block
	// Punct is one other character.
	Punct
)

// Token is a piece of a text, by byte offsets.
type Token struct {
	Kind       Kind
	Start, End int
}

// Text returns the token's characters in sql, the text that it was cut from.
func (t Token) Text(sql string) string { return sql[t.Start:t.End] }

// Tokens cuts sql into tokens. White space is left out.
func Tokens(sql string) []Token {
	var list []Token
	for at := 0; at < len(sql); {
		if isSpace(sql[at]) {
			at++
			continue
		}
		t := next(sql, at)
		list = append(list, t)
		at = t.End
	}
	return list
}

// next returns the token that starts at a character which is no space.
func next(sql string, at int) Token {
	rest := sql[at:]
	c := rest[0]
	switch {
	case strings.HasPrefix(rest, "--"):
		return Token{Comment, at, at + until(rest, "\n", 0)}
	case strings.HasPrefix(rest, "/*"):
		return Token{Block, at, at + block(rest)}
	case c == '\'':
		return Token{String, at, at + literal(rest, false)}
	case c == '"':
		return Token{Quoted, at, at + quoted(rest, '"', false)}
	case c == '$':
		return dollar(sql, at)
	case c >= '0' && c <= '9':
		return Token{Number, at, at + number(rest)}
	case isWordStart(c):
		return word(sql, at)
	}
	_, size := utf8.DecodeRuneInString(rest)
	return Token{Punct, at, at + size}
}

// word returns an identifier, or the string or identifier that it is the prefix of.
func word(sql string, at int) Token {
	end := at + 1
	for end < len(sql) && (isWordStart(sql[end]) || sql[end] == '$' || isDigit(sql[end])) {
		end++
	}
	if end == len(sql) {
		return Token{Word, at, end}
	}
	switch prefix := strings.ToLower(sql[at:end]); {
	case sql[end] == '\'' && (prefix == "e" || prefix == "b" || prefix == "x" || prefix == "n"):
		return Token{String, at, end + literal(sql[end:], prefix == "e")}
	case prefix == "u" && sql[end] == '&' && end+1 < len(sql):
		switch q := sql[end+1]; q {
		case '\'':
			return Token{String, at, end + 1 + literal(sql[end+1:], false)}
		case '"':
			return Token{Quoted, at, end + 1 + quoted(sql[end+1:], q, false)}
		}
	}
	return Token{Word, at, end}
}

// dollar returns a placeholder, a dollar-quoted string, or the sign alone.
func dollar(sql string, at int) Token {
	rest := sql[at:]
	end := 1
	for end < len(rest) && isDigit(rest[end]) {
		end++
	}
	if end > 1 {
		return Token{Param, at, at + end}
	}
	for end < len(rest) && (isWordStart(rest[end]) || isDigit(rest[end])) {
		end++
	}
	if end == len(rest) || rest[end] != '$' {
		return Token{Punct, at, at + 1}
	}
	tag := rest[:end+1]
	return Token{String, at, at + len(tag) + until(rest[len(tag):], tag, len(tag))}
}

// until returns the offset of mark, plus extra; the length of s without one.
func until(s, mark string, extra int) int {
	if i := strings.Index(s, mark); i >= 0 {
		return i + extra
	}
	return len(s)
}

// block returns the length of a comment; they nest.
func block(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// literal returns the length of a string, which goes on in the next quotes when
// there is the end of a line and nothing but space between.
func literal(s string, escapes bool) int {
	end := quoted(s, '\'', escapes)
	for {
		rest := strings.TrimLeft(s[end:], " \t\n\r\f\v")
		space := s[end : len(s)-len(rest)]
		if !strings.HasPrefix(rest, "'") || !strings.ContainsAny(space, "\n\r") {
			return end
		}
		end += len(space) + quoted(rest, '\'', escapes)
	}
}

// quoted returns the length of a text in quotes, in which a doubled quote, and
// with escapes a backslash, stands for a character.
func quoted(s string, quote byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && escapes:
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

func number(s string) int {
	end := 1
	for end < len(s) && (isDigit(s[end]) || isWordStart(s[end]) || s[end] == '.' && !strings.HasPrefix(s[end:], "..")) {
		end++
	}
	return end
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\n\r\f\v", c) >= 0 }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWordStart takes every byte of a character beyond ASCII for a letter, as
// PostgreSQL does.
func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
