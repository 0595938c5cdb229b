package project

import (
	"go/ast"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var (
	majorVersion  = regexp.MustCompile(`^v[0-9]+$`)
	dottedVersion = regexp.MustCompile(`\.v[0-9]+$`)
)

// imports notes the names by which a file refers to packages.
func (r *reader) imports(tree *ast.File) {
	used := qualifiers(tree)
	for _, spec := range tree.Imports {
		from, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name
		} else {
			name = packageName(from, used)
		}
		if name != "_" && name != "." {
			r.pkg.Imports[name] = from
		}
	}
}

// qualifiers are the names before a dot in a file.
func qualifiers(tree *ast.File) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok {
				used[x.Name] = true
			}
		}
		return true
	})
	return used
}

// packageName is what a package of that path is likely called: the end of the path
// without what is often around a name there, as far as the file uses it.
func packageName(from string, used map[string]bool) string {
	base := path.Base(from)
	if majorVersion.MatchString(base) && path.Dir(from) != "." {
		base = path.Base(path.Dir(from))
	}
	base = dottedVersion.ReplaceAllString(base, "")
	short := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(base, "go-"), "go."), "-go")
	for _, name := range []string{base, short, strings.ReplaceAll(short, "-", ""), strings.ReplaceAll(short, "-", "_")} {
		if used[name] {
			return name
		}
	}
	return short
}
