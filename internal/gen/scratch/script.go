package scratch

import (
	"regexp"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// script is one schema file. What is not to be sent is blanked in its text, so
// that every offset stays an offset of the file.
type script struct {
	file     string // as given
	text     string
	includes []int // offsets of psql's commands that read another file
}

var (
	// down begins the way back in a migration: of goose and sql-migrate, of dbmate,
	// of tern.
	down = regexp.MustCompile(`(?i)^\s*--\s*(\+(goose|migrate)\s+down\b|migrate:down\b|--\s*create above / drop below\s*----)`)
	// meta is a command for psql, which pg_dump writes too.
	meta = regexp.MustCompile(`^\\[A-Za-z!?;]`)
	// include is psql's command to read another file.
	include = regexp.MustCompile(`^\\i(r|nclude|nclude_relative)?\s`)
	// copyData is a COPY, and the data that follow it up to a line with \. alone.
	copyData = regexp.MustCompile(`(?ims)^(copy\s[^;]*?\bfrom\s+stdin\b[^;]*;[ \t]*\r?\n)(.*?)^\\\.\r?$`)
)

// newScript takes out the way down, psql's commands and the data of COPY. Lines
// that look like the first two and are in a string, a function's body or a comment
// stay.
func newScript(file, text string, m mutant) *script {
	s := &script{file: file}
	text = strings.Replace(text, "\uFEFF", "   ", 1)
	text = copyData.ReplaceAllStringFunc(text, func(block string) string {
		head := copyData.FindStringSubmatch(block)[1]
		return head + blank(block[len(head):])
	})
	inside := insideTokens(text)
	var out strings.Builder
	for line := range strings.Lines(text) {
		at := out.Len()
		switch {
		case inside[at]:
		case down.MatchString(line) && m != runsDown:
			s.text = out.String()
			return s
		case meta.MatchString(line):
			if include.MatchString(line) {
				s.includes = append(s.includes, at)
			}
			line = blank(line)
		}
		out.WriteString(line)
	}
	s.text = out.String()
	return s
}

// insideTokens tells the offsets of lines that begin within a token.
func insideTokens(text string) map[int]bool {
	inside := map[int]bool{}
	for _, t := range sqltext.Tokens(text) {
		for i := t.Start; i < t.End; i++ {
			if text[i] == '\n' {
				inside[i+1] = true
			}
		}
	}
	return inside
}

// blank replaces everything but the ends of lines by spaces.
func blank(text string) string {
	out := []byte(text)
	for i, c := range out {
		if c != '\n' && c != '\r' {
			out[i] = ' '
		}
	}
	return string(out)
}

// problem is about the byte at an offset of the file.
func (s *script) problem(offset int, message string) *project.Problem {
	line, column := sqltext.Place(s.text, offset)
	return &project.Problem{Pos: project.Position{File: s.file, Line: line, Column: column}, Message: message}
}

// namedQuery is the line that makes a statement one of sqlc's queries.
var namedQuery = regexp.MustCompile(`(?m)^(--|/\*) name: \S+ :\S+`)

// step is one statement of a script.
type step struct {
	start int // its offset in the script, comments left out
	sql   string
	kind  kind
}

// steps cuts the script into statements, without those that are sqlc's queries.
func (s *script) steps(owned bool) []step {
	var list []step
	for _, span := range sqltext.Pieces(s.text) {
		sql := s.text[span.First:span.End]
		if sql == "" || sql == ";" || namedQuery.MatchString(s.text[span.Start:span.End]) {
			continue
		}
		list = append(list, step{start: span.First, sql: sql, kind: kindOf(sql, owned)})
	}
	return list
}

// whole returns the text of the steps that are to run, in one piece.
func (s *script) whole(steps []step) string {
	out := []byte(blank(s.text))
	for _, st := range steps {
		if st.kind.skip == "" {
			copy(out[st.start:], st.sql)
		}
	}
	return strings.TrimSpace(string(out))
}
