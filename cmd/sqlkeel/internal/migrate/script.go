package migrate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// script is one migration file, split the way goose splits it, with the place
// of every statement kept.
type script struct {
	version  int64
	name     string // in its directory
	path     string // as shown
	data     []byte
	up, down []statement
	upLine   int // of "-- +goose Up", 0 when there is none
	downLine int // likewise
	noTx     bool
	problems []Problem
}

// report notes an error because of which goose cannot read the file, or not as it
// is meant.
func (s *script) report(line, col int, format string, args ...any) {
	s.note(Error, "", line, col, format, args...)
}

// note notes a problem of one section, or of the file as a whole.
func (s *script) note(severity Severity, section Direction, line, col int, format string, args ...any) {
	s.problems = append(s.problems, Problem{File: s.path, Line: line, Col: col, Severity: severity,
		Message: fmt.Sprintf(format, args...), section: section})
}

// faults returns the errors that stand in the way of a direction. What is wrong
// with the way up alone does not keep an applied file from being rolled back.
func (s *script) faults(direction Direction) []Problem {
	return slices.DeleteFunc(slices.Clone(s.problems), func(p Problem) bool {
		return p.Severity != Error || direction == Down && p.section == Up
	})
}

// warnings returns what is to be said before a direction is run.
func (s *script) warnings(direction Direction) []string {
	var list []string
	for _, p := range s.problems {
		if p.Severity == Warning && p.section == direction {
			list = append(list, fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message))
		}
	}
	return list
}

// faulty tells whether there is any error.
func (s *script) faulty() bool { return len(s.faults(Up)) > 0 }

// section returns the statements of a direction and the line they follow.
func (s *script) section(direction Direction) (list []statement, line int) {
	if direction == Down {
		return s.down, max(s.downLine, 1)
	}
	return s.up, max(s.upLine, 1)
}

// statement is what goose sends in one piece.
type statement struct {
	text  string // exactly as it is sent
	lines []line
	lead  int      // characters that were dropped in front of text
	block bool     // it stands between StatementBegin and StatementEnd
	unset []string // variables that ENVSUB did not find, in order
	first int      // index of the statement from which on the failure of this one undoes all, without a transaction of goose's
}

// newStatement makes a statement of whole lines. Blank space around it is
// dropped, as goose does.
func newStatement(lines []line) statement {
	sent := make([]string, len(lines))
	for i, l := range lines {
		sent[i] = l.sent
	}
	joined := strings.Join(sent, "\n")
	text := strings.TrimLeftFunc(joined, unicode.IsSpace)
	return statement{
		text:  strings.TrimSpace(text),
		lines: lines,
		lead:  utf8.RuneCountInString(joined[:len(joined)-len(text)]),
	}
}

// place returns the line and column of the character at position pos of the
// statement, counted from 1 as PostgreSQL does. A position past the end, which
// a statement that ends too early gives, is the place after its last character.
func (s statement) place(pos int) (row, col int) {
	before := s.lead + min(max(pos, 1)-1, utf8.RuneCountInString(s.text))
	for _, l := range s.lines {
		length := utf8.RuneCountInString(l.sent)
		if before <= length {
			return l.number, l.col(before)
		}
		before -= length + 1
	}
	return 1, 1
}

// at is place for a byte offset of the text.
func (s statement) at(offset int) (row, col int) {
	return s.place(utf8.RuneCountInString(s.text[:offset]) + 1)
}

// line is one of a file's, in a statement.
type line struct {
	number int
	file   string // as it stands there
	sent   string // with its variables expanded, where ENVSUB is on
}

// col returns the column in the file of what is sent after that many characters.
// Within what a variable stands for it is the place of the variable.
func (l line) col(before int) int {
	if l.sent == l.file {
		return before + 1
	}
	sent, file := []rune(l.sent), []rune(l.file)
	head := 0
	for head < min(len(sent), len(file)) && sent[head] == file[head] {
		head++
	}
	tail := 0
	for tail < min(len(sent), len(file))-head && sent[len(sent)-1-tail] == file[len(file)-1-tail] {
		tail++
	}
	switch behind := len(sent) - before; {
	case before < head:
		return before + 1
	case behind <= tail:
		return len(file) - behind + 1
	}
	return head + 1
}

// checkEncoding reports what PostgreSQL or goose would choke on before any SQL
// is looked at: the first such byte of each line.
func (s *script) checkEncoding(data []byte) {
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		s.report(1, 1, "the file starts with a byte order mark; save it as UTF-8 without one")
	}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if i := bytes.IndexByte(text, 0); i >= 0 {
			s.report(line, utf8.RuneCount(text[:i])+1, "NUL byte; PostgreSQL cannot take one in SQL")
		}
		if i := invalidUTF8(text); i >= 0 {
			s.report(line, utf8.RuneCount(text[:i])+1, "invalid UTF-8")
		}
	}
}

// invalidUTF8 returns the index of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
