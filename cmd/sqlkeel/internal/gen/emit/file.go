package emit

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// file is a Go file under construction.
type file struct {
	pkg     *project.Package
	server  string
	build   string // the condition under which Go builds it
	taken   *names
	body    bytes.Buffer
	imports map[string]string // path → the name it is used by
}

func newFile(in Input, taken *names) *file {
	return &file{pkg: in.Package, server: in.Server, taken: taken, imports: map[string]string{}}
}

// line writes one line, or several.
func (f *file) line(format string, args ...any) {
	fmt.Fprintf(&f.body, format+"\n", args...)
}

// use imports a package and returns the name to write for it. A name that the
// package itself declares, or by which sqlc's files import another, is avoided.
func (f *file) use(importPath string) string {
	if name, ok := f.imports[importPath]; ok {
		return name
	}
	name := f.theirs(importPath)
	for f.taken.declared(name) || f.imported(name, importPath) {
		name += "pkg"
	}
	f.imports[importPath] = name
	return name
}

// theirs returns the name by which sqlc's files import a package, as types are spelled
// with it; what a package is usually called when they do not.
func (f *file) theirs(importPath string) string {
	usual := packageName(importPath)
	if f.pkg.Imports[usual] == importPath {
		return usual
	}
	for _, name := range slices.Sorted(maps.Keys(f.pkg.Imports)) {
		if f.pkg.Imports[name] == importPath {
			return name
		}
	}
	return usual
}

// imported reports whether sqlc's files import another package by the name.
func (f *file) imported(name, importPath string) bool {
	other, known := f.pkg.Imports[name]
	return known && other != importPath
}

// goType returns a type as sqlc's files spell it, and imports what it needs.
func (f *file) goType(spelled string) string {
	expr, err := parser.ParseExpr(spelled)
	if err != nil {
		return spelled
	}
	ast.Inspect(expr, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && f.pkg.Imports[pkg.Name] != "" {
				f.imports[f.pkg.Imports[pkg.Name]] = pkg.Name
			}
		}
		return true
	})
	return spelled
}

// bytes returns the formatted file.
func (f *file) bytes() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n%s%s\n\n", Header, Server, f.server)
	if f.build != "" {
		fmt.Fprintf(&out, "//go:build %s\n\n", f.build)
	}
	fmt.Fprintf(&out, "package %s\n\n", f.pkg.Name)
	if len(f.imports) > 0 {
		out.WriteString("import (\n")
		f.importGroup(&out, func(p string) bool { return !strings.Contains(strings.Split(p, "/")[0], ".") })
		out.WriteString("\n")
		f.importGroup(&out, func(p string) bool { return strings.Contains(strings.Split(p, "/")[0], ".") })
		out.WriteString(")\n\n")
	}
	out.Write(f.body.Bytes())
	formatted, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format the code of package %s: %w", f.pkg.Name, err)
	}
	return formatted, nil
}

func (f *file) importGroup(out *bytes.Buffer, in func(string) bool) {
	for _, p := range slices.Sorted(maps.Keys(f.imports)) {
		switch {
		case !in(p):
		case f.imports[p] == packageName(p):
			fmt.Fprintf(out, "%q\n", p)
		default:
			fmt.Fprintf(out, "%s %q\n", f.imports[p], p)
		}
	}
}

// packageName returns the name by which a package is usually known: the last part
// of its path that is no version.
func packageName(importPath string) string {
	dir, base := path.Split(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		return path.Base(dir)
	}
	return base
}

// quote returns a string literal, over several lines as s is where that is
// possible.
func quote(s string) string {
	if !strings.Contains(s, "\n") {
		return strconv.Quote(s)
	}
	for line := range strings.SplitSeq(s, "\n") {
		if !strconv.CanBackquote(line) {
			return strconv.Quote(s)
		}
	}
	return "`" + s + "`"
}
