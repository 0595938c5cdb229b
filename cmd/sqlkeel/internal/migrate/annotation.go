package migrate

import (
	"regexp"
	"strings"
)

// annotations are those that goose knows.
var annotations = []string{"Up", "Down", "StatementBegin", "StatementEnd", "NO TRANSACTION", "ENVSUB ON", "ENVSUB OFF"}

// almost is a comment that a reader takes for an annotation, and goose does not.
var almost = regexp.MustCompile(`(?i)^\s*--+\s*\+?\s*goose\s*:?\s+(up|down|statement\s*begin|statement\s*end|no[\s_]*transaction|envsub\s+(on|off))\s*;?\s*$`)

// annotation takes a line that goose takes for one.
func (p *parser) annotation(text string, number int) {
	col := len(text) - len(strings.TrimLeft(text, " \t")) + 1
	if col > 1 {
		p.report(number, col, "a goose annotation must start in the first column")
	}
	word := strings.TrimSpace(strings.Replace(strings.ReplaceAll(text, "--", ""), "+goose", "", 1))
	known := ""
	for _, a := range annotations {
		if strings.EqualFold(a, word) {
			known = a
		}
	}
	if p.insideToken(known, number, col) {
		return
	}
	switch known {
	case "Up":
		p.startUp(number)
	case "Down":
		p.startDown(number)
	case "StatementBegin":
		p.startBlock(number)
	case "StatementEnd":
		p.endBlock(number)
	case "NO TRANSACTION":
		p.noTx = true
	case "ENVSUB ON", "ENVSUB OFF":
		p.envsub = known == "ENVSUB ON"
	default:
		p.report(number, col, "unknown goose annotation %q; known are Up, Down, StatementBegin, StatementEnd, "+
			"NO TRANSACTION, ENVSUB ON and ENVSUB OFF", word)
	}
}

// insideToken reports an annotation in a string or comment of the statement under
// way, which is then left where it is. ENVSUB may stand in a function's body: that is
// how it is turned on for it.
func (p *parser) insideToken(known string, number, col int) bool {
	if len(p.lines) == 0 {
		return false
	}
	s := p.pending()
	token, open := openToken(s.text)
	switch {
	case !open:
		return false
	case known == "ENVSUB ON" || known == "ENVSUB OFF":
		if token.kind != dollarQuoted {
			p.note(Warning, p.section, number, col, "goose takes this line for an annotation and out of the %s that it stands in", token.kind)
		}
		return false
	case known == "StatementEnd" && p.blockLine > 0:
		known := len(p.problems)
		if p.checkContent(s); len(p.problems) == known {
			line, col := s.at(token.start)
			p.report(line, col, "the %s is not closed before \"-- +goose StatementEnd\" on line %d", token.kind, number)
		}
		p.lines, p.unset, p.blockLine = nil, nil, 0
	default:
		line, _ := s.at(token.start)
		p.report(number, col, "goose takes this line for an annotation, although it stands in a %s (begun on line %d): close that, or begin the line with something else than \"--\"", token.kind, line)
		p.misread = true
	}
	return true
}

func (p *parser) startUp(number int) {
	p.closeSection()
	switch {
	case p.upLine != 0:
		p.report(number, 1, "a second \"-- +goose Up\"; the first is on line %d", p.upLine)
	case p.downLine != 0:
		p.report(number, 1, "\"-- +goose Up\" must come before \"-- +goose Down\"")
	}
	if p.upLine == 0 {
		p.upLine = number
	}
	p.section = Up
}

func (p *parser) startDown(number int) {
	p.closeSection()
	switch {
	case p.downLine != 0:
		p.report(number, 1, "a second \"-- +goose Down\"; the first is on line %d", p.downLine)
	case p.upLine == 0:
		p.report(number, 1, "\"-- +goose Down\" without \"-- +goose Up\" before it")
	}
	if p.downLine == 0 {
		p.downLine = number
	}
	p.section = Down
}

func (p *parser) startBlock(number int) {
	switch {
	case p.section == "":
		p.report(number, 1, "StatementBegin before \"-- +goose Up\"")
	case p.blockLine != 0:
		p.report(number, 1, "StatementBegin inside the block begun on line %d", p.blockLine)
	default:
		p.checkUnfinished()
	}
	p.blockLine, p.emptyBlock, p.data = number, 0, false
}

func (p *parser) endBlock(number int) {
	begin := p.blockLine
	switch {
	case begin == 0:
		p.report(number, 1, "StatementEnd without StatementBegin")
	case len(p.lines) == 0:
		p.note(Warning, p.section, begin, 1, "no statement between StatementBegin and StatementEnd")
		p.emptyBlock = begin
	default:
		if p.pending().text == "" {
			p.note(Warning, p.section, begin, 1, "no statement between StatementBegin and StatementEnd")
		}
		p.finish()
	}
	p.blockLine = 0
}

// dropped looks at a line that goose leaves out because it is empty or a comment.
func (p *parser) dropped(text string, number int) {
	if almost.MatchString(text) {
		p.report(number, 1, "goose does not take this line for an annotation: it must begin with \"-- +goose\", in lower case")
	}
	if i := strings.IndexByte(text, '\r'); i >= 0 && strings.TrimSpace(text[i:]) != "" {
		p.report(number, width(text[:i])+1, "goose drops this line as a comment, which PostgreSQL ends at this carriage return: end lines with a line feed")
	}
}
