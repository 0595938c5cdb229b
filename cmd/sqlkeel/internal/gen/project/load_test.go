package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promises are checks that hold for the package as it is; each names the mutants
// that it catches.
var promises = map[string]struct {
	check   func(t *testing.T, m mutant) error
	mutants []mutant
}{
	"every constant of a generated file is one statement":  {everyConstantOnce, []mutant{oncePerName, allGoFiles}},
	"parameters are in the order of the placeholders":      {orderOfPlaceholders, []mutant{structOrder}},
	"an annotation stands in the first column":             {firstColumn, []mutant{anyColumn}},
	"a call that cannot work is refused, another is not":   {refusesCalls, []mutant{trustsCall, lettersOnly}},
	"a statement is told from a hand-written file's const": {onlyGenerated, []mutant{allGoFiles}},
	"a query that changed since is not taken as it was":    {changedQuery, []mutant{trustsText}},
}

func TestPromises(t *testing.T) {
	t.Parallel()
	for name, p := range promises {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := p.check(t, sound); err != nil {
				t.Error(err)
			}
			for _, m := range p.mutants {
				if p.check(t, m) == nil {
					t.Errorf("mutant %d passes", m)
				}
			}
		})
	}
}

// leftBehind is a generated file whose query has the name of another, and a file
// of somebody's own.
func leftBehind(t *testing.T) string {
	t.Helper()
	return edited(t, "shop",
		edit{"shop/old.sql.go", "", header + "\n\npackage shop\n\nconst old = `-- name: CountItems :one\nSELECT 2\n`\n"},
		edit{"shop/own.go", "", "package shop\n\nconst own = `-- name: Own :one\nSELECT 3\n`\n"})
}

// everyConstantOnce compares with what a search through the files finds.
func everyConstantOnce(t *testing.T, m mutant) error {
	dir := leftBehind(t)
	p, err := load(dir, m)
	if err != nil {
		return err
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
			return fmt.Errorf("statements %v, constants %v", got, want)
		}
	}
	return nil
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

func orderOfPlaceholders(t *testing.T, m mutant) error {
	dir := edited(t, "shop",
		edit{"shop/items.sql.go", "type AddItemParams struct {\n\tID     int64\n\tKey    uuid.UUID", "type AddItemParams struct {\n\tKey    uuid.UUID\n\tID     int64"})
	p, err := load(dir, m)
	if err != nil {
		return err
	}
	params := statement(t, p, "AddItem").Params
	if len(params) != 4 || params[0].Name != "ID" || params[1].Name != "Key" || params[1].Type != "uuid.UUID" {
		return fmt.Errorf("params of a struct in another order = %v", params)
	}
	return nil
}

func firstColumn(t *testing.T, m mutant) error {
	p, err := load(filepath.Join("testdata", "refused"), m)
	if err != nil {
		return err
	}
	if a := statement(t, p, "A").Annotations; len(a) != 0 {
		return fmt.Errorf("annotations of A = %v", a)
	}
	return nil
}

func refusesCalls(t *testing.T, m mutant) error {
	var errs []error
	for project, refused := range map[string][]string{"refused": {"Last", "Merge", "Named"}, "shop": nil} {
		p, err := load(filepath.Join("testdata", project), m)
		if err != nil {
			return err
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
			errs = append(errs, fmt.Errorf("refused %v, want %v", got, refused))
		}
	}
	return errors.Join(errs...)
}

func onlyGenerated(t *testing.T, m mutant) error {
	p, err := load(leftBehind(t), m)
	if err != nil {
		return err
	}
	for _, st := range p.Packages[0].Statements {
		if st.Name == "Own" {
			return errors.New("a constant of a hand-written file is a statement")
		}
	}
	return nil
}
