package migrate

import (
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// check looks at what goose sends in one piece: whether it is whole statements for
// PostgreSQL too, and whether goose can send them at all. Of a statement that goose
// cuts in several pieces only the first is reported.
func (p *parser) check(s statement) bool {
	if p.cut != "" {
		p.cut += "\n" + s.text
		if inside, _ := cutInside(p.cut); inside == "" {
			p.cut = ""
		}
		return false
	}
	known := len(p.problems)
	p.checkContent(s)
	p.checkDollarQuotes(s)
	if len(p.problems) > known {
		return false
	}
	if s.block {
		if inside, offset := unclosed(s.text); inside != "" {
			line, col := s.at(offset)
			p.note(Error, p.section, line, col, "the block ends inside %s: close it before \"-- +goose StatementEnd\"", inside)
		}
	} else if inside, offset := cutInside(s.text); inside != "" {
		line, col := s.at(offset)
		last, _ := s.place(width(s.text))
		p.note(Error, p.section, line, col, "goose cuts this statement off at the semicolon that ends line %d, inside %s: "+
			"put it between \"-- +goose StatementBegin\" and \"-- +goose StatementEnd\"", last, inside)
		p.cut = s.text
	}
	return len(p.problems) == known
}

// cutInside is unclosed for what goose ends at a semicolon: there must be one for
// PostgreSQL too.
func cutInside(text string) (inside string, offset int) {
	if inside, offset = unclosed(text); inside != "" {
		return inside, offset
	}
	if pieces := sqltext.Pieces(text); !codeEndsWithSemicolon(text) {
		return "a comment that goose does not see, for there is no blank before its \"--\"", min(pieces[len(pieces)-1].First, len(text))
	}
	return "", 0
}

// codeEndsWithSemicolon tells whether the last statement of a text is ended.
func codeEndsWithSemicolon(text string) bool {
	ended := false
	for t := range sqltext.Code(text) {
		ended = t.Text(text) == ";"
	}
	return ended
}

// checkContent reports the statements in a piece that goose cannot send.
func (p *parser) checkContent(s statement) {
	for _, piece := range sqltext.Pieces(s.text) {
		sql := piece.Text(s.text)
		if readsFromClient(sql) {
			line, col := s.at(piece.First)
			p.note(Error, p.section, line, col, "COPY FROM STDIN waits for data, which a migration cannot send: write INSERT, or load the data with psql")
			p.data = !s.block
			return
		}
	}
	p.checkTokens(s)
}

// checkTokens reports psql's commands and the annotations that goose overlooks.
func (p *parser) checkTokens(s statement) {
	reported := 0
	for _, t := range sqltext.Tokens(s.text) {
		text := t.Text(s.text)
		line, col := s.at(t.Start)
		switch {
		case line == reported:
		case text == `\`:
			p.note(Error, p.section, line, col, "%s is a command of psql, which PostgreSQL does not know: remove the line", psqlCommand(s.text[t.Start:]))
			reported = line
		case t.Kind == sqltext.Comment && almost.MatchString(text):
			p.report(line, col, "goose does not take this comment for an annotation: write it as \"-- +goose\", in lower case, on a line of its own")
			reported = line
		}
	}
}

// psqlCommand returns the first word of a text.
func psqlCommand(text string) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n;", r) }); end > 0 {
		return text[:end]
	}
	return text
}

// readsFromClient tells a COPY that waits for data from the client: FROM STDIN, or
// FROM STDOUT, which PostgreSQL takes for the same.
func readsFromClient(sql string) bool {
	depth, from, first := 0, false, true
	for t := range sqltext.Code(sql) {
		switch text := t.Text(sql); {
		case first && !t.Is(sql, "copy"):
			return false
		case text == "(":
			depth++
		case text == ")":
			depth--
		case depth > 0:
		case from && (t.Is(sql, "stdin") || t.Is(sql, "stdout")):
			return true
		default:
			from = t.Is(sql, "from")
		}
		first = false
	}
	return false
}

// tokenKind says what a token is, for a message.
type tokenKind string

const (
	dollarQuoted tokenKind = "dollar-quoted string"
	quoted       tokenKind = "string"
	name         tokenKind = "quoted name"
	comment      tokenKind = "comment"
)

// token is one that is not closed.
type token struct {
	kind  tokenKind
	start int
}

// probe ends a statement that can be ended, and begins another.
const probe = "\n;x"

// openToken returns the token that is not closed at the end of a text.
func openToken(text string) (t token, open bool) {
	tokens := sqltext.Tokens(text + probe)
	last := tokens[len(tokens)-1]
	if last.Start >= len(text) {
		return token{}, false
	}
	kind := quoted
	switch first := text[last.Start:]; {
	case strings.HasPrefix(first, "$"):
		kind = dollarQuoted
	case last.Kind == sqltext.Block:
		kind = comment
	case last.Kind == sqltext.Quoted:
		kind = name
	}
	return token{kind, last.Start}, true
}

// unclosed returns what is open at the end of a piece, for a message, and the offset
// of the statement that it belongs to. Other parentheses than a rule's are none of
// goose's business: no semicolon may stand in them.
func unclosed(text string) (inside string, offset int) {
	pieces := sqltext.Pieces(text + probe)
	last := pieces[len(pieces)-1]
	if t, open := openToken(text); open {
		return "a " + string(t.kind), min(last.First, t.start)
	}
	if last.First >= len(text) {
		return "", 0
	}
	depth, rule := 0, false
	for t := range sqltext.Code(text[last.First:]) {
		switch word := t.Text(text[last.First:]); {
		case word == "(":
			depth++
		case word == ")":
			depth--
		default:
			rule = rule || depth == 0 && t.Is(text[last.First:], "rule")
		}
	}
	switch {
	case depth <= 0:
		return "a body between BEGIN ATOMIC and END", last.First
	case rule:
		return "the parentheses of a rule", last.First
	}
	return "", 0
}

// unfinished says why goose does not see the end of a statement, and where.
func unfinished(text string) (offset int, message string) {
	code := -1
	for t := range sqltext.Code(text) {
		code = t.Start
	}
	if code < 0 {
		return 0, "goose takes a comment between /* and */ for a statement that is not ended by a semicolon: begin its lines with --"
	}
	pieces := sqltext.Pieces(text)
	for _, piece := range pieces {
		if piece.First < piece.End {
			offset = piece.First
		}
	}
	if inside, at := unclosed(text); inside != "" {
		return at, fmt.Sprintf("the statement ends inside %s: close it, and end the line with a semicolon", inside)
	}
	if text[code] != ';' {
		return offset, "the statement is not ended by a semicolon at the end of a line"
	}
	return offset, fmt.Sprintf("goose does not see the semicolon that ends the statement, because of %s: "+
		"put the semicolon at the end of a line without it, or the statement between \"-- +goose StatementBegin\" and \"-- +goose StatementEnd\"", hides(text, code))
}

// hides says why goose does not see that a line ends with the semicolon at an offset.
func hides(text string, semicolon int) string {
	line := text[strings.LastIndexByte(text[:semicolon], '\n')+1 : semicolon]
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "--") {
			return "the \"--\" before it, which goose takes for a comment"
		}
	}
	return "what stands behind it on the line"
}
