package scratch

import (
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/internal/schemafile"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// script is one schema file.
type script struct {
	*schemafile.Script
	file string // as given
}

func newScript(file, text string) *script { return &script{schemafile.Parse(text), file} }

// problem is about the byte at an offset of the file.
func (s *script) problem(offset int, message string) *project.Problem {
	line, column := sqltext.Place(s.Text, offset)
	return &project.Problem{Pos: project.Position{File: s.file, Line: line, Column: column}, Message: message}
}

// step is one statement of a script.
type step struct {
	schemafile.Statement
	kind kind
}

// steps classifies the statements.
func (s *script) steps(owned bool) []step {
	var list []step
	for _, st := range s.Statements {
		list = append(list, step{st, kindOf(st.SQL, owned)})
	}
	return list
}

// whole returns the text of the steps that are to run, in one piece.
func (s *script) whole(steps []step) string {
	var run []schemafile.Statement
	for _, st := range steps {
		if st.kind.skip == "" {
			run = append(run, st.Statement)
		}
	}
	return strings.TrimSpace(s.Pick(run))
}
