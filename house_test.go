package sqlkeel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// questions are what the generator must answer in one place, told by what only the code
// that answers them has. Package variants still has its own prover and walker.
var questions = []struct {
	what  string
	marks *regexp.Regexp
	in    []string
}{
	{"what do PostgreSQL's trees call and change", regexp.MustCompile(`"(opfuncid|aggfnoid|winfnoid|rowMarks|mergeActionList|coltypes)"`), []string{"cmd/sqlkeel/internal/gen/catalog", "cmd/sqlkeel/internal/gen/fold", "cmd/sqlkeel/internal/gen/query"}},
	{"how is a stored tree read", regexp.MustCompile(`"RANGETBLENTRY", "ROW"`), []string{"cmd/sqlkeel/internal/gen/tree"}},
	{"which keys tell rows apart", regexp.MustCompile(`\bindisunique\b`), []string{"cmd/sqlkeel/internal/gen/catalog", "cmd/sqlkeel/internal/gen"}},
	{"is it one row, is the order total", regexp.MustCompile(`\.Equality\(|!k\.Distinct\b`), []string{"cmd/sqlkeel/internal/gen/query"}},
	{"where is Go's equality PostgreSQL's", regexp.MustCompile(`\buuidOID\b|\b2950\b`), []string{"cmd/sqlkeel/internal/gen/fold", "cmd/sqlkeel/internal/gen/query"}},
	{"how is a tree of the parser walked", regexp.MustCompile(`reflect\.ValueOf\(n\b`), []string{"cmd/sqlkeel/internal/gen/syntax"}},
	{"how is PL/pgSQL read", regexp.MustCompile(`"elsif"|ParsePlPgSql`), []string{"cmd/sqlkeel/internal/gen/plpgsql"}},
	{"how are bodies compiled", regexp.MustCompile(`BEGIN ATOMIC`), []string{"cmd/sqlkeel/internal/gen/bodies", "cmd/sqlkeel/internal/gen/effects"}},
	{"which functions depend on the session", regexp.MustCompile(`"transaction_timestamp"|"statement_timestamp"`), []string{"cmd/sqlkeel/internal/gen/catalog"}},
}

func TestTheGeneratorAnswersEachQuestionInOnePlace(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	err := filepath.WalkDir("cmd/sqlkeel/internal/gen", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		code := comments.ReplaceAllString(string(text), "")
		for _, q := range questions {
			if q.marks.MatchString(code) {
				found[q.what] = append(found[q.what], filepath.Dir(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		places := slices.Compact(found[q.what])
		if len(places) == 0 {
			t.Errorf("%s: nowhere", q.what)
		}
		for _, p := range places {
			if !slices.Contains(q.in, p) {
				t.Errorf("%s: it is answered in %s too, and %s is the place", q.what, p, strings.Join(q.in, " or "))
			}
		}
	}
}

// make test leaves the race detector out where nothing runs beside anything else.
func TestTheGeneratorStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir("cmd/sqlkeel/internal/gen", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "scratch"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if n, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: a goroutine: test the package under the race detector, see .ci/test", fset.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files were read: %v", files, err)
	}
}

var comments = regexp.MustCompile(`(?m)//.*$`)
