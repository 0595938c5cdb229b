package gen

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

func TestAllProblemsAreListedInOrderEachOnce(t *testing.T) {
	t.Parallel()
	a := &analysis{project: &project.Project{Config: "x/sqlc.yaml", Dir: "x"}}
	at := func(file string, line, column int, statement string) *project.Problem {
		return &project.Problem{Pos: project.Position{File: file, Line: line, Column: column}, Statement: statement, Message: "no"}
	}
	met := Problems{at("b.sql", 1, 1, ""), at("a.sql", 10, 1, ""), at("a.sql", 9, 2, ""), at("a.sql", 9, 1, "B"), at("a.sql", 9, 1, "A"), at("a.sql", 9, 1, "B"), at("x/sqlc.yaml", 1, 1, "")}
	want := []string{"x/a.sql:9:1: A: no", "x/a.sql:9:1: B: no", "x/a.sql:9:2: no", "x/a.sql:10:1: no", "x/b.sql:1:1: no", "x/sqlc.yaml:1:1: no"}
	if got := a.sorted(met, "").Error(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if met[0].Pos.File != "b.sql" {
		t.Error("the caller's problems were changed")
	}
}

func TestProblemsAreTakenOutOfWhateverJoinsThem(t *testing.T) {
	t.Parallel()
	p := func(message string) *project.Problem { return &project.Problem{Message: message} }
	other := errors.New("the disk")
	var list Problems
	rest := list.add(errors.Join(p("1"), errors.Join(p("2"), other), fmt.Errorf("emit: %w", p("3")), Problems{p("4"), p("5")}))
	if !errors.Is(rest, other) || rest.Error() != "the disk" {
		t.Errorf("what is left: %v", rest)
	}
	var messages []string
	for _, problem := range list {
		messages = append(messages, problem.Message)
	}
	if !slices.Equal(messages, []string{"1", "2", "3", "4", "5"}) {
		t.Errorf("problems %q", messages)
	}
	if err := list.add(nil); err != nil || len(list) != 5 {
		t.Errorf("nil is %v", err)
	}
	if err := (Problems{}).err(); err != nil {
		t.Errorf("no problem is an error: %v", err)
	}
}
