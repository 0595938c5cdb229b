package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// noteHandWritten notes, once a package, the statements that its hand-written files
// run beside those of sqlc.
func (a *analysis) noteHandWritten() {
	seen := map[string]bool{}
	for _, pkg := range a.packages {
		if seen[pkg.Dir] {
			continue
		}
		seen[pkg.Dir] = true
		places := a.handWritten(pkg)
		if len(places) == 0 {
			continue
		}
		also := ""
		if len(places) > 1 {
			also = fmt.Sprintf(", and at %d more places of the package", len(places)-1)
		}
		a.notes = append(a.notes, &project.Problem{Pos: places[0], Warning: true, Message: "SQL that is in no query file is run here" + also +
			": nothing is known of it, so that it counts as a write of anything: make sqlc queries of it, where the cache is to keep what it does not touch"})
	}
}

// handWritten returns where the files of a package that were written by hand run
// statements. A folder or file that cannot be read is of no interest here.
func (a *analysis) handWritten(pkg *packageAnalysis) []project.Position {
	known := map[string]bool{}
	for _, st := range pkg.statements {
		known[st.Const] = true
	}
	entries, _ := os.ReadDir(a.path(pkg.Dir))
	var places []project.Position
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		path, fset := filepath.Join(a.path(pkg.Dir), name), token.NewFileSet()
		head, err := parser.ParseFile(fset, path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil || ast.IsGenerated(head) || head.Name.Name != pkg.Name {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, at := range runsText(file, known) {
			p := fset.Position(at)
			places = append(places, project.Position{File: pkg.Dir + "/" + name, Line: p.Line, Column: p.Column})
		}
	}
	return places
}

// runsText finds the calls that send a text. One that passes on a parameter sends the
// caller's, and a known constant is a statement of sqlc's.
func runsText(file *ast.File, known map[string]bool) []token.Pos {
	var places []token.Pos
	var passed []string // the parameters of the functions around
	var look func(ast.Node) bool
	inside := func(t *ast.FuncType, body *ast.BlockStmt) bool {
		if body == nil {
			return false
		}
		before := len(passed)
		for _, field := range t.Params.List {
			for _, name := range field.Names {
				passed = append(passed, name.Name)
			}
		}
		ast.Inspect(body, look)
		passed = passed[:before]
		return false
	}
	look = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return inside(n.Type, n.Body)
		case *ast.FuncLit:
			return inside(n.Type, n.Body)
		case *ast.CallExpr:
			text := sentBy(n)
			if name, is := text.(*ast.Ident); text != nil && !(is && (known[name.Name] || slices.Contains(passed, name.Name))) {
				places = append(places, text.Pos())
			}
		}
		return true
	}
	ast.Inspect(file, look)
	return places
}

// sentBy returns the argument of a call of pgx's or database/sql's that is the text of
// a statement; nil when the call is none. Without a context the text comes first.
func sentBy(call *ast.CallExpr) ast.Expr {
	method, is := call.Fun.(*ast.SelectorExpr)
	if !is || len(call.Args) == 0 {
		return nil
	}
	switch method.Sel.Name {
	case "Exec", "Query", "QueryRow":
		if isText(call.Args[0]) {
			return call.Args[0]
		}
	case "ExecContext", "QueryContext", "QueryRowContext":
	case "Queue":
		if isText(call.Args[0]) {
			return call.Args[0]
		}
		return nil
	default:
		return nil
	}
	if len(call.Args) < 2 {
		return nil
	}
	return call.Args[1]
}

// isText reports whether an expression is a string, put together perhaps.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return isText(e.X) || isText(e.Y)
	case *ast.ParenExpr:
		return isText(e.X)
	}
	return false
}
