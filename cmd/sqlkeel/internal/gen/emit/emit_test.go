package emit

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/stmt"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// shop is an input of many statements, two of which share a row type.
func shop() Input {
	pkg := &project.Package{Name: "shop", Imports: map[string]string{"time": "time"}}
	in := Input{Package: pkg, Relations: map[string]string{}, Names: map[string]project.Position{"Book": {File: "shop/models.go", Line: 3, Column: 6}}}
	for i := range 20 {
		st := &project.Statement{
			Package: pkg, Name: fmt.Sprintf("Get%d", i), Command: ":one", Const: fmt.Sprintf("get%d", i), SQL: fmt.Sprintf("-- name: Get%d :one\nSELECT %d", i, i),
			Result: fmt.Sprintf("Get%dRow", i), Fields: []project.Field{{Name: "At", Type: "time.Time"}},
			Pos: project.Position{File: "queries/q.sql", Line: i + 1, Column: 1},
		}
		if i%2 == 0 {
			st.Annotations = []project.Annotation{{Key: "row", Args: "Moment", Names: []string{"Moment"}, Pos: st.Pos}}
		}
		in.Statements = append(in.Statements, Statement{Statement: st, Effects: stmt.Effects{Reads: []string{fmt.Sprint("t", i)}}})
		in.Relations[fmt.Sprint("t", i)] = fmt.Sprint("digest", i)
		in.Constraints = append(in.Constraints, Constraint{Schema: "public", Table: "t", Name: fmt.Sprintf("t_%d%ckey", i%10, "_-"[i/10]), Kind: Unique, Columns: []string{fmt.Sprint("c", i)}})
	}
	return in
}

func TestAPackageWithoutConstraintsHasNoFileForThem(t *testing.T) {
	t.Parallel()
	in := shop()
	in.Constraints = nil
	files, err := Package(in)
	if err != nil || len(files) != 1 || files[StatementsFile] == nil {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// A field that is added to stmt's types must not be forgotten here.
func TestEveryFieldIsWritten(t *testing.T) {
	t.Parallel()
	for _, value := range []any{&stmt.Effects{}, &stmt.RowKey{}, &stmt.Columns{}, &generated.Segment{}, &generated.Variants{}} {
		v := reflect.ValueOf(value).Elem()
		fill(v)
		text := literal(v, "stmt")
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if written := strings.Contains(text, field.Name+": "); written != (field.Type.Kind() != reflect.Func) {
				t.Errorf("%s.%s: written %t in %s", v.Type(), field.Name, written, text)
			}
		}
		if strings.Contains(text, "unsupported(") {
			t.Error(text)
		}
	}
}

// fill gives every field a value that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), nil))
	default:
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
	}
}

func TestNamesOfGo(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"books_author_id_key": "BooksAuthorIDKey", "price-up": "PriceUp", "Order Lines_pkey": "OrderLinesPkey", "id": "ID",
		"42": "X42", "": "X", "été": "Été", "日本": "X日本", "a.b": "AB",
	} {
		if got := exported(sql); got != want {
			t.Errorf("%q: %s, want %s", sql, got, want)
		}
	}
}

func TestAStringIsQuotedSoThatGoReadsItBack(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"one line": `"one line"`, "two\nlines": "`two\nlines`", "a `tick`\nhere": `"a ` + "`tick`" + `\nhere"`, "cr\r\nlf": `"cr\r\nlf"`,
	} {
		if got := quote(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestANameThatIsTakenIsAvoidedOrRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	in := shop()
	in.Names["stmt"] = project.Position{File: "shop/q.sql.go", Line: 1, Column: 7}
	in.Names["T0Key"] = project.Position{File: "shop/models.go", Line: 9, Column: 6}
	files, err := Package(in)
	if err != nil {
		t.Fatal(err)
	}
	for file, wanted := range map[string][]string{
		StatementsFile:  {"stmtpkg.NewRegistry(", `stmtpkg "github.com/sqlkeel/sqlkeel/stmt"`},
		ConstraintsFile: {"ConstraintT0Key ", "ConstraintT0Key2 ", "T1Key ", "T1Key2 "},
	} {
		for _, want := range wanted {
			if !strings.Contains(string(files[file]), want) {
				t.Errorf("%s has no %q:\n%s", file, want, files[file])
			}
		}
	}
	in.Names["Statements"] = project.Position{File: "shop/hand.go", Line: 7, Column: 5}
	in.Names["Moment"] = project.Position{File: "shop/hand.go", Line: 8, Column: 6}
	_, err = Package(in)
	if got := messages(err); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "shop/hand.go:7:5: the name Statements is needed") }) ||
		!slices.Contains(got, "queries/q.sql:1:1: Get0: @row Moment: the name is taken by shop/hand.go:8:6") {
		t.Errorf("got %q", got)
	}
}

// messages are the problems in a joined error.
func messages(err error) []string {
	var list []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			list = append(list, messages(e)...)
		}
		return list
	}
	var p *project.Problem
	if errors.As(err, &p) {
		list = append(list, p.Error())
	}
	return list
}
