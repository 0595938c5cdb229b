package gen

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// promises are checks that hold for the package as it is; each names the mutants
// that it catches.
var promises = map[string]struct {
	check   func(t *testing.T, m mutant) error
	mutants []mutant
}{
	"nothing changes before everything is written beside": {allOrNone, []mutant{writesEarly}},
	"a failure half way is undone":                        {undone, []mutant{forgetsUndo}},
	"what nothing generates any more goes":                {orphansGo, []mutant{keepsOrphans}},
	"a file of somebody else stays":                       {othersStay, []mutant{takesAny}},
	"check names what write would change":                 {checkSees, []mutant{keepsOrphans, seesNothing}},
	"all problems are told, in order, each once":          {allInOrder, []mutant{firstProblem, unsorted}},
}

func TestPromises(t *testing.T) {
	t.Parallel()
	for name, p := range promises {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := p.check(t, sound); err != nil {
				t.Error(err)
			}
			for _, m := range p.mutants {
				if p.check(t, m) == nil {
					t.Errorf("mutant %d passes", m)
				}
			}
		})
	}
}

const ours = emit.Header + "\n"

// shelf is a folder with files, of which a set is the one that there should be.
type shelf struct {
	t   *testing.T
	dir string
	set *fileSet
}

func newShelf(t *testing.T, m mutant, there, wanted map[string]string) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir(), set: &fileSet{content: map[string][]byte{}, mutant: m}}
	s.set.folders = []string{s.dir}
	for name, text := range there {
		if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range wanted {
		s.set.content[s.path(name)] = []byte(text)
	}
	return s
}

func (s *shelf) path(name string) string { return filepath.Join(s.dir, name) }

// are returns an error unless these are the folder's files, to the byte.
func (s *shelf) are(want map[string]string) error {
	s.t.Helper()
	got := map[string]string{}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(s.path(e.Name()))
		if err != nil && !e.IsDir() {
			s.t.Fatal(err)
		}
		got[e.Name()] = string(text)
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("files %q, want %q", got, want)
	}
	return nil
}

// The second file cannot be written, for want of its folder.
func allOrNone(t *testing.T, m mutant) error {
	there := map[string]string{"a_gen.go": ours + "// old\n", "orphan_gen.go": ours}
	s := newShelf(t, m, there, map[string]string{"a_gen.go": ours + "// new\n", "missing/b_gen.go": ours})
	if err := s.set.write(t.Context()); err == nil || !strings.Contains(err.Error(), "write "+s.path("missing/b_gen.go")) {
		return fmt.Errorf("write: %w", err)
	}
	return s.are(there)
}

// saboteur is a context that does something when it is first asked for its error,
// which is when all files are written beside and none is in place.
type saboteur struct {
	context.Context
	do func()
}

func (s saboteur) Err() error {
	s.do()
	return nil
}

// A folder appears in the place of the last file.
func undone(t *testing.T, m mutant) error {
	there := map[string]string{"a_gen.go": ours + "// old\n", "orphan_gen.go": ours}
	s := newShelf(t, m, there, map[string]string{"a_gen.go": ours + "// new\n", "b_gen.go": ours, "c_gen.go": ours})
	err := s.set.write(saboteur{t.Context(), func() {
		if err := os.MkdirAll(s.path("c_gen.go/sub"), 0o755); err != nil {
			t.Fatal(err)
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "write "+s.path("c_gen.go")) {
		return fmt.Errorf("write: %w", err)
	}
	there["c_gen.go"] = "" // the folder
	return s.are(there)
}

func orphansGo(t *testing.T, m mutant) error {
	s := newShelf(t, m, map[string]string{
		"orphan_gen.go": ours, "windows.go": emit.Header + "\r\npackage x\r\n", "orphan.txt": ours,
		"hand_gen.go": "package x\n", "quoting.go": "// " + ours, "later.go": "\n" + ours,
	}, map[string]string{"a_gen.go": ours})
	if err := s.set.write(t.Context()); err != nil {
		return err
	}
	return s.are(map[string]string{
		"a_gen.go": ours, "orphan.txt": ours, "hand_gen.go": "package x\n", "quoting.go": "// " + ours, "later.go": "\n" + ours,
	})
}

func othersStay(t *testing.T, m mutant) error {
	there := map[string]string{"a_gen.go": "// A license.\n" + ours, "b_gen.go": ours + "// old\n", "c_gen.go": ""}
	s := newShelf(t, m, there, map[string]string{"a_gen.go": ours, "b_gen.go": ours, "c_gen.go": ours})
	const message = ":1:1: this file was not written by sqlkeel generate and is in the place of one that is: rename it"
	want := s.path("a_gen.go") + message + "\n" + s.path("c_gen.go") + message
	for _, err := range []error{s.set.write(t.Context()), s.set.compare()} {
		if err == nil || err.Error() != want {
			return fmt.Errorf("got %w, want %s", err, want)
		}
	}
	return s.are(there)
}

func checkSees(t *testing.T, m mutant) error {
	there := map[string]string{"same_gen.go": ours, "short_gen.go": ours, "long_gen.go": ours + "// 1\n// 2\n", "orphan_gen.go": ours}
	s := newShelf(t, m, there, map[string]string{"same_gen.go": ours, "short_gen.go": ours + "// 1\n", "long_gen.go": ours + "// 1\n// 3\n", "new_gen.go": ours})
	err := s.set.compare()
	want := []string{
		s.path("long_gen.go") + ":3:1: this file is stale: run go generate ./...",
		s.path("new_gen.go") + ":1:1: this file is missing: run go generate ./...",
		s.path("short_gen.go") + ":2:1: this file is stale: run go generate ./...",
		s.path("orphan_gen.go") + ":1:1: nothing generates this file any more: run go generate ./...",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		return fmt.Errorf("got\n%w\nwant\n%s", err, strings.Join(want, "\n"))
	}
	if err := s.are(there); err != nil {
		return err
	}
	if err := s.set.write(t.Context()); err != nil {
		return err
	}
	return s.set.compare()
}

func allInOrder(_ *testing.T, m mutant) error {
	a := &analysis{project: &project.Project{Config: "x/sqlc.yaml", Dir: "x"}, mutant: m}
	at := func(file string, line, column int, statement string) *project.Problem {
		return &project.Problem{Pos: project.Position{File: file, Line: line, Column: column}, Statement: statement, Message: "no"}
	}
	met := Problems{at("b.sql", 1, 1, ""), at("a.sql", 10, 1, ""), at("a.sql", 9, 2, ""), at("a.sql", 9, 1, "B"), at("a.sql", 9, 1, "A"), at("a.sql", 9, 1, "B"), at("x/sqlc.yaml", 1, 1, "")}
	want := []string{"x/a.sql:9:1: A: no", "x/a.sql:9:1: B: no", "x/a.sql:9:2: no", "x/a.sql:10:1: no", "x/b.sql:1:1: no", "x/sqlc.yaml:1:1: no"}
	if got := a.sorted(met, "").Error(); got != strings.Join(want, "\n") {
		return fmt.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if met[0].Pos.File != "b.sql" {
		return errors.New("the caller's problems were changed")
	}
	return nil
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
