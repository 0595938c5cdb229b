package sqltext

import (
	"iter"
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
	// Punct is one other character. An operator of several is as many tokens.
	Punct
)

// Token is a piece of a text, by byte offsets.
type Token struct {
	Kind       Kind
	Start, End int
}

// Text returns the token's characters in sql, the text that it was cut from.
func (t Token) Text(sql string) string { return sql[t.Start:t.End] }

// Is reports whether the token is an unquoted word, whatever its case. word is in
// lower case.
func (t Token) Is(sql, word string) bool {
	return t.Kind == Word && t.End-t.Start == len(word) && Fold(t.Text(sql)) == word
}

// Fold returns a word in lower case as PostgreSQL compares keywords: of ASCII alone.
func Fold(word string) string {
	for i := range len(word) {
		if isUpper(word[i]) {
			return fold(word)
		}
	}
	return word
}

func fold(word string) string {
	folded := []byte(word)
	for i, c := range folded {
		if isUpper(c) {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}

// Rules are how a session reads a text, as far as its settings decide that. The zero
// value is PostgreSQL's default.
type Rules struct {
	// Backslashes is set for a session with standard_conforming_strings off, where
	// a backslash escapes in an ordinary string too.
	Backslashes bool
}

// RulesOf returns the rules of a session, of which status returns the settings that
// the server reports, as pgconn's ParameterStatus does.
func RulesOf(status func(setting string) string) Rules {
	return Rules{Backslashes: status("standard_conforming_strings") == "off"}
}

// Tokens cuts sql into tokens by the default rules. White space is left out.
func Tokens(sql string) []Token {
	var list []Token
	for t, ok := (Rules{}).next(sql, 0); ok; t, ok = (Rules{}).next(sql, t.End) {
		list = append(list, t)
	}
	return list
}

// Code returns the tokens of sql by the default rules, without the comments.
func Code(sql string) iter.Seq[Token] { return Rules{}.Code(sql) }

// Code returns the tokens of sql without the comments.
func (r Rules) Code(sql string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		for t, ok := r.next(sql, 0); ok; t, ok = r.next(sql, t.End) {
			if t.Kind != Comment && t.Kind != Block && !yield(t) {
				return
			}
		}
	}
}

// Closed reports whether every quote and block comment of sql is closed, so that
// what is written behind it is a text of its own.
func (r Rules) Closed(sql string) bool {
	var last Token
	for t, ok := r.next(sql, 0); ok; t, ok = r.next(sql, t.End) {
		last = t
	}
	if last.End < len(sql) || last.Kind != String && last.Kind != Quoted && last.Kind != Block {
		return true
	}
	text := last.Text(sql)
	t, _ := r.next(text+"\n;", 0)
	return t.End == len(text)
}

// next returns the first token from at on, if there is one.
func (r Rules) next(sql string, at int) (t Token, ok bool) {
	for at < len(sql) && isSpace(sql[at]) {
		at++
	}
	if at == len(sql) {
		return Token{}, false
	}
	rest := sql[at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--"):
		return Token{Comment, at, at + lineEnd(rest)}, true
	case strings.HasPrefix(rest, "/*"):
		return Token{Block, at, at + block(rest)}, true
	case c == '\'':
		return Token{String, at, at + literal(rest, r.Backslashes)}, true
	case c == '"':
		return Token{Quoted, at, at + quoted(rest, '"', false)}, true
	case c == '$':
		return dollar(sql, at), true
	case isDigit(c):
		return Token{Number, at, at + number(rest)}, true
	case isWordStart(c):
		return r.word(sql, at), true
	}
	_, size := utf8.DecodeRuneInString(rest)
	return Token{Punct, at, at + size}, true
}

// word returns an identifier, or the string or identifier that it is the prefix of.
func (r Rules) word(sql string, at int) Token {
	end := at + 1
	for end < len(sql) && (isWordPart(sql[end]) || sql[end] == '$') {
		end++
	}
	if end == len(sql) || end > at+1 {
		return Token{Word, at, end}
	}
	switch prefix := sql[at] | 0x20; {
	case sql[end] == '\'' && prefix == 'e':
		return Token{String, at, end + literal(sql[end:], true)}
	case sql[end] == '\'' && (prefix == 'b' || prefix == 'x'):
		return Token{String, at, end + literal(sql[end:], false)}
	case sql[end] == '\'' && prefix == 'n': // the lexer goes on with an ordinary string
		return Token{String, at, end + literal(sql[end:], r.Backslashes)}
	case prefix == 'u' && strings.HasPrefix(sql[end:], "&'"):
		return Token{String, at, end + 1 + literal(sql[end+1:], false)}
	case prefix == 'u' && strings.HasPrefix(sql[end:], `&"`):
		return Token{Quoted, at, end + 1 + quoted(sql[end+1:], '"', false)}
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
	for end < len(rest) && isWordPart(rest[end]) {
		end++
	}
	if end == len(rest) || rest[end] != '$' {
		return Token{Punct, at, at + 1}
	}
	tag := rest[:end+1]
	if i := strings.Index(rest[len(tag):], tag); i >= 0 {
		return Token{String, at, at + 2*len(tag) + i}
	}
	return Token{String, at, len(sql)}
}

// lineEnd returns the offset of the end of the line that s begins with.
func lineEnd(s string) int {
	if i := strings.IndexAny(s, "\n\r"); i >= 0 {
		return i
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

// literal returns the length of a string. It continues in the next quotes when between
// them there are the end of a line, space and line comments only.
func literal(s string, escapes bool) int {
	end := quoted(s, '\'', escapes)
	for {
		next := end
		for next < len(s) {
			if strings.HasPrefix(s[next:], "--") {
				next += lineEnd(s[next:])
			} else if !isSpace(s[next]) {
				break
			} else {
				next++
			}
		}
		if next == len(s) || s[next] != '\'' || !strings.ContainsAny(s[end:next], "\n\r") {
			return end
		}
		end = next + quoted(s[next:], '\'', escapes)
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

// number returns the length of a number. Letters behind it are a word, as they are
// up to PostgreSQL 14, which takes "1from t" for "1 from t".
func number(s string) int {
	if end := radix(s); end > 0 {
		return end
	}
	end := digits(s, 0)
	if strings.HasPrefix(s[end:], ".") && !strings.HasPrefix(s[end:], "..") {
		end = digits(s, end+1)
	}
	if end < len(s) && s[end]|0x20 == 'e' {
		sign := end + 1
		if sign < len(s) && (s[sign] == '-' || s[sign] == '+') {
			sign++
		}
		if exponent := digits(s, sign); exponent > sign {
			return exponent
		}
	}
	return end
}

// radix returns the length of a number such as 0x1F, 0o17 or 0b1, 0 for another one.
func radix(s string) int {
	if len(s) < 3 || s[0] != '0' {
		return 0
	}
	allowed := ""
	switch s[1] | 0x20 {
	case 'x':
		allowed = "0123456789abcdefABCDEF_"
	case 'o':
		allowed = "01234567_"
	case 'b':
		allowed = "01_"
	}
	end := 2
	for end < len(s) && strings.IndexByte(allowed, s[end]) >= 0 {
		end++
	}
	if end == 2 {
		return 0
	}
	return end
}

// digits returns where the digits from at on end, with single underscores between.
func digits(s string, at int) int {
	for at < len(s) && (isDigit(s[at]) || s[at] == '_' && at > 0 && isDigit(s[at-1]) && at+1 < len(s) && isDigit(s[at+1])) {
		at++
	}
	return at
}

// isSpace is what is white space to PostgreSQL. A vertical tab is so from version 16
// on; before it is an error.
func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

// isWordStart takes every byte of a character beyond ASCII for a letter, as
// PostgreSQL does.
func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || isUpper(c) || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) }
