package gen_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

// lister prints the statements of the package of the archive build_mixed.
const lister = `package main

import (
	"fmt"

	"golden/build_mixed/queries"
)

func main() {
	for _, st := range queries.Statements.Statements() {
		fmt.Print(st.Name, " ")
	}
	_ = queries.BinPkey
}
`

func TestGeneratedCodeIsBuiltUnderTheConditionsOfSqlcsFiles(t *testing.T) {
	t.Parallel()
	root := module(t, "build_tags", "build_mixed")
	unformatted(t, root)
	put(t, filepath.Join(root, "main.go"), lister)
	for tags, want := range map[string]string{
		"":                 "CountBins GetBin ",
		"integration":      "CountBins GetBin ",
		"slow":             "CountBins GetBin SlowBins ",
		"slow,integration": "CountBins GetBin SlowBins ",
	} {
		if out, err := goTool(t, root, nil, "vet", "-tags", tags, "./..."); err != nil {
			t.Errorf("go vet -tags %q: %v\n%s", tags, err, out)
		}
		if out, err := goTool(t, root, nil, "run", "-tags", tags, "."); err != nil || !strings.HasSuffix(out, want) && !linuxIsMissing(out) {
			t.Errorf("go run -tags %q: %v, got %q, want %q", tags, err, out, want)
		}
	}
}

// linuxIsMissing allows for a system on which stats_linux.sql.go is not built.
func linuxIsMissing(out string) bool { return !strings.Contains(out, "CountBins") }

func TestAFileOfAConditionThatIsGoneIsAnOrphan(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "build_mixed")
	replace(t, filepath.Join(dir, "queries/slow.sql.go"), "//go:build slow\n", "")
	_, err := gen.Check(t.Context(), o)
	got := problems(t, dir, err)
	for _, file := range []string{"statements_4_gen.go", "statements_5_gen.go", "statements_6_gen.go", "statements_7_gen.go"} {
		if !strings.Contains(got, "queries/"+file+":1:1: nothing generates this file any more: run go generate ./...") {
			t.Errorf("nothing is said of %s:\n%s", file, got)
		}
	}
	if _, err := gen.Generate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := gen.Check(t.Context(), o); err != nil {
		t.Error(err)
	}
	for name := range tree(t, dir) {
		if strings.Contains(name, "statements_4") {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestTooManyConditionsAreOneError(t *testing.T) {
	t.Parallel()
	dir, o := generated(t, "build_mixed")
	text := readArchive(t, "testdata/build_mixed.txtar").files["queries/slow.sql.go"]
	put(t, filepath.Join(dir, "queries/fourth.sql.go"), strings.NewReplacer("SlowBins", "FourthBins", "slowBins", "fourthBins", "build slow", "build fourth", "slow.sql", "fourth.sql").Replace(text))
	put(t, filepath.Join(dir, "queries/fourth.sql"), strings.ReplaceAll(readArchive(t, "testdata/build_mixed.txtar").files["queries/slow.sql"], "SlowBins", "FourthBins"))
	_, err := gen.Generate(t.Context(), o)
	const want = "sqlc.yaml:5:14: sqlc's files in queries are built under 4 different conditions, and at most 3 are supported: give files the same //go:build line, or make packages of them"
	if got := problems(t, dir, err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
