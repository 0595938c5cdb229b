package project

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// loaded reads a project of testdata.
func loaded(t *testing.T, name string) *Project {
	t.Helper()
	p, err := Load(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// statement finds one in a project's first package that has it.
func statement(t *testing.T, p *Project, name string) *Statement {
	t.Helper()
	for _, pkg := range p.Packages {
		for _, st := range pkg.Statements {
			if st.Name == name {
				return st
			}
		}
	}
	t.Fatalf("no statement %s", name)
	return nil
}

func TestLoadGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shop", "driver", "refused"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := dump(loaded(t, name))
			file := filepath.Join("testdata", name, "loaded.golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, string(want))
		})
	}
}

// compare shows the first line that differs.
func compare(t *testing.T, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Fatalf("line %d:\n got %s\nwant %s\n(go test -update writes it anew)", i+1, x, y)
		}
	}
}

// dump writes all that was loaded.
func dump(p *Project) string {
	var b strings.Builder
	fmt.Fprintf(&b, "config %s dir %s role %q\n", filepath.ToSlash(p.Config), filepath.ToSlash(p.Dir), p.Role)
	for _, problem := range p.Problems {
		fmt.Fprintf(&b, "  %s\n", dumpProblem(problem))
	}
	for _, pkg := range p.Packages {
		dumpPackage(&b, pkg)
	}
	return b.String()
}

func dumpPackage(b *strings.Builder, pkg *Package) {
	fmt.Fprintf(b, "\npackage %s in %s with %s, executor %v", pkg.Name, pkg.Dir, pkg.Driver, pkg.Executor)
	if pkg.DBArgument {
		b.WriteString(" as argument")
	}
	fmt.Fprintf(b, "\n  schema %v\n  queries %v\n  enums %v nulls %v\n", pkg.Schema, pkg.Queries,
		slices.Sorted(maps.Keys(pkg.Enums)), slices.Sorted(maps.Keys(pkg.Nulls)))
	for _, name := range slices.Sorted(maps.Keys(pkg.Imports)) {
		fmt.Fprintf(b, "  import %s %s\n", name, pkg.Imports[name])
	}
	for _, problem := range pkg.Problems {
		fmt.Fprintf(b, "  %s\n", dumpProblem(problem))
	}
	for _, st := range pkg.Statements {
		dumpStatement(b, st)
	}
}

func dumpProblem(p *Problem) string {
	if p.Warning {
		return "warning " + p.Error()
	}
	return "error " + p.Error()
}

func dumpStatement(b *strings.Builder, st *Statement) {
	fmt.Fprintf(b, "\n  %s %s at %s in %s const %q\n", st.Name, st.Command, st.Pos, st.GoFile, st.Const)
	fmt.Fprintf(b, "    sql %q\n", st.SQL)
	fmt.Fprintf(b, "    params %s%s %v\n", star(st.ParamsPointer), st.ParamsType, st.Params)
	fmt.Fprintf(b, "    result %s%s %v\n", star(st.ResultPointer), st.Result, st.Fields)
	for _, a := range st.Annotations {
		fmt.Fprintf(b, "    @%s %q at %s names %q duration %s stale %s max %d\n", a.Key, a.Args, a.Pos, a.Names, a.Duration, a.Stale, a.Max)
	}
	if st.Refused != nil {
		fmt.Fprintf(b, "    refused %s\n", st.Refused.Message)
	}
}

func star(pointer bool) string {
	if pointer {
		return "*"
	}
	return ""
}
