package emit

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// stubs are the packages that emitted code imports, as far as it uses them: so it
// is checked against types without their sources.
var stubs = map[string]string{
	"context":                          "package context\ntype Context interface{ Done() }",
	"math":                             "package math\nconst (\nMaxInt32 = 1<<31 - 1\nMaxInt64 = 1<<63 - 1\n)",
	"fmt":                              "package fmt\nfunc Errorf(string, ...any) error { return nil }",
	"time":                             "package time\ntype Time struct{}",
	"github.com/jackc/pgx/v5":          "package pgx\ntype Rows interface{ Next() bool }\ntype Row interface{ Scan(...any) error }",
	"github.com/jackc/pgx/v5/pgconn":   "package pgconn\ntype CommandTag struct{}",
	"github.com/jackc/pgx/v5/pgtype":   "package pgtype\ntype Text struct { String string; Valid bool }",
	"github.com/sqlkeel/sqlkeel/pgerr": "package pgerr\ntype ConstraintID struct{ Schema, Table, Name string }",
	"example.com/stmt":                 "package stmt\ntype Kind string",
	"example.com/math":                 "package math\ntype Big string",
	"github.com/sqlkeel/sqlkeel/stmt":  stmtStub,
	"github.com/sqlkeel/sqlkeel/stmt/generated": generatedStub,
	"github.com/sqlkeel/sqlkeel/another":        "package another",
}

const stmtStub = `package stmt
type Statement struct { Name, Command, Source, SQL string; Types []string; Effects Effects; Variants any }
type Effects struct { Reads, Writes []string }
type Registry struct{}
func NewRegistry(map[string]string, ...Statement) *Registry { return nil }
`

const generatedStub = `package generated
type Mask uint64
type Variants struct { Params []Param; Segments []Segment }
type Param struct { Name string; Param int; Values []Value; Read func(any) (Value, bool) }
type Value struct { Kind Kind; Int int64; Text string }
type Kind uint8
const ( Other Kind = iota; Null; Bool; Int; String; Empty )
type Segment struct { Need, Absent Mask; Text string; Param int; Type string }
type CursorError struct{}
func Pointer[T any](any) (v Value, known bool) { return }
func Text[T ~string](any) (v Value, known bool) { return }
func FormatCursor(string, ...any) (string, error) { return "", nil }
func ParseCursor(string, string, ...any) error { return nil }
`

type importer map[string]*types.Package

// Import checks a stub.
func (i importer) Import(path string) (*types.Package, error) {
	if i[path] == nil {
		source, known := stubs[path]
		if !known {
			return nil, errors.New("no stub of " + path)
		}
		pkg, _, errs := check(path, map[string]string{"stub.go": source})
		if len(errs) > 0 {
			return nil, errs[0]
		}
		i[path] = pkg
	}
	return i[path], nil
}

// check type-checks the files of a package.
func check(path string, files map[string]string) (*types.Package, *token.FileSet, []error) {
	fset := token.NewFileSet()
	var trees []*ast.File
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		tree, err := parser.ParseFile(fset, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, []error{err}
		}
		trees = append(trees, tree)
	}
	conf := types.Config{Importer: importer{}, Error: func(err error) { errs = append(errs, err) }}
	pkg, _ := conf.Check(path, fset, trees, nil)
	return pkg, fset, errs
}

// sqlcFile is what sqlc would have generated for the input.
func sqlcFile(in Input) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\n", in.Package.Name)
	for _, name := range slices.Sorted(maps.Keys(in.Package.Imports)) {
		fmt.Fprintf(&b, "import %s %q\n", name, in.Package.Imports[name])
	}
	b.WriteString(`import ctxpkg "context"
import pgxpkg "github.com/jackc/pgx/v5"
import pgconnpkg "github.com/jackc/pgx/v5/pgconn"

type DBTX interface {
	Exec(ctxpkg.Context, string, ...interface{}) (pgconnpkg.CommandTag, error)
	Query(ctxpkg.Context, string, ...interface{}) (pgxpkg.Rows, error)
	QueryRow(ctxpkg.Context, string, ...interface{}) pgxpkg.Row
}

type Queries struct{}

`)
	for name := range in.Package.Imports {
		fmt.Fprintf(&b, "var _ %s.%s\n", name, map[string]string{"time": "Time", "stmt": "Kind", "math": "Big", "pgtype": "Text"}[name])
	}
	for _, st := range in.Statements {
		fmt.Fprintf(&b, "const %s = %s\n\n", st.Const, strconv.Quote(st.SQL))
		if st.Fields != nil {
			fmt.Fprintf(&b, "type %s struct {\n", st.Result)
			for _, f := range st.Fields {
				fmt.Fprintf(&b, "\t%s %s\n", f.Name, f.Type)
			}
			b.WriteString("}\n\n")
		}
		var params []string
		for _, p := range st.Params {
			params = append(params, ", "+p.Name+" "+p.Type)
		}
		if st.ParamsType != "" {
			fmt.Fprintf(&b, "type %s struct {\n%s\n}\n\n", st.ParamsType, strings.ReplaceAll(strings.Join(params, "\n"), ", ", ""))
			params = []string{", arg " + st.ParamsType}
		}
		result := strings.Replace("([]RESULT, interface{ Error() string })", "RESULT", st.Result, 1)
		fmt.Fprintf(&b, "func (q *Queries) %s(ctx ctxpkg.Context%s) %s { panic(0) }\n\n", st.Name, strings.Join(params, ""), result)
	}
	return b.String()
}

// compile emits the code of an input and checks it beside sqlc's and hand, which is
// a file by hand. The input's names are those of both. now is sqlc's file as it is
// when the code is compiled; "" when it is what it was.
func compile(t *testing.T, in Input, hand, now string) (wrong []error, refused error) {
	t.Helper()
	theirs := map[string]string{"query.sql.go": sqlcFile(in), "hand.go": hand}
	if hand == "" {
		delete(theirs, "hand.go")
	}
	pkg, fset, errs := check("shop", theirs)
	if len(errs) > 0 {
		t.Fatalf("sqlc's files: %v\n%s", errs, theirs["query.sql.go"])
	}
	in.Names = map[string]project.Position{}
	note := func(name string, pos token.Pos) {
		at := fset.Position(pos)
		in.Names[name] = project.Position{File: at.Filename, Line: at.Line, Column: at.Column}
	}
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		note(name, object.Pos())
		if named, ok := object.Type().(*types.Named); ok && object.Name() == named.Obj().Name() {
			for m := range named.Methods() {
				note(name+"."+m.Name(), m.Pos())
			}
		}
	}
	files, err := Package(in)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		theirs[name] = string(text)
	}
	if now != "" {
		theirs["query.sql.go"] = now
	}
	_, _, wrong = check("shop", theirs)
	return wrong, nil
}

func TestWhatIsEmittedCompilesBesideWhatSqlcGenerated(t *testing.T) {
	t.Parallel()
	if wrong, refused := compile(t, shop(), "", ""); refused != nil || len(wrong) > 0 {
		t.Errorf("%v %v", refused, wrong)
	}
}
