package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The same folders are applied by pgtest, and that of goose there by goose itself.
func TestASessionLastsAsItDoesUnderTheTool(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	folders, err := filepath.Glob("../../../../../internal/schemafile/testdata/sessions/*")
	if err != nil || len(folders) == 0 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder, "*.sql"))
		var names []string
		for _, file := range files {
			names = append(names, filepath.Base(file))
		}
		want, err := os.ReadFile(filepath.Join(folder, "want.txt"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Open(t.Context(), b.dsn, names, Options{Strict: true, Base: folder})
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if got := one[string](t, d, "SELECT concat_ws(' ', path, checks, temporary) FROM public.session"); got != strings.TrimSpace(string(want)) {
			t.Errorf("%s: %s, want %s", filepath.Base(folder), got, want)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A catalog query that is planned as expensive is compiled otherwise, at ten times its
// cost.
func TestNothingIsCompiledInAScratchDatabase(t *testing.T) {
	t.Parallel()
	d := newBench(t).open(t, Options{}, "1.sql", "CREATE TABLE a (id int);")
	got := one[string](t, d, "SELECT coalesce(string_agg(s.setconfig::text, ' '), '') FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()")
	if got != "{jit=off}" {
		t.Errorf("the database's settings are %s", got)
	}
}
