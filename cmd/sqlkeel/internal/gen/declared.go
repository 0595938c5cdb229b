package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// declared returns the identifiers that the Go files of a folder declare, those that
// were written here left out; methods as Type.Method. A file that is no Go is none of
// our business: the compiler will say so.
func (a *analysis) declared(dir string) (map[string]project.Position, error) {
	names := map[string]project.Position{}
	files, err := os.ReadDir(a.path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil // the project's problems say so
	}
	if err != nil {
		return nil, fmt.Errorf("read the package's folder: %w", err)
	}
	for _, file := range files {
		if file.IsDir() || filepath.Ext(file.Name()) != ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(a.path(dir), file.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the package's folder: %w", err)
		}
		if !isOurs(text) {
			addDeclared(names, dir+"/"+file.Name(), text)
		}
	}
	return names, nil
}

// isOurs reports whether a file was written here.
func isOurs(text []byte) bool {
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimRight(first, "\r") == emit.Header
}

func addDeclared(names map[string]project.Position, file string, text []byte) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, text, parser.SkipObjectResolution)
	if err != nil && tree == nil || strings.HasSuffix(tree.Name.Name, "_test") {
		return
	}
	note := func(owner string, id *ast.Ident) {
		at := fset.Position(id.Pos())
		names[owner+id.Name] = project.Position{File: file, Line: at.Line, Column: at.Column}
	}
	for _, decl := range tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			note(receiver(d), d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					note("", s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						note("", name)
					}
				}
			}
		}
	}
}

// receiver returns the name of a method's type and a dot, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name + "."
	}
	return "?." // of a generic type, which sqlc has none of
}
