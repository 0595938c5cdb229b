package project

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leftBehind adds a generated file whose query has the name of another, and a file
// that is written by hand.
func leftBehind(t *testing.T) string {
	t.Helper()
	return edited(t, "shop",
		edit{"shop/old.sql.go", "", header + "\n\npackage shop\n\nconst old = `-- name: CountItems :one\nSELECT 2\n`\n"},
		edit{"shop/own.go", "", "package shop\n\nconst own = `-- name: Own :one\nSELECT 3\n`\n"})
}

// The statements are compared with what a search through the files finds.
func TestEveryConstantOfAGeneratedFileIsOneStatement(t *testing.T) {
	t.Parallel()
	dir := leftBehind(t)
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range p.Packages {
		var got, want []string
		for _, st := range pkg.Statements {
			if st.Const != "" {
				got = append(got, st.Const+" "+st.Name+" "+st.Command)
			}
		}
		want = grep(t, filepath.Join(dir, pkg.Dir))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("statements %v, constants %v", got, want)
		}
	}
}

var constantLine = regexp.MustCompile("(?m)^const (\\w+) = `-- name: (\\S+ :\\S+)$")

func grep(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), header) {
			continue
		}
		for _, m := range constantLine.FindAllStringSubmatch(string(data), -1) {
			list = append(list, m[1]+" "+m[2])
		}
	}
	return list
}

func TestParametersAreInTheOrderOfThePlaceholders(t *testing.T) {
	t.Parallel()
	dir := edited(t, "shop",
		edit{"shop/items.sql.go", "type AddItemParams struct {\n\tID     int64\n\tKey    uuid.UUID", "type AddItemParams struct {\n\tKey    uuid.UUID\n\tID     int64"})
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	params := statement(t, p, "AddItem").Params
	if len(params) != 4 || params[0].Name != "ID" || params[1].Name != "Key" || params[1].Type != "uuid.UUID" {
		t.Fatalf("params of a struct in another order = %v", params)
	}
}

func TestAnAnnotationStandsInTheFirstColumn(t *testing.T) {
	t.Parallel()
	p, err := Load(filepath.Join("testdata", "refused"))
	if err != nil {
		t.Fatal(err)
	}
	if a := statement(t, p, "A").Annotations; len(a) != 0 {
		t.Fatalf("annotations of A = %v", a)
	}
}

func TestACallThatCannotWorkIsRefusedAndAnotherIsNot(t *testing.T) {
	t.Parallel()
	for project, refused := range map[string][]string{"refused": {"Last", "Merge", "Named"}, "shop": nil} {
		p, err := Load(filepath.Join("testdata", project))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, pkg := range p.Packages {
			for _, st := range pkg.Statements {
				if st.Refused != nil {
					got = append(got, st.Name)
				}
			}
		}
		if slices.Sort(got); !slices.Equal(got, refused) {
			t.Errorf("refused %v, want %v", got, refused)
		}
	}
}

func TestAConstantOfAHandWrittenFileIsNoStatement(t *testing.T) {
	t.Parallel()
	p, err := Load(leftBehind(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range p.Packages[0].Statements {
		if st.Name == "Own" {
			t.Error("a constant of a hand-written file is a statement")
		}
	}
}
