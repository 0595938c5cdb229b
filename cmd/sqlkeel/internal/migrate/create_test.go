package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCreateGivesTheNextVersionAndACleanName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tc := range []struct {
		name, want string
		version    int64
	}{
		{"Add books", "00001_add_books.sql", 1},
		{"  add--ISBN (13)! ", "00002_add_isbn_13.sql", 2},
		{"../../etc/passwd", "00003_etc_passwd.sql", 3},
	} {
		got, err := Create(dir, tc.name)
		if err != nil || got.Version != tc.version || got.File != filepath.Join(dir, tc.want) {
			t.Fatalf("Create(%q) = %+v, %v", tc.name, got, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "00001_add_books.sql"))
	if err != nil || string(data) != "-- +goose Up\n\n-- +goose Down\n" {
		t.Errorf("%q, %v", data, err)
	}
	problems, err := Validate(os.DirFS(dir), dir)
	if err != nil || len(problems) != 3 || !strings.Contains(problems[0].Message, "no statement after") {
		t.Errorf("an empty migration is valid: %v, %v", problems, err)
	}
}

func TestCreateRefusesAnEmptyNameAndAMissingDirectory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", " ", "---", "\u00e9"} {
		if _, err := Create(t.TempDir(), name); err == nil || !strings.Contains(err.Error(), "has no letter or digit") {
			t.Errorf("Create(%q) = %v", name, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "gone")
	if _, err := Create(dir, "x"); err == nil || !strings.Contains(err.Error(), "read migrations directory "+dir) {
		t.Errorf("Create = %v", err)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// A directory of that name is no migration, but it is in the way.
	if err := os.Mkdir(filepath.Join(dir, "00001_a.sql"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, "a"); err == nil || !strings.HasPrefix(err.Error(), "create migration: ") {
		t.Errorf("Create = %v", err)
	}
}

func TestNextVersionFollowsTheLastWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, tc := range []struct{ last, want int64 }{
		{0, 1}, {41, 42}, {20250101000000, 20260102020405}, {20270101000000, 20270101000001},
	} {
		if got := nextVersion(tc.last, now); got != tc.want {
			t.Errorf("nextVersion(%d) = %d, want %d", tc.last, got, tc.want)
		}
	}
}
