package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// The tests run in the folder of the pages, where links begin.
func TestMain(m *testing.M) {
	if err := os.Chdir("../../../../docs"); err != nil {
		panic(err)
	}
	os.Exit(pgtest.Main(m))
}

func TestTheExampleIsUpToDate(t *testing.T) {
	t.Parallel()
	if _, err := gen.Check(t.Context(), gen.Options{Config: example, DSN: pgtest.New(t).DSN()}); err != nil {
		t.Error(err)
	}
}

func TestEverySnippetOfJSONIsWhatInspectSays(t *testing.T) {
	t.Parallel()
	found, err := gen.Inspect(t.Context(), gen.Options{Config: example, DSN: pgtest.New(t).DSN()})
	if err != nil {
		t.Fatal(err)
	}
	statements := map[any]map[string]any{}
	for _, st := range found.Statements {
		text, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		facts := object(t, string(text))
		statements[facts["name"]] = facts
	}
	for _, b := range blocks(t, "json") {
		said := object(t, b.text)
		for key, want := range said {
			if got := statements[said["name"]][key]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s:%d: %s of %v is %v, and the page says %v", b.page, b.line, key, said["name"], got, want)
			}
		}
	}
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

// A diff on a page is a change of the example; the text after it is what check
// then reports.
func TestEveryErrorIsWhatCheckReports(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t).DSN()
	for _, page := range pages {
		all := fenced(page, read(t, page))
		for i, b := range all {
			if b.info != "diff" {
				continue
			}
			if i+1 == len(all) || all[i+1].info != "text" {
				t.Errorf("%s:%d: no error follows the change", page, b.line)
				continue
			}
			dir := changed(t, b)
			_, err := gen.Check(t.Context(), gen.Options{Config: filepath.Join(dir, "sqlc.yaml"), DSN: dsn})
			if err == nil {
				t.Errorf("%s:%d: check finds nothing wrong", page, b.line)
			} else if got := strings.ReplaceAll(err.Error(), dir+"/", ""); got != strings.TrimSpace(all[i+1].text) {
				t.Errorf("%s:%d: check says\n%s", page, all[i+1].line, got)
			}
		}
	}
}

// changed copies the example and applies a diff to its SQL.
func changed(t *testing.T, b block) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	var before, after string
	for _, l := range strings.SplitAfter(b.text, "\n") {
		if l != "" && l[0] != '+' {
			before += l[1:]
		}
		if l != "" && l[0] != '-' {
			after += l[1:]
		}
	}
	for _, name := range []string{"schema.sql", "query.sql"} {
		file := filepath.Join(dir, name)
		text := read(t, file)
		if !strings.Contains(text, before) {
			continue
		}
		if err := os.WriteFile(file, []byte(strings.Replace(text, before, after, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Fatalf("%s:%d: the example has nothing that the diff could change", b.page, b.line)
	return ""
}
