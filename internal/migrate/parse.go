package migrate

import (
	"fmt"
	"strings"
)

// parser splits one file. Its rules are goose's: a statement ends with a line
// that ends in a semicolon, or with StatementEnd; comments before a statement
// are dropped, comments inside it are kept. Unlike goose it goes on after a
// mistake, so that all of them are reported at once.
type parser struct {
	*script
	section    Direction // "" before the first
	blockLine  int       // of the open StatementBegin, 0 when none is open
	lines      []string
	numbers    []int
	strayNoted bool
}

func (s *script) parse(data []byte) {
	s.checkEncoding(data)
	p := &parser{script: s}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\uFEFF")) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		p.line(line, number)
	}
	p.closeSection()
	p.checkWhole()
}

func (p *parser) line(line string, number int) {
	trimmed := strings.TrimSpace(line)
	comment := strings.HasPrefix(trimmed, "--")
	if comment && strings.Contains(line, "+goose") {
		p.annotation(line, number)
		return
	}
	if len(p.lines) == 0 && (comment || line == "") {
		return
	}
	if p.section == "" {
		if trimmed != "" && !p.strayNoted {
			p.strayNoted = true
			p.report(number, 1, "SQL before \"-- +goose Up\"")
		}
		return
	}
	p.lines, p.numbers = append(p.lines, line), append(p.numbers, number)
	if p.blockLine == 0 && endsStatement(line) {
		p.finish()
	}
}

func (p *parser) annotation(line string, number int) {
	col := len(line) - len(strings.TrimLeft(line, " \t")) + 1
	if col > 1 {
		p.report(number, col, "a goose annotation must start in the first column")
	}
	text := strings.TrimSpace(strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1))
	switch strings.ToLower(text) {
	case "up":
		p.startUp(number)
	case "down":
		p.startDown(number)
	case "statementbegin":
		p.startBlock(number)
	case "statementend":
		p.endBlock(number)
	case "no transaction":
		p.noTx = true
	case "envsub on", "envsub off":
	default:
		p.report(number, col, fmt.Sprintf("unknown goose annotation %q; known are Up, Down, StatementBegin, StatementEnd, "+
			"NO TRANSACTION, ENVSUB ON and ENVSUB OFF", text))
	}
}

func (p *parser) startUp(number int) {
	p.closeSection()
	switch {
	case p.upLine != 0:
		p.report(number, 1, fmt.Sprintf("a second \"-- +goose Up\"; the first is on line %d", p.upLine))
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
		p.report(number, 1, fmt.Sprintf("a second \"-- +goose Down\"; the first is on line %d", p.downLine))
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
		p.report(number, 1, fmt.Sprintf("StatementBegin inside the block begun on line %d", p.blockLine))
	default:
		p.checkUnfinished()
	}
	p.blockLine = number
}

func (p *parser) endBlock(number int) {
	begin := p.blockLine
	p.blockLine = 0
	switch {
	case begin == 0:
		p.report(number, 1, "StatementEnd without StatementBegin")
	case len(p.lines) == 0:
		p.report(begin, 1, "no statement between StatementBegin and StatementEnd")
	default:
		p.finish()
	}
}

// finish ends the statement that was being collected.
func (p *parser) finish() {
	s := newStatement(p.lines, p.numbers)
	p.lines, p.numbers = nil, nil
	if p.section == Down {
		p.down = append(p.down, s)
	} else {
		p.up = append(p.up, s)
	}
}

// closeSection reports what the section left open.
func (p *parser) closeSection() {
	if p.blockLine != 0 {
		p.report(p.blockLine, 1, "StatementBegin without StatementEnd")
		p.blockLine, p.lines, p.numbers = 0, nil, nil
		return
	}
	p.checkUnfinished()
}

func (p *parser) checkUnfinished() {
	if strings.TrimSpace(strings.Join(p.lines, "\n")) != "" {
		s := newStatement(p.lines, p.numbers)
		line, col := s.place(1)
		p.report(line, col, "the statement is not ended by a semicolon at the end of a line")
	}
	p.lines, p.numbers = nil, nil
}

func (p *parser) checkWhole() {
	switch {
	case p.upLine == 0 && p.downLine == 0:
		p.report(1, 1, "no \"-- +goose Up\"")
	case p.upLine != 0 && len(p.up) == 0 && len(p.problems) == 0:
		p.report(p.upLine, 1, "no statement after \"-- +goose Up\"")
	}
	if p.downLine == 0 {
		p.problems = append(p.problems, Problem{File: p.path, Line: 1, Col: 1, Severity: Warning,
			Message: "no \"-- +goose Down\": the migration cannot be rolled back"})
	}
}

// endsStatement is goose's rule: the last word of the line before a comment
// ends with a semicolon.
func endsStatement(line string) bool {
	last := ""
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}
