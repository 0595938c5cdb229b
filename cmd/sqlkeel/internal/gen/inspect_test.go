package gen_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
)

func inspectArchive(t *testing.T, name string, change func(dir string)) *gen.Inspection {
	t.Helper()
	dir := t.TempDir()
	readArchive(t, filepath.Join("testdata", name+".txtar")).extract(t, dir)
	change(dir)
	found, err := gen.Inspect(t.Context(), options(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func nothing(string) {}

func TestInspectTellsWhatStatementsDo(t *testing.T) {
	t.Parallel()
	found := inspectArchive(t, "filters", nothing)
	byName := map[string]gen.Inspected{}
	for _, s := range found.Statements {
		byName[s.Name] = s
	}
	get, del, find := byName["GetAuthor"], byName["DeleteAuthor"], byName["FindBooks"]
	if get.File != "queries/books.sql" || get.Line != 1 || get.Cmd != ":one" || !get.Cacheable || !get.ReadOnly ||
		!slices.Equal(get.RowKeys, []gen.RowKey{{For: "read", Relation: "authors", Column: "id", Param: 1}}) {
		t.Errorf("GetAuthor: %+v", get)
	}
	if !slices.Equal(del.Writes, []string{"authors"}) || !slices.Equal(del.Effects, []string{"books"}) || del.Cacheable || del.WhyNot == "" {
		t.Errorf("DeleteAuthor: %+v", del)
	}
	if len(find.Variants) != 16 || !slices.Contains(find.Variants, "none") || !slices.Contains(find.Variants, "genre+max_price+sort=price-up") {
		t.Errorf("FindBooks: %q", find.Variants)
	}
	if found.Unknown != 0 || len(found.Failed) > 0 || len(found.Statements) != 6 {
		t.Errorf("%d statements, %d unknown, %v", len(found.Statements), found.Unknown, found.Failed)
	}
	text, err := json.Marshal(found.Statements)
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%v %s", err, text)
	}
}

func TestInspectNamesWhatItCannotAnalyseAndGoesOn(t *testing.T) {
	t.Parallel()
	found := inspectArchive(t, "filters", func(dir string) {
		put(t, filepath.Join(dir, "schema/002.sql"), "ALTER TABLE books RENAME COLUMN title TO name;\nALTER TABLE nobody ADD x int;\n")
		if err := os.Remove(filepath.Join(dir, "queries/books.sql")); err != nil {
			t.Fatal(err)
		}
	})
	if found.Unknown != 3 || len(found.Statements) != 6 {
		t.Fatalf("%d of %d are unknown: %v", found.Unknown, len(found.Statements), found.Failed)
	}
	for _, s := range found.Statements {
		unknown := slices.Contains([]string{"CountBooks", "FindBooks", "CopyBooks"}, s.Name)
		if unknown != (s.WhyNot != "" && !s.ReadOnly && !s.Cacheable && slices.Equal(s.Effects, []string{"*"}) && strings.Contains(s.WhyNot, "does not exist")) {
			t.Errorf("%+v", s)
		}
	}
	if text := found.Failed.Error(); !strings.Contains(text, `schema/002.sql:2:`) || !strings.Contains(text, `relation "nobody" does not exist`) {
		t.Errorf("problems: %s", text)
	}
}

func TestAConfigurationThatIsMissingOrWrongIsOneClearError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "bad.yaml"), "version: \"2\"\nsql: [\n")
	put(t, filepath.Join(dir, "v1.yaml"), "version: \"1\"\npackages: []\n")
	for file, want := range map[string]string{"gone.yaml": "gone.yaml", "bad.yaml": "bad.yaml:", "v1.yaml": "v1.yaml:"} {
		o := gen.Options{Config: filepath.Join(dir, file), DSN: "postgres://127.0.0.1:1/nobody"}
		_, err := gen.Inspect(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", file, err)
		}
		if _, generateErr := gen.Generate(t.Context(), o); generateErr == nil || generateErr.Error() != err.Error() {
			t.Errorf("%s: generate says %v, inspect %v", file, generateErr, err)
		}
	}
}
