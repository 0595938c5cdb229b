package emit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/pages"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// find is an input of one statement with a filter, an order and pages.
func find(name string) Input {
	pkg := &project.Package{Name: "shop", Imports: map[string]string{}}
	st := &project.Statement{
		Package: pkg, Name: name, Command: ":many", Const: lowerFirst(name), SQL: "-- name: " + name + " :many\nSELECT 1\n", Result: name + "Row",
		Fields: []project.Field{{Name: "ID", Type: "int64"}},
		Params: []project.Param{{Name: "title", Type: "*string"}, {Name: "sort", Type: "string"}, {Name: "afterID", Type: "*int64"}, {Name: "maxRows", Type: "int32"}},
		Pos:    project.Position{File: "queries/q.sql", Line: 1, Column: 1},
	}
	st.Annotations = []project.Annotation{{Key: "page", Pos: project.Position{File: "queries/q.sql", Line: 2, Column: 4}}}
	pkg.Statements = []*project.Statement{st}
	var orders []generated.Value
	for _, literal := range []string{"a", "A", "-a", ""} {
		orders = append(orders, generated.Words(literal, true))
	}
	plan := &variants.Plan{Statement: st, Params: []variants.Param{
		{Name: "title", Param: 1, GoType: "*string", Read: "generated.Pointer[string]", Values: []generated.Value{{Kind: generated.Null}}},
		{Name: "sort", Param: 2, GoType: "string", Read: "generated.Text[string]", Values: orders, Sorts: true},
	}}
	page := &pages.Plan{Keys: []pages.Key{{Name: "id", Column: 1, Param: 3}}, Limit: 4, Fingerprint: "f"}
	return Input{Package: pkg, Statements: []Statement{{Statement: st, Plan: plan, Page: page}}}
}

// The statements and constraints come in other orders.
func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	t.Parallel()
	first := shop()
	want, err := Package(first)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(20) {
		in, r := shop(), rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(in.Statements), func(i, j int) { in.Statements[i], in.Statements[j] = in.Statements[j], in.Statements[i] })
		r.Shuffle(len(in.Constraints), func(i, j int) { in.Constraints[i], in.Constraints[j] = in.Constraints[j], in.Constraints[i] })
		given := in.Statements[0].Name
		got, err := Package(in)
		if err != nil {
			t.Fatal(err)
		}
		if in.Statements[0].Name != given {
			t.Fatal("the caller's list was sorted")
		}
		for name := range want {
			if !bytes.Equal(got[name], want[name]) {
				t.Fatalf("seed %d: %s differs", seed, name)
			}
		}
	}
}

// sqlc's constant has another text when the code is compiled.
func TestCodeForAnotherTextDoesNotCompile(t *testing.T) {
	t.Parallel()
	const sql = "-- name: Find :many\nSELECT 1\n"
	for _, hand := range []string{"", "package shop\n\nfunc min(a, b int) int { return a }\n", "package shop\n\nvar len = 1\n"} {
		for _, name := range []string{"Find", "Analysed", "Order", "Text"} {
			in := find(name)
			if strings.Contains(hand, "len") {
				in.Statements[0].Page = nil
			}
			if wrong, refused := compile(t, in, hand, ""); refused != nil || len(wrong) > 0 {
				t.Fatalf("%s unchanged: %v %v", name, refused, wrong)
			}
			sql := strings.Replace(sql, "Find", name, 1)
			for _, changed := range []string{sql + "\x00", sql + "-", sql[:len(sql)-1], "", "\x00", "z", strings.Replace(sql, "1", "2", 1), strings.Replace(sql, "1", "0", 1), " " + sql} {
				now := in
				st := *in.Statements[0].Statement
				st.SQL = changed
				now.Statements = []Statement{{Statement: &st}}
				wrong, _ := compile(t, in, hand, sqlcFile(now))
				if len(wrong) == 0 {
					t.Fatalf("%s: %q compiles", name, changed)
				}
				if hand == "" && !strings.Contains(wrong[0].Error(), "runGoGenerateBecause"+name+"Changed") {
					t.Fatalf("%s: %q: %v", name, changed, wrong[0])
				}
			}
		}
	}
}

// Parameters have other types, as arguments and in a struct.
func TestCodeForOtherTypesOfArgumentsDoesNotCompile(t *testing.T) {
	t.Parallel()
	for _, inStruct := range []bool{false, true} {
		in := find("Find")
		st := in.Statements[0].Statement
		in.Statements[0].Page = nil // which calls the method, so that types are pinned anyhow
		if inStruct {
			st.ParamsType = "FindParams"
		}
		if wrong, refused := compile(t, in, "", ""); refused != nil || len(wrong) > 0 {
			t.Fatalf("unchanged: %v %v", refused, wrong)
		}
		for i, other := range map[int]string{0: "string", 1: "*string"} {
			now, changed := in, *st
			changed.Params = slices.Clone(st.Params)
			changed.Params[i].Type = other
			now.Statements = []Statement{{Statement: &changed}}
			if wrong, _ := compile(t, in, "", sqlcFile(now)); len(wrong) == 0 {
				t.Fatalf("in a struct %t: parameter %d as %s compiles", inStruct, i, other)
			}
		}
	}
}

// claimed are names that emitted code declares or uses.
var claimed = []string{
	"Statements", "generated", "FindCursor", "ParseFindCursor", "FindSort", "AllFindSortValues", "FindSortA", "FindSortA2",
	"TKey", "ConstraintTKey", "context", "pgx", "pgconn", "stmt", "pgerr", "fmt", "math", "min", "len", "analysed", "order", "string", "error", "nil",
	"any", "true", "byte", "int", "int32", "bool", "rows", "last", "key1", "q", "arg1", "maxRows", "title", "FindPage", "FindPageParams",
}

// Some of the names are declared by hand, in several ways, and packages are imported
// that are called like others.
func TestCodeCompilesBesideAnyNamesOrIsRefused(t *testing.T) {
	t.Parallel()
	refusals := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 7))
		in := find("Find")
		in.Constraints = []Constraint{{Schema: "public", Table: "t", Name: "t_key", Kind: Unique}, {Schema: "public", Table: "t", Name: "t-key", Kind: Unique}}
		for name, from := range map[string]string{"stmt": "example.com/stmt", "math": "example.com/math"} {
			if r.IntN(2) == 0 {
				in.Package.Imports[name] = from
			}
		}
		var hand strings.Builder
		hand.WriteString("package shop\n\n")
		for _, i := range r.Perm(len(claimed))[:r.IntN(4)] {
			name := claimed[i]
			if in.Package.Imports[name] != "" || name == "string" || name == "error" || name == "int32" || name == "any" {
				continue // sqlc's own files would not compile
			}
			fmt.Fprintf(&hand, []string{"var %s = 1.5\n", "func %s() {}\n", "type %s struct{}\n", "const %s = 'x'\n"}[r.IntN(4)], name)
		}
		wrong, refused := compile(t, in, hand.String(), "")
		if len(wrong) > 0 {
			t.Fatalf("seed %d, beside %s: %v", seed, hand.String(), wrong)
		}
		if refused == nil {
			continue
		}
		refusals++
		for _, message := range messages(refused) {
			if !strings.HasPrefix(message, "hand.go:") && !strings.HasPrefix(message, "queries/q.sql:") {
				t.Fatalf("seed %d: no place: %s", seed, message)
			}
		}
	}
	if refusals == 0 || refusals > 100 {
		t.Fatalf("%d of 150 inputs are refused", refusals)
	}
}

func TestAllProblemsAreReportedAtOnceEachWithItsPlace(t *testing.T) {
	t.Parallel()
	in := find("Find")
	st := in.Statements[0].Statement
	st.Annotations = append(st.Annotations, project.Annotation{Key: "row", Args: "Line", Pos: project.Position{File: "queries/q.sql", Line: 3, Column: 4}})
	const hand = "package shop\n\ntype Statements int\n\ntype Line int\n\nfunc FindSort() {}\n\nfunc ParseFindCursor() {}\n\nconst nil = 0\n"
	_, refused := compile(t, in, hand, "")
	got := messages(refused)
	slices.Sort(got)
	want := []string{
		"hand.go:11:7: the name nil is Go's own",
		"hand.go:3:6: the name Statements is needed",
		"queries/q.sql:1:1: Find: the name FindSort, for the values of its parameter sort, is taken by hand.go:7:6",
		"queries/q.sql:2:4: Find: @page needs the name ParseFindCursor, which is taken by hand.go:9:6",
		"queries/q.sql:3:4: Find: @row Line: the name is taken by hand.go:5:6",
	}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("got %s, want %s", got[i], want[i])
		}
	}
}

func TestAMethodInThePlaceOfOneThatIsNeededIsRefused(t *testing.T) {
	t.Parallel()
	in := find("Find")
	st := in.Statements[0].Statement
	st.Annotations = append(st.Annotations, project.Annotation{Key: "row", Args: "Line", Pos: project.Position{File: "queries/q.sql", Line: 3, Column: 4}})
	if wrong, refused := compile(t, in, "package shop\n\nfunc (FindRow) Other() {}\n\nfunc FindPage() {}\n", ""); refused != nil || len(wrong) > 0 {
		t.Fatalf("without methods in the way: %v %v", refused, wrong)
	}
	wrong, refused := compile(t, in, "package shop\n\nfunc (q *Queries) FindPage() {}\n\nfunc (FindRow) Line() {}\n", "")
	if len(wrong) > 0 || refused == nil {
		t.Fatalf("refused %v, wrong %v", refused, wrong)
	}
	want := []string{
		"queries/q.sql:2:4: Find: @page needs the method FindPage, which is at hand.go:3:19",
		"queries/q.sql:3:4: Find: @row Line would be a second method Line of FindRow; the first is at hand.go:5:16",
	}
	got := messages(refused)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Error(strings.Join(got, "\n"))
	}
}

func TestRowsOfOneTypeAreComparedFieldByField(t *testing.T) {
	t.Parallel()
	field := func(name, goType string) project.Field { return project.Field{Name: name, Type: goType} }
	statement := func(name string, fields ...project.Field) Statement {
		pos := project.Position{File: "q.sql", Line: len(fields), Column: 4}
		return Statement{Statement: &project.Statement{Name: name, Result: name + "Row", Fields: fields,
			Annotations: []project.Annotation{{Key: "row", Args: "Line", Pos: pos}}}, Effects: stmt.Effects{}}
	}
	first := statement("A", field("ID", "int64"), field("Title", "string"))
	foreign := statement("B", field("ID", "int64"), field("Title", "string"))
	foreign.Result = "models.Book"
	for want, second := range map[string]Statement{
		"rows of another package, and these are models.Book": foreign,
		"":                                statement("B", field("ID", "int64"), field("Title", "string")),
		"has no field N int32":            statement("B", field("ID", "int64"), field("Title", "string"), field("N", "int32")),
		"there is no field Title string":  statement("B", field("ID", "int64")),
		"field 1 is Id int64, and ID":     statement("B", field("Id", "int64"), field("Title", "string")),
		"field 2 is Title *string":        statement("B", field("ID", "int64"), field("Title", "*string")),
		"would be a method beside":        statement("B", field("ID", "int64"), field("Line", "string")),
		"statement whose rows are of a g": statement("B"),
	} {
		in := Input{Package: &project.Package{Name: "shop"}, Statements: []Statement{first, second}}
		_, err := Package(in)
		if got := strings.Join(messages(err), "\n"); (want == "") != (err == nil) || !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
