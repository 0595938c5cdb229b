package gen

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
)

const ours = emit.Header + "\n"

// shelf is a folder with files, of which a set is the one that there should be.
type shelf struct {
	t   *testing.T
	dir string
	set *fileSet
}

func newShelf(t *testing.T, there, wanted map[string]string) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir(), set: &fileSet{content: map[string][]byte{}}}
	s.set.folders = []string{s.dir}
	for name, text := range there {
		if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range wanted {
		s.set.content[s.path(name)] = []byte(text)
	}
	return s
}

func (s *shelf) path(name string) string { return filepath.Join(s.dir, name) }

// are fails the test unless these are the folder's files, to the byte.
func (s *shelf) are(want map[string]string) {
	s.t.Helper()
	got := map[string]string{}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(s.path(e.Name()))
		if err != nil && !e.IsDir() {
			s.t.Fatal(err)
		}
		got[e.Name()] = string(text)
	}
	if !maps.Equal(got, want) {
		s.t.Errorf("files %q, want %q", got, want)
	}
}

// The second file cannot be written, for want of its folder.
func TestNothingChangesBeforeEverythingIsWrittenBeside(t *testing.T) {
	t.Parallel()
	there := map[string]string{"a_gen.go": ours + "// old\n", "orphan_gen.go": ours}
	s := newShelf(t, there, map[string]string{"a_gen.go": ours + "// new\n", "missing/b_gen.go": ours})
	if err := s.set.write(t.Context()); err == nil || !strings.Contains(err.Error(), "write "+s.path("missing/b_gen.go")) {
		t.Fatalf("write: %v", err)
	}
	s.are(there)
}

// saboteur is a context that does something when it is first asked for its error,
// which is when all files are written beside and none is in place.
type saboteur struct {
	context.Context
	do func()
}

func (s saboteur) Err() error {
	s.do()
	return nil
}

// A folder appears in the place of the last file.
func TestAFailureHalfWayIsUndone(t *testing.T) {
	t.Parallel()
	there := map[string]string{"a_gen.go": ours + "// old\n", "orphan_gen.go": ours}
	s := newShelf(t, there, map[string]string{"a_gen.go": ours + "// new\n", "b_gen.go": ours, "c_gen.go": ours})
	err := s.set.write(saboteur{t.Context(), func() {
		if err := os.MkdirAll(s.path("c_gen.go/sub"), 0o755); err != nil {
			t.Fatal(err)
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "write "+s.path("c_gen.go")) {
		t.Fatalf("write: %v", err)
	}
	there["c_gen.go"] = "" // the folder
	s.are(there)
}

func TestWhatNothingGeneratesAnyMoreGoes(t *testing.T) {
	t.Parallel()
	s := newShelf(t, map[string]string{
		"orphan_gen.go": ours, "windows.go": emit.Header + "\r\npackage x\r\n", "orphan.txt": ours,
		"hand_gen.go": "package x\n", "quoting.go": "// " + ours, "later.go": "\n" + ours,
	}, map[string]string{"a_gen.go": ours})
	if err := s.set.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.are(map[string]string{
		"a_gen.go": ours, "orphan.txt": ours, "hand_gen.go": "package x\n", "quoting.go": "// " + ours, "later.go": "\n" + ours,
	})
}

func TestAHandWrittenFileStays(t *testing.T) {
	t.Parallel()
	there := map[string]string{"a_gen.go": "// A license.\n" + ours, "b_gen.go": ours + "// old\n", "c_gen.go": ""}
	s := newShelf(t, there, map[string]string{"a_gen.go": ours, "b_gen.go": ours, "c_gen.go": ours})
	const message = ":1:1: this file was not written by sqlkeel generate and is in the place of one that is: rename it"
	want := s.path("a_gen.go") + message + "\n" + s.path("c_gen.go") + message
	for _, err := range []error{s.set.write(t.Context()), s.set.compare()} {
		if err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
	s.are(there)
}

func TestCheckNamesWhatWriteWouldChange(t *testing.T) {
	t.Parallel()
	there := map[string]string{"same_gen.go": ours, "short_gen.go": ours, "long_gen.go": ours + "// 1\n// 2\n", "orphan_gen.go": ours}
	s := newShelf(t, there, map[string]string{"same_gen.go": ours, "short_gen.go": ours + "// 1\n", "long_gen.go": ours + "// 1\n// 3\n", "new_gen.go": ours})
	err := s.set.compare()
	want := []string{
		s.path("long_gen.go") + ":3:1: this file is stale: run go generate ./...",
		s.path("new_gen.go") + ":1:1: this file is missing: run go generate ./...",
		s.path("short_gen.go") + ":2:1: this file is stale: run go generate ./...",
		s.path("orphan_gen.go") + ":1:1: nothing generates this file any more: run go generate ./...",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Fatalf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
	s.are(there)
	if err := errors.Join(s.set.write(t.Context()), s.set.compare()); err != nil {
		t.Errorf("after write: %v", err)
	}
}
