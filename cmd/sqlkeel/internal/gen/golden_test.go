package gen_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// archive is a txtar file: a comment, and files by their names.
type archive struct {
	comment string
	files   map[string]string
}

var marker = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func readArchive(t *testing.T, path string) archive {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := archive{files: map[string]string{}}
	places := marker.FindAllStringSubmatchIndex(string(text), -1)
	a.comment = string(text[:places[0][0]])
	for i, p := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		a.files[string(text[p[2]:p[3]])] = string(text[p[1]:end])
	}
	return a
}

// String writes the archive with what is wanted at its end.
func (a archive) String() string {
	var b strings.Builder
	b.WriteString(a.comment)
	names := slices.SortedFunc(maps.Keys(a.files), func(x, y string) int {
		return strings.Compare(order(x), order(y))
	})
	for _, name := range names {
		fmt.Fprintf(&b, "-- %s --\n%s", name, a.files[name])
	}
	return b.String()
}

func order(name string) string {
	if strings.HasPrefix(name, "want/") {
		return "\xff" + name
	}
	return name
}

// extract writes the archive's files, but those that are wanted, below dir.
func (a archive) extract(t *testing.T, dir string) {
	t.Helper()
	for name, text := range a.files {
		if !strings.HasPrefix(name, "want/") {
			put(t, filepath.Join(dir, name), text)
		}
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serverLine names the server. The goldens are the same for all of them.
var serverLine = regexp.MustCompile(`(?m)^// PostgreSQL \d+$`)

// outcome is what Generate made of the archive below dir: new files, problems and
// notes, under the names that they have in the archive.
func outcome(t *testing.T, a archive, dir string) map[string]string {
	t.Helper()
	notes, err := gen.Generate(t.Context(), options(t, dir))
	got := map[string]string{}
	if len(notes) > 0 {
		got["want/notes"] = strings.ReplaceAll(notes.Error(), dir+"/", "") + "\n"
	}
	var problems gen.Problems
	if err != nil && !errors.As(err, &problems) {
		t.Fatal(err)
	}
	if err != nil {
		got["want/problems"] = strings.ReplaceAll(problems.Error(), dir+"/", "") + "\n"
	}
	for name, text := range tree(t, dir) {
		if _, given := a.files[name]; !given {
			got["want/"+name] = serverLine.ReplaceAllString(text, "// PostgreSQL 15")
		}
	}
	return got
}

func options(t *testing.T, dir string) gen.Options {
	t.Helper()
	return gen.Options{Config: filepath.Join(dir, "sqlc.yaml"), DSN: pgtest.New(t).DSN()}
}

// tree reads all files below dir.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsGeneratedIsAsRecorded(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, dir := readArchive(t, path), t.TempDir()
			a.extract(t, dir)
			got := outcome(t, a, dir)
			if *update {
				maps.DeleteFunc(a.files, func(name, _ string) bool { return strings.HasPrefix(name, "want/") })
				maps.Copy(a.files, got)
				put(t, path, a.String())
				return
			}
			compareWanted(t, a, got)
		})
	}
}

func compareWanted(t *testing.T, a archive, got map[string]string) {
	t.Helper()
	for name, text := range got {
		if want, ok := a.files[name]; !ok || want != text {
			t.Errorf("%s: got\n%swant\n%s(-update writes it anew)", name, text, want)
		}
	}
	for name := range a.files {
		if _, ok := got[name]; !ok && strings.HasPrefix(name, "want/") {
			t.Errorf("%s was not made", name)
		}
	}
}
