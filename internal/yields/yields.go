// Package yields rewrites the files of a package so that goroutines pause, at random,
// before each access of shared state. Tests that are compiled with them see interleavings
// that would come about once in a million runs otherwise. The pauses are made from the
// files as they are, so they cannot miss what was added to them since.
package yields

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// accesses are the methods before which a goroutine pauses: those of sync/atomic, and
// those that take locks or look into a store.
var accesses = map[string]bool{
	"Add": true, "And": true, "CompareAndSwap": true, "Load": true, "Or": true, "Store": true, "Swap": true,
	"Lock": true, "RLock": true, "Compute": true, "GetIfPresent": true, "GetEntryQuietly": true,
}

// pause is the file that is added. Every fourth pause is long enough for others to
// overtake, and few are long enough for all of them.
const pause = `package %s

import (
	"math/rand/v2"
	"runtime"
	"time"
)

// yielded returns f after a pause.
func yielded[F any](f F) F {
	switch n := rand.Uint32N(64); {
	case n < 24:
	case n < 48:
		runtime.Gosched()
	case n < 62:
		for range n - 47 {
			runtime.Gosched()
		}
	default:
		time.Sleep(rand.N(80 * time.Microsecond))
	}
	return f
}
`

// Files returns the files of the package in dir with pauses, and one more, by their
// absolute names. Texts, by absolute names too, stand in for files. It is an error when
// there is nothing to pause before.
func Files(dir string, texts map[string]string) (map[string]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for name := range texts {
		if filepath.Dir(name) == dir && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	made, pauses, pkg := maps.Clone(texts), 0, ""
	if made == nil {
		made = map[string]string{}
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, given := texts[name]
		if !given {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		in, changed, n, err := file(name, text)
		if err != nil {
			return nil, err
		}
		made[name], pkg = changed, in
		pauses += n
	}
	if pauses == 0 {
		return nil, fmt.Errorf("yields: there is no access of shared state in %s", dir)
	}
	made[filepath.Join(dir, "yielded.go")] = fmt.Sprintf(pause, pkg)
	return made, nil
}

// file puts pauses into one file and counts them. It turns x.Load() into
// yielded(x.Load)().
func file(name, text string) (pkg, changed string, pauses int, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return "", "", 0, err
	}
	packages := imported(f)
	inserts := map[int]string{} // by offsets
	ast.Inspect(f, func(n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall {
			return true
		}
		if method, ok := call.Fun.(*ast.SelectorExpr); ok && accesses[method.Sel.Name] && !packages[named(method.X)] {
			begin, end := fset.Position(method.Pos()).Offset, fset.Position(method.End()).Offset
			inserts[begin] += "yielded("
			inserts[end] = ")" + inserts[end]
			pauses++
		}
		return true
	})
	var b strings.Builder
	at := 0
	for _, offset := range slices.Sorted(maps.Keys(inserts)) {
		b.WriteString(text[at:offset])
		b.WriteString(inserts[offset])
		at = offset
	}
	b.WriteString(text[at:])
	return f.Name.Name, b.String(), pauses, nil
}

// imported returns the names by which the file knows packages: cmp.Or is no access.
func imported(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, i := range f.Imports {
		name := path.Base(strings.Trim(i.Path.Value, `"`))
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = true
	}
	return names
}

// named is the name of an expression that is one.
func named(x ast.Expr) string {
	if id, ok := x.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
