package mutants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository is the root, from this folder.
const repository = "../.."

func TestEveryMutantOfTheRepositoryFits(t *testing.T) {
	t.Parallel()
	set, err := Load(repository)
	if err != nil {
		t.Error(err)
	}
	if len(set.Mutants()) < 50 {
		t.Errorf("%d mutants were found", len(set.Mutants()))
	}
	if err := set.Check(); err != nil {
		t.Error(err)
	}
}

func TestShippingCodeKnowsNoMutants(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(repository, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(repository, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if rel == filepath.Join("internal", "mutants") || base == "testdata" || rel != "." && strings.HasPrefix(base, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		files++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && strings.Contains(strings.ToLower(id.Name), "mutant") {
				t.Errorf("%s: %s: a wrong variant is a file in testdata/mutants, not code", fset.Position(id.Pos()), id.Name)
			}
			return true
		})
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	if files < 100 {
		t.Errorf("%d files were looked at", files)
	}
}
