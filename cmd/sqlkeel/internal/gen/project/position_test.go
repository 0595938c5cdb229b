package project

import (
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

func TestAPositionIsWhereTheWordWasWritten(t *testing.T) {
	t.Parallel()
	shop, refused := loaded(t, "shop"), loaded(t, "refused")
	for name, c := range map[string]struct {
		project   *Project
		statement string
		at        string // of the text, from its first occurrence
		want      string
	}{
		"a word":                       {shop, "ListItems", "ORDER BY", "queries/items.sql:12:1"},
		"behind a comment":             {shop, "ListItems", `"colour"`, "queries/items.sql:11:7"},
		"within a word":                {shop, "ListItems", "ER BY", "queries/items.sql:12:4"},
		"a parameter":                  {shop, "ListItems", "$1", "queries/items.sql:9:8"},
		"the same parameter elsewhere": {shop, "ListItems", "$1)", "queries/items.sql:9:50"},
		"a parameter's sign":           {shop, "ListItems", "$2", "queries/items.sql:11:18"},
		"a column of a star":           {shop, "GetItem", "tags", "queries/items.sql:17:8"},
		"behind a star":                {shop, "GetItem", "FROM", "queries/items.sql:17:10"},
		"a column of an embed":         {shop, "ShelvesOfItem", "items.colour", "queries/items.sql:28:8"},
		"behind an embed":              {shop, "ShelvesOfItem", "count", "queries/items.sql:28:42"},
		"a string's end":               {shop, "ItemsByTags", "9b'", "queries/items.sql:20:83"},
		"the header":                   {shop, "GetItem", "name", "queries/items.sql:14:1"},
		"the end":                      {shop, "GetItem", "", "queries/items.sql:14:1"},
		"no text":                      {shop, "AddItems", "VALUES", "queries/items.sql:36:1"},
		"a string over lines":          {refused, "B", "AND", "annotated.sql:23:3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := statement(t, c.project, c.statement)
			offset := len(st.SQL)
			if c.at != "" {
				offset = strings.Index(st.SQL, c.at)
			}
			if got := st.Position(offset).String(); got != c.want {
				t.Errorf("Position of %q = %s, want %s", c.at, got, c.want)
			}
		})
	}
}

func TestWithoutAQueryFileAPositionIsInTheGeneratedFile(t *testing.T) {
	t.Parallel()
	dir := edited(t, "shop", edit{"more/1.sql", "", ""}, edit{"queries/items.sql", "", ""})
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ at, want string }{
		"CountItems": {"FROM", "shop/1.sql.go:14:1"},
		"GetItem":    {"-- name", "shop/items.sql.go:69:18"},
	} {
		st := statement(t, p, name)
		if got := st.Position(strings.Index(st.SQL, c.at)).String(); got != c.want {
			t.Errorf("%s: Position of %q = %s, want %s", name, c.at, got, c.want)
		}
	}
	if a := statement(t, p, "GetItem").Annotation("cache"); a == nil || a.Pos.String() != "shop/items.sql.go:73:4" {
		t.Errorf("the annotation of the doc comment is %v", a)
	}
}

// Every word that sqlc left alone is found again: the place has the same word, or
// what sqlc replaced.
func TestEveryWordIsFoundAgain(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"shop", "driver", "refused"} {
		for _, pkg := range loaded(t, project).Packages {
			for _, st := range pkg.Statements {
				checkWords(t, st)
			}
		}
	}
}

func checkWords(t *testing.T, st *Statement) {
	t.Helper()
	if st.Const == "" {
		return
	}
	lines := strings.Split(st.origin.query.text, "\n")
	for _, token := range sqltext.Tokens(st.SQL) {
		if token.Kind != sqltext.Word || token.Start < strings.IndexByte(st.SQL, '\n') {
			continue
		}
		pos, word := st.Position(token.Start), token.Text(st.SQL)
		if pos.Column > len(lines[pos.Line-1]) {
			t.Errorf("%s: %q is at %s, behind the end of the line", st.Name, word, pos)
			continue
		}
		at := lines[pos.Line-1][pos.Column-1:]
		if !strings.HasPrefix(at, word) && !strings.HasPrefix(at, "*") && !strings.HasPrefix(at, "sqlc.") &&
			!strings.Contains(lines[pos.Line-1], "sqlc.embed") {
			t.Errorf("%s: %q is at %s, which is %q", st.Name, word, pos, at)
		}
	}
}

func TestMatchIsBounded(t *testing.T) {
	t.Parallel()
	a, b := make([]string, 5000), make([]string, 5000)
	for i := range a {
		a[i], b[i] = "a", "b"
	}
	if j, same := match(a, b, 2500); j != 0 || same {
		t.Errorf("match = %d, %t; two long texts without anything in common are not compared", j, same)
	}
}
