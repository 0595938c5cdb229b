//go:build unix

package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeBinaries makes a directory with files that look like a server's binaries.
func fakeBinaries(t *testing.T, dir string, mode os.FileMode, names ...string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBinariesAreLookedForInOrder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first := fakeBinaries(t, filepath.Join(root, "first"), 0o755, "initdb", "postgres")
	second := fakeBinaries(t, filepath.Join(root, "second"), 0o755, "initdb", "postgres")
	half := fakeBinaries(t, filepath.Join(root, "half"), 0o755, "initdb")
	locked := fakeBinaries(t, filepath.Join(root, "locked"), 0o644, "initdb", "postgres")
	for _, v := range []string{"9", "14", "18"} {
		fakeBinaries(t, filepath.Join(root, "versions", v, "bin"), 0o755, "initdb", "postgres")
	}
	places := []string{filepath.Join(root, "nothing", "*"), "versions/*/bin"}
	places[1] = filepath.Join(root, places[1])
	list := func(dirs ...string) string { return strings.Join(dirs, string(os.PathListSeparator)) }

	for name, c := range map[string]struct {
		env  env
		want string
	}{
		"SQLKEEL_PG_BIN before PATH":         {env{"SQLKEEL_PG_BIN": second, "PATH": first}, second},
		"the first of the PATH":              {env{"PATH": list(first, second)}, first},
		"past what is incomplete or locked":  {env{"PATH": list(half, locked, second)}, second},
		"relative parts of PATH are ignored": {env{"PATH": list(".", "", second)}, second},
		"the newest of a place":              {env{"PATH": half}, filepath.Join(root, "versions", "18", "bin")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := findBinaries(c.env.get, places)
			if err != nil || got != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestASetDirectoryWithoutBinariesIsNotPassedOver(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	good := fakeBinaries(t, filepath.Join(root, "good"), 0o755, "initdb", "postgres")
	half := fakeBinaries(t, filepath.Join(root, "half"), 0o755, "initdb")
	locked := fakeBinaries(t, filepath.Join(root, "locked"), 0o644, "initdb", "postgres")
	for dir, want := range map[string]string{half: "postgres", locked: "executable", filepath.Join(root, "none"): "initdb"} {
		_, err := findBinaries(env{"SQLKEEL_PG_BIN": dir, "PATH": good}.get, nil)
		wantInError(t, err, "SQLKEEL_PG_BIN: ", want)
	}
}

func TestNoBinariesIsAnErrorThatSaysWhereWeLooked(t *testing.T) {
	t.Parallel()
	_, err := findBinaries(env{}.get, []string{filepath.Join(t.TempDir(), "*")})
	wantInError(t, err, "SQLKEEL_PG_BIN", "PATH")
	if _, err := findBinaries(env{}.get, []string{"["}); err == nil {
		t.Error("a malformed pattern is no error")
	}
}

func TestThePlacesOfPackagesAreAbsolutePatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range binaryPlaces() {
		if _, err := filepath.Match(pattern, ""); err != nil || !filepath.IsAbs(pattern) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
