package gen_test

import (
	"context"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// repository is the root of this module.
const repository = "../../../.."

// module makes a Go module in which each of the archives is a folder, generated.
func module(t *testing.T, archives ...string) string {
	t.Helper()
	root := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(root, "go.mod"), strings.Replace(string(mod), "module github.com/sqlkeel/sqlkeel", "module golden", 1)+
		"\nrequire github.com/sqlkeel/sqlkeel v0.0.0\n\nreplace github.com/sqlkeel/sqlkeel => "+here+"\n")
	sum, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(root, "go.sum"), string(sum))
	for _, name := range archives {
		dir := filepath.Join(root, name)
		readArchive(t, filepath.Join("testdata", name+".txtar")).extract(t, dir)
		if _, err := gen.Generate(t.Context(), options(t, dir)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return root
}

// goTool runs the go command in a module and returns what it said.
func goTool(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off"), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// emitting returns the archives that generate without problems.
func emitting(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, path := range paths {
		if _, refused := readArchive(t, path).files["want/problems"]; !refused {
			list = append(list, strings.TrimSuffix(filepath.Base(path), ".txtar"))
		}
	}
	return list
}

// unformatted names the files that gofmt would change.
func unformatted(t *testing.T, root string) {
	t.Helper()
	for name, text := range tree(t, root) {
		if !strings.HasSuffix(name, "_gen.go") {
			continue
		}
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("%s is not formatted: %v", name, err)
		}
	}
}

func TestGeneratedCodeCompilesAndItsProgramRuns(t *testing.T) {
	t.Parallel()
	root := module(t, emitting(t)...)
	unformatted(t, root)
	program, err := os.ReadFile("testdata/program.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(root, "main.go"), string(program))
	if out, err := goTool(t, root, nil, "vet", "./..."); err != nil {
		t.Fatalf("go vet: %v\n%s", err, out)
	}
	env := []string{"DSN=" + pgtest.New(t).DSN(), "ROOT=" + root}
	if out, err := goTool(t, root, env, "run", "."); err != nil || !strings.HasSuffix(out, "well\n") {
		t.Errorf("the program: %v\n%s", err, out)
	}
}

func TestCodeStopsCompilingWhenSqlcsOutputChanged(t *testing.T) {
	t.Parallel()
	root := module(t, "filters", "pages", "options")
	changes := []struct{ file, from, to, want string }{
		{"filters/queries/books.sql.go", "b.title = $1::text", "b.title > $1::text", "runGoGenerateBecauseCountBooksChanged"},
		{"filters/queries/books.sql.go", "ORDER BY CASE", "ORDER  BY CASE", "runGoGenerateBecauseFindBooksChanged"},
		{"filters/queries/books.sql.go", "DELETE FROM authors WHERE", "DELETE FROM ONLY authors WHERE", "runGoGenerateBecauseDeleteAuthorChanged"},
		{"filters/queries/books.sql.go", "VALUES ($1) RETURNING id\n`", "VALUES ($1) RETURNING id\n--`", "runGoGenerateBecauseAddAuthorChanged"},
		{"filters/queries/books.sql.go", "name FROM authors WHERE id = $1\n`", "name FROM authors WHERE id = $1`", "runGoGenerateBecauseGetAuthorChanged"},
		{"pages/queries/books.sql.go", "const addBook =", "const addTome =", "undefined: addBook"},
		{"filters/queries/books.sql.go", "MaxPrice *int32", "MaxPrice int32", "cannot use arg.MaxPrice (variable of type int32) as *int32 value"},
		{"pages/queries/books.sql.go", "type ListBooksRow struct {", "type ListBooksRow struct {\n\tMore int", "cannot convert r (variable of struct type ListBooksRow) to type BookLine"},
		{"options/queries/types.go", "Title    string", "Title    []byte", "cannot convert v (variable of struct type Book)"},
		{"options/queries/books.sql_query.go", "\tTitle *string", "\tTitle *[]byte", "cannot convert v (variable of struct type FindPagesParams)"},
	}
	for _, change := range changes {
		path := filepath.Join(root, change.file)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(old), change.from, change.to, 1)
		if text == string(old) {
			t.Fatalf("%s has no %q", change.file, change.from)
		}
		put(t, path, text)
	}
	out, err := goTool(t, root, nil, "build", "-gcflags=-e", "./...")
	if err == nil {
		t.Fatal("it compiles")
	}
	for _, change := range changes {
		found := false
		for line := range strings.Lines(out) {
			found = found || strings.HasPrefix(line, filepath.Dir(change.file)+"/") && strings.Contains(line, "_gen.go:") && strings.Contains(line, change.want)
		}
		if !found {
			t.Errorf("%s instead of %s: want %s in\n%s", change.to, change.from, change.want, out)
		}
	}
}
