package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inline = regexp.MustCompile("`[^`\n]+`")
	// dotted is a name with its package; DB.Close and the like have a type first.
	dotted = regexp.MustCompile(`\b(\w+)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
)

// The packages whose names pages use, each with its folder.
var documented = map[string]string{
	"cache": "cache", "db": "db", "pgerr": "pgerr", "pgtest": "pgtest", "repo": "repo", "stmt": "stmt", "txn": "txn", "job": "txn/job", "keelotel": "otel", "migrations": "migrations",
}

// A name in a page exists: a function, type or constant of a package, a field or
// method of a type. So no page keeps the name that something had before.
func TestEveryNameInAPageExists(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for name, folder := range documented {
		exported(t, name, "../"+folder, known)
	}
	checked := 0
	for _, page := range pages {
		for _, code := range inline.FindAllString(prose(read(t, page)), -1) {
			for _, m := range dotted.FindAllStringSubmatch(code, -1) {
				_, isPackage := documented[m[1]]
				isType := known["."+m[1]]
				if !isPackage && !isType {
					continue
				}
				checked++
				if !known[m[0]] && !known["."+m[0]] {
					t.Errorf("%s: %s: there is no %s", page, code, m[0])
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d names were checked", checked)
	}
}

// What the changelog calls renamed is gone under its old name and there under the new.
func TestTheRenamesOfTheChangelogAreTrue(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for name, folder := range documented {
		exported(t, name, "../"+folder, known)
	}
	_, table, _ := strings.Cut(read(t, "../CHANGELOG.md"), "\n### Renamed\n")
	table, _, _ = strings.Cut(table, "\n### ")
	renames := regexp.MustCompile(`(?m)^\| (.+) \| (.+) \|$`).FindAllStringSubmatch(table, -1)
	if len(renames) < 10 {
		t.Fatalf("the changelog has only %d renames", len(renames))
	}
	for _, r := range renames {
		for side, there := range map[string]bool{r[1]: false, r[2]: true} {
			for _, code := range inline.FindAllString(side, -1) {
				for _, m := range dotted.FindAllStringSubmatch(code, -1) {
					if _, isPackage := documented[m[1]]; isPackage && known[m[0]] != there {
						t.Errorf("%s: %s exists: %v, want %v", r[0], m[0], known[m[0]], there)
					}
				}
			}
		}
	}
}

// prose is a page without its fenced blocks.
func prose(page string) string {
	var out []string
	inside := false
	for _, l := range strings.Split(page, "\n") {
		if strings.HasPrefix(strings.TrimSpace(l), "```") {
			inside = !inside
		} else if !inside {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// exported notes what a package exports, as db.DB, .DB, db.DB.Close and .DB.Close.
func exported(t *testing.T, pkg, folder string, known map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	note := func(name string) {
		if !ast.IsExported(name) {
			return
		}
		known[pkg+"."+name], known["."+name] = true, true
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			noteNames(decl, note)
		}
	}
}

func noteNames(decl ast.Decl, note func(name string)) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		prefix := ""
		if d.Recv != nil {
			prefix = receiver(d.Recv.List[0].Type) + "."
		}
		note(prefix + d.Name.Name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					note(n.Name)
				}
			case *ast.TypeSpec:
				note(s.Name.Name)
				for _, m := range members(s.Type) {
					note(s.Name.Name + "." + m)
				}
			}
		}
	}
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// members are the fields of a struct, or the methods of an interface.
func members(e ast.Expr) []string {
	var list *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		list = e.Fields
	case *ast.InterfaceType:
		list = e.Methods
	default:
		return nil
	}
	var out []string
	for _, f := range list.List {
		for _, n := range f.Names {
			out = append(out, n.Name)
		}
	}
	return out
}
