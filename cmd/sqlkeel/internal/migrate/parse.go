package migrate

import (
	"strings"
	"unicode/utf8"
)

// maxLine is the length of a line, in bytes, that goose no longer reads.
const maxLine = 4 << 20

// parser splits one file. Its rules are goose's: a statement ends with a line
// that ends in a semicolon, or with StatementEnd; comments before a statement
// are dropped, comments inside it are kept. Unlike goose it goes on after a
// mistake, so that all of them are reported at once.
type parser struct {
	*script
	section    Direction // "" before the first
	lines      []line    // of the statement under way
	unset      []string  // variables of these lines
	blockLine  int       // of the open StatementBegin, 0 when none is open
	emptyBlock int       // of the block just ended, when there was nothing in it
	envsub     bool
	cut        string // what PostgreSQL takes for one statement and goose has cut, so far
	data       bool   // within the data of a COPY
	strayNoted bool
	misread    bool // an annotation was left where it stands: what follows from that is not reported
}

func (s *script) parse(data []byte) {
	s.data = data
	s.checkEncoding(data)
	p := &parser{script: s}
	number := 0
	for text := range strings.Lines(strings.TrimPrefix(string(data), "\uFEFF")) {
		number++
		text = strings.TrimSuffix(text, "\n")
		if len(text) >= maxLine {
			p.report(number, 1, "the line has %d bytes, of which goose reads fewer than %d: break it in two", len(text), maxLine)
			return
		}
		p.line(strings.TrimSuffix(text, "\r"), number)
	}
	p.closeSection()
	p.checkWhole()
	s.checkTransactions()
	if !s.faulty() {
		s.compareWithGoose()
	}
}

func (p *parser) line(text string, number int) {
	trimmed := strings.TrimSpace(text)
	comment := strings.HasPrefix(trimmed, "--")
	switch {
	case p.section == "" && trimmed == "":
	case comment && strings.Contains(text, "+goose"):
		p.annotation(text, number)
	case p.data:
		p.data = trimmed != `\.`
	case len(p.lines) == 0 && (comment || text == ""):
		p.dropped(text, number)
	case p.section == "":
		if !p.strayNoted {
			p.strayNoted = true
			p.report(number, 1, "SQL before \"-- +goose Up\"")
		}
	case p.emptyBlock > 0:
		p.swallowed(trimmed, number)
	default:
		p.add(text, number)
	}
}

// add takes a line of a statement.
func (p *parser) add(text string, number int) {
	l := line{number: number, file: text, sent: text}
	if p.envsub {
		sent, err := expand(text)
		if err != nil {
			p.report(number, expansionCol(text), "goose cannot expand the variables of this line (%v): write $$ for a dollar sign, or turn ENVSUB OFF before it", err)
		} else {
			l.sent = sent
		}
		p.noteUnset(l)
	}
	p.lines = append(p.lines, l)
	if p.blockLine == 0 && endsStatement(l.sent) {
		p.finish()
	}
}

// swallowed reports the line behind a block without a line in it: goose takes the
// line for that block's end.
func (p *parser) swallowed(trimmed string, number int) {
	if trimmed != "" {
		p.report(number, 1, "goose drops this line, because there is nothing in the block before it (line %d): remove the block", p.emptyBlock)
	}
	p.emptyBlock = 0
	p.keep(statement{lines: []line{{number: number}}})
}

func (p *parser) keep(s statement) {
	if p.section == Down {
		p.down = append(p.down, s)
	} else {
		p.up = append(p.up, s)
	}
}

// pending returns the statement under way.
func (p *parser) pending() statement {
	s := newStatement(p.lines)
	s.block, s.unset = p.blockLine > 0, p.unset
	return s
}

// finish ends the statement under way. One that is wrong is not looked at again.
func (p *parser) finish() {
	s := p.pending()
	p.lines, p.unset = nil, nil
	if p.check(s) {
		p.keep(s)
	}
}

// closeSection reports what the section left open.
func (p *parser) closeSection() {
	if p.blockLine != 0 {
		p.report(p.blockLine, 1, "StatementBegin without StatementEnd")
		p.lines, p.unset = nil, nil
	}
	p.checkUnfinished()
	p.lines, p.unset = nil, nil
	p.blockLine, p.emptyBlock, p.cut, p.data = 0, 0, "", false
}

// checkUnfinished reports a statement under way that goose does not see the end of.
func (p *parser) checkUnfinished() {
	s := p.pending()
	if s.text == "" {
		return
	}
	p.lines, p.unset = nil, nil
	known := len(p.problems)
	if p.checkContent(s); len(p.problems) > known || p.cut != "" || p.misread {
		return
	}
	offset, message := unfinished(s.text)
	line, col := s.at(offset)
	p.report(line, col, "%s", message)
}

func (p *parser) checkWhole() {
	switch {
	case p.upLine == 0 && p.downLine == 0:
		p.report(1, 1, "no \"-- +goose Up\"")
	case p.upLine != 0 && len(p.up) == 0 && !p.faulty():
		p.note(Warning, Up, p.upLine, 1, "no statement after \"-- +goose Up\"")
	}
	if p.downLine == 0 && !p.misread {
		p.note(Warning, Down, 1, 1, "no \"-- +goose Down\": the migration cannot be rolled back")
	}
}

// compareWithGoose reports where goose reads the file otherwise. It is the last
// word: what has passed it is sent as it was checked.
func (s *script) compareWithGoose() {
	read, err := askGoose(s.data)
	if err != nil {
		s.report(1, 1, "goose refuses the file: %v", err)
		return
	}
	if read.tx == s.noTx && len(read.up) > 0 {
		s.report(1, 1, "goose and sqlkeel do not agree on NO TRANSACTION: write it above \"-- +goose Up\"")
	}
	s.compare(s.up, read.up, max(s.upLine, 1))
	s.compare(s.down, read.down, max(s.downLine, 1))
}

func (s *script) compare(own []statement, sent []string, after int) {
	row, col := after, 1
	for i := range max(len(own), len(sent)) {
		if i < len(own) {
			row, col = own[i].place(1)
		}
		if i >= len(own) || i >= len(sent) || own[i].text != sent[i] {
			s.report(row, col, "goose splits the file in another way from here on: put the statement between \"-- +goose StatementBegin\" and \"-- +goose StatementEnd\"")
			return
		}
	}
}

// endsStatement is goose's rule: the last word of the line before a comment
// ends with a semicolon.
func endsStatement(line string) bool {
	last := ""
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}

// width returns the number of characters of a text.
func width(text string) int { return utf8.RuneCountInString(text) }
