package page

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATableHasItsTextAtTheLeft(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	Table(&b, []string{"Name", "Value", "Other"}, [][]string{{"a", "1", "2"}, {"b", "3", "4"}})
	want := "| Name | Value | Other |\n|---|--:|--:|\n| a | 1 | 2 |\n| b | 3 | 4 |\n"
	if b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
}

func TestFilesAreWrittenInTheirFolders(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	if err := Write(folder, map[string]func(io.Writer) error{"a.md": text("page"), "charts/b.svg": text("chart")}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.md": "page", "charts/b.svg": "chart"} {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	broken := errors.New("broken")
	if err := Write(folder, map[string]func(io.Writer) error{"c.md": func(io.Writer) error { return broken }}); !errors.Is(err, broken) {
		t.Error(err)
	}
}
