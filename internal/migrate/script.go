package migrate

import (
	"bytes"
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
	up, down []statement
	upLine   int // of "-- +goose Up", 0 when there is none
	downLine int // likewise
	noTx     bool
	problems []Problem
}

// statement is what goose sends in one piece.
type statement struct {
	text  string // exactly as it is sent
	lines []int  // the file's line number of each line of text
	col   int    // of the first character of text in its line
}

func (s *script) report(line, col int, message string) {
	s.problems = append(s.problems, Problem{File: s.path, Line: line, Col: col, Severity: Error, Message: message})
}

// section returns the statements of a direction and the line they follow.
func (s *script) section(direction Direction) (list []statement, line int) {
	if direction == Down {
		return s.down, max(s.downLine, 1)
	}
	return s.up, max(s.upLine, 1)
}

// place returns the line and column of the character at position pos of the
// statement, counted from 1 as PostgreSQL does. A position past the end, which
// a statement that ends too early gives, is the place after its last character.
func (s statement) place(pos int) (line, col int) {
	row, col := 0, s.col
	for _, r := range s.text {
		if pos <= 1 {
			break
		}
		pos--
		if r == '\n' {
			row, col = row+1, 1
		} else {
			col++
		}
	}
	return s.lines[row], col
}

// newStatement makes a statement of whole lines; numbers holds their line
// numbers. Blank space around it is dropped, as goose does.
func newStatement(lines []string, numbers []int) statement {
	joined := strings.Join(lines, "\n")
	text := strings.TrimLeftFunc(joined, unicode.IsSpace)
	dropped := joined[:len(joined)-len(text)]
	first := strings.Count(dropped, "\n")
	indent := dropped[strings.LastIndexByte(dropped, '\n')+1:]
	text = strings.TrimSpace(text)
	return statement{
		text:  text,
		lines: numbers[first : first+strings.Count(text, "\n")+1],
		col:   utf8.RuneCountInString(indent) + 1,
	}
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
