package gen

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

func TestNotesOfOneStatementAreNotFolded(t *testing.T) {
	t.Parallel()
	note := func(line int, statement, message string) *project.Problem {
		return &project.Problem{Pos: project.Position{File: "q.sql", Line: line, Column: 1}, Statement: statement, Message: message, Missing: `relation "a"`}
	}
	one := Problems{note(1, "A", "may change anything"), note(1, "A", "may read anything")}
	if got, want := fold(one, ": heal it").Error(), "q.sql:1:1: A: may change anything\nq.sql:1:1: A: may read anything"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	two := append(one, note(2, "B", "may change anything"), note(2, "B", "may read anything"))
	if got, want := fold(two, ": heal it").Error(), "q.sql:1:1: A: may change anything; 1 more statement needs it (q.sql:2:1 B): heal it"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
