package schemafile

import (
	"regexp"
	"strings"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// Script is the way up of one schema file, of any tool: what is to be sent to the
// server. What is not is blanked in its text, so that offsets stay those of the file.
type Script struct {
	Text string
	// Statements leaves out those that are sqlc's queries.
	Statements []Statement
	// Includes are the offsets of psql's commands that read another file.
	Includes []int
}

// Statement is one statement of a script.
type Statement struct {
	Start int    // its offset in the text, comments in front left out
	SQL   string // with its semicolon
	// Data are the lines that follow a COPY FROM STDIN, as a dump has them.
	Data string
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
	// namedQuery is the line that makes a statement one of sqlc's queries.
	namedQuery = regexp.MustCompile(`(?m)^(--|/\*) name: \S+ :\S+`)
)

// Parse takes out the way down, psql's commands and the data of COPY. Lines that look
// like the first two and are in a string, a function's body or a comment stay.
func Parse(text string) *Script {
	s := &Script{}
	text = strings.Replace(text, "\uFEFF", "   ", 1)
	data := map[int]string{} // by the end of its COPY
	for _, m := range copyData.FindAllStringSubmatchIndex(text, -1) {
		data[m[3]] = text[m[4]:m[5]]
		text = text[:m[3]] + blank(text[m[3]:m[1]]) + text[m[1]:]
	}
	inside := insideTokens(text)
	var out strings.Builder
	for line := range strings.Lines(text) {
		at := out.Len()
		if !inside[at] {
			if down.MatchString(line) {
				break
			}
			if meta.MatchString(line) {
				if include.MatchString(line) {
					s.Includes = append(s.Includes, at)
				}
				line = blank(line)
			}
		}
		out.WriteString(line)
	}
	s.Text = out.String()
	s.cut(data)
	return s
}

// cut fills Statements.
func (s *Script) cut(data map[int]string) {
	for _, span := range sqltext.Pieces(s.Text) {
		sql := s.Text[span.First:span.End]
		if sql == "" || sql == ";" || namedQuery.MatchString(s.Text[span.Start:span.End]) {
			continue
		}
		rest := s.Text[span.End:]
		line := len(rest) - len(strings.TrimLeft(rest, " \t\r"))
		st := Statement{Start: span.First, SQL: sql}
		if strings.HasPrefix(rest[line:], "\n") {
			st.Data = data[span.End+line+1]
		}
		s.Statements = append(s.Statements, st)
	}
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

// Pick returns the text of some of the script's statements, in one piece and at their
// places.
func (s *Script) Pick(statements []Statement) string {
	out := []byte(blank(s.Text))
	for _, st := range statements {
		copy(out[st.Start:], st.SQL)
	}
	return string(out)
}

// IsSchema reports whether a file in a folder of schema files is one of them, by its
// name: no hidden one, and not the way down that golang-migrate keeps apart.
func IsSchema(name string) bool {
	return strings.HasSuffix(name, ".sql") && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".down.sql")
}
