package sqlkeel_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// publicWords is the most functions, types and methods that the packages for
// services may export together. A user reads all of them before the first line. Ten came
// with cached queries.
const publicWords = 140

func TestServicesHaveFewWordsToLearn(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, dir := range []string{"cache", "db", "pgerr", "stmt", "txn", "txn/job"} {
		n := words(t, dir)
		t.Logf("%s exports %d", dir, n)
		sum += n
	}
	if sum > publicWords {
		t.Errorf("%d functions, types and methods are exported, more than %d", sum, publicWords)
	}
}

// words counts what `go doc -all` lists of a package as functions, types and methods.
func words(t *testing.T, dir string) (n int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(set, files, module+"/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	n = len(p.Funcs) + len(p.Types)
	for _, typ := range p.Types {
		n += len(typ.Funcs) + len(typ.Methods)
	}
	return n
}
