package gen

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// folder makes files, and returns a function that lists what there is.
func folder(t *testing.T, files map[string]string) (path func(string) string, list func() []string) {
	t.Helper()
	dir := t.TempDir()
	path = func(name string) string { return filepath.Join(dir, name) }
	for name, text := range files {
		if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path, func() []string {
		var all []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, _ := os.ReadFile(path(e.Name())) // "" for a folder
			all = append(all, e.Name()+": "+string(text))
		}
		return all
	}
}

// A folder is in the place of the last file, which fails when the others are in
// place already.
func TestAFailureInTheMiddlePutsEverythingBack(t *testing.T) {
	t.Parallel()
	for _, undone := range []bool{true, false} {
		path, list := folder(t, map[string]string{"a.go": "old a", "orphan.go": "old orphan"})
		if err := os.MkdirAll(path("c.go/sub"), 0o755); err != nil {
			t.Fatal(err)
		}
		before := list()
		tx := &transaction{old: map[string][]byte{path("a.go"): []byte("old a"), path("orphan.go"): []byte("old orphan")}, staged: map[string]string{}}
		for _, name := range []string{"a.go", "b.go", "c.go"} {
			if err := tx.stage(path(name), []byte("new")); err != nil {
				t.Fatal(err)
			}
		}
		for _, err := range []error{tx.replace(path("a.go")), tx.replace(path("b.go")), tx.remove(path("orphan.go"))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.replace(path("c.go")); err == nil {
			t.Fatal("a file took the place of a folder")
		}
		if err := tx.end(undone); err != nil {
			t.Error(err)
		}
		if same := slices.Equal(list(), before); same != undone {
			t.Errorf("undone %t: %q, before %q", undone, list(), before)
		}
	}
}

func TestASuccessLeavesNothingBeside(t *testing.T) {
	t.Parallel()
	path, list := folder(t, map[string]string{"a.go": "old"})
	tx := &transaction{old: map[string][]byte{path("a.go"): []byte("old")}, staged: map[string]string{}}
	for _, err := range []error{tx.stage(path("a.go"), []byte("new")), tx.replace(path("a.go")), tx.end(false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := list(); !slices.Equal(got, []string{"a.go: new"}) {
		t.Errorf("%q", got)
	}
}

func TestVariantsAreNamedByTheirParts(t *testing.T) {
	t.Parallel()
	for goName, want := range map[string]string{"MinPrice": "min_price", "AfterID": "after_id", "title": "title", "X": "x", "": ""} {
		if got := snake(goName); got != want {
			t.Errorf("%s: %s, want %s", goName, got, want)
		}
	}
}
