package gen_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// fromAnother makes a generated project whose statements say that they are from
// another server, changed by change.
func fromAnother(t *testing.T, change func(text, server string) string) (dir, server string, o gen.Options) {
	t.Helper()
	dir, o = generated(t, "filters")
	path := filepath.Join(dir, "queries/statements_gen.go")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`^` + regexp.QuoteMeta(header) + `// PostgreSQL (\d+)\n\n`).FindSubmatch(text)
	if head == nil {
		t.Fatalf("its head names no server: %.80s", text)
	}
	server = string(head[1])
	put(t, path, change(string(text), server))
	return dir, server, o
}

func toAnother(text, server string) string {
	return strings.Replace(text, "// PostgreSQL "+server+"\n", "// PostgreSQL 99\n", 1)
}

func TestTheSameFactsFromAnotherServerAreUpToDate(t *testing.T) {
	t.Parallel()
	dir, _, o := fromAnother(t, toAnother)
	before := tree(t, dir)
	if _, err := gen.Check(t.Context(), o); err != nil {
		t.Errorf("check: %v", err)
	}
	if _, err := gen.Generate(t.Context(), o); err != nil {
		t.Errorf("generate: %v", err)
	}
	sameTree(t, dir, before)
}

func TestAStaleFileFromAnotherServerNamesBoth(t *testing.T) {
	t.Parallel()
	dir, server, o := fromAnother(t, func(text, server string) string { return toAnother(text, server) + "// more\n" })
	text, err := os.ReadFile(filepath.Join(dir, "queries/statements_gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = gen.Check(t.Context(), o)
	want := "queries/statements_gen.go:" + lines([]byte(strings.TrimSuffix(string(text), "// more\n"))) +
		":1: this file is stale (generated with PostgreSQL 99, checked with " + server + "): run go generate ./..."
	if got := problems(t, dir, err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := gen.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if text := tree(t, dir)["queries/statements_gen.go"]; !strings.HasPrefix(text, header+"// PostgreSQL "+server+"\n") {
		t.Errorf("what is generated anew names another server: %.80s", text)
	}
}

func TestAFileThatNamesNoServerIsStale(t *testing.T) {
	t.Parallel()
	dir, _, o := fromAnother(t, func(text, server string) string { return strings.Replace(text, "// PostgreSQL "+server+"\n", "", 1) })
	_, err := gen.Check(t.Context(), o)
	if got, want := problems(t, dir, err), "queries/statements_gen.go:2:1: this file is stale: run go generate ./..."; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEveryGeneratedFileNamesTheServer(t *testing.T) {
	t.Parallel()
	dir, _ := generated(t, "build_tags")
	found := 0
	for name, text := range tree(t, dir) {
		if strings.HasPrefix(text, header) {
			found++
			if !strings.HasPrefix(strings.TrimPrefix(text, header), "// PostgreSQL ") {
				t.Errorf("%s: %.80s", name, text)
			}
		}
	}
	if found < 2 {
		t.Errorf("%d files were generated", found)
	}
}
