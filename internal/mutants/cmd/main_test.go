package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// setup writes a module with one mutant.
func setup(t *testing.T, header string) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "testdata", "mutants"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod":                  "module example.org/tiny\n\ngo 1.25\n",
		"one.go":                  "package tiny\n\nfunc one() int {\n\treturn 1\n}\n",
		"one_test.go":             "package tiny\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif one() != 1 {\n\t\tt.Fail()\n\t}\n}\n\nfunc TestAnything(*testing.T) {}\n",
		"testdata/mutants/isNone": "Is none.\n" + header + "\n-- one.go old --\n\treturn 1\n-- one.go new --\n\treturn 0\n",
	} {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTheCommandFailsWhenAMutantIsBad(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"test: TestOne":      "1 tried, 1 good, 0 bad, 0 not reached; seed 3",
		"test: TestAnything": "1 tried, 0 good, 1 bad, 0 not reached; seed 3",
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"-root", setup(t, header), "-seed", "3"}, &out)
		if (err == nil) != strings.Contains(want, "0 bad") || !strings.Contains(out.String(), want) {
			t.Errorf("%s: error %v\n%s", header, err, &out)
		}
	}
}

func TestWhatIsNoRunIsRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"missing closing )":      {"-run", "("},
		"no name matches":        {"-root", setup(t, "test: TestOne"), "-run", "^other$"},
		"isNone:2: \"\" is none": {"-root", setup(t, "")},
	} {
		if err := run(t.Context(), args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
