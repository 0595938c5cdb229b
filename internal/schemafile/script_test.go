package schemafile

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestAScriptIsTheWayUp(t *testing.T) {
	t.Parallel()
	const text = "\uFEFF-- +goose Up\n\\connect x\nSELECT '\n-- +goose Down\n';\nCOPY a FROM stdin;\n1;\n\\.\n;\n-- name: One :one\nSELECT 1;\n\\i y.sql\nSELECT 2\n-- +goose Down\nDROP TABLE a;\n"
	s := Parse(text)
	var got []string
	for _, st := range s.Statements {
		if !strings.HasPrefix(s.Text[st.Start:], st.SQL) || !strings.HasPrefix(text[st.Start:], st.SQL) {
			t.Errorf("%q is not at %d", st.SQL, st.Start)
		}
		got = append(got, strings.TrimSpace(st.SQL)+"|"+st.Data)
	}
	if want := "SELECT '\n-- +goose Down\n';|, COPY a FROM stdin;|1;\n, SELECT 2|"; strings.Join(got, ", ") != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	if len(s.Includes) != 1 || !strings.HasPrefix(text[s.Includes[0]:], `\i y.sql`) {
		t.Errorf("includes at %v", s.Includes)
	}
	if picked := s.Pick(s.Statements[2:]); strings.Index(picked, "SELECT 2") != s.Statements[2].Start || strings.Contains(picked, "COPY") {
		t.Errorf("picked %q", picked)
	}
}

func TestAFoldersFilesAreInTheOrderOfTheirTool(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{}
	for _, name := range []string{"1_a.up.sql", "1_a.down.sql", "10_b.up.sql", "9_c.up.sql", ".x.sql", "README.md", "sub/2_d.up.sql"} {
		fsys[name] = &fstest.MapFile{Data: []byte("SELECT 1;")}
	}
	files, findings, err := Folder(fsys)
	var got []string
	for _, f := range files {
		got = append(got, f.Name+" "+f.Tool.String())
	}
	if want := "1_a.up.sql golang-migrate, 9_c.up.sql golang-migrate, 10_b.up.sql golang-migrate"; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%v, %v", got, err)
	}
	if len(findings) != 1 || !findings[0].Note {
		t.Errorf("%+v", findings)
	}
}
