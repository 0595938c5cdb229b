//go:build unix

package pgserver

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyRootLendsAServerAnotherUser(t *testing.T) {
	t.Parallel()
	if a, err := pickAccount(1000); a != nil || err != nil {
		t.Errorf("as user 1000: %v, %v; want none", a, err)
	}
	a, err := pickAccount(0)
	if err != nil {
		t.Fatalf("every Unix has a user nobody: %v", err)
	}
	if a.uid == 0 || a.name == "" {
		t.Errorf("as root: %+v", a)
	}
}

func TestADirectoryBehindAClosedOneIsNotOpenToAll(t *testing.T) {
	t.Parallel()
	inner := filepath.Join(t.TempDir(), "closed", "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(inner), 0o700); err != nil {
		t.Fatal(err)
	}
	if openToAll(inner) {
		t.Error("a directory behind one of mode 0700 is said to be open")
	}
	if openToAll(filepath.Join(inner, "missing")) {
		t.Error("a directory that does not exist is said to be open")
	}
	if !openToAll("/") {
		t.Error("/ is said to be closed")
	}
}

func TestAHomeIsMadeInTheFirstPlaceThatWorks(t *testing.T) {
	t.Parallel()
	var self *account
	good := t.TempDir()
	home, err := self.makeHome(filepath.Join(good, "missing"), good)
	if err != nil || filepath.Dir(home) != good {
		t.Errorf("home %s, %v; want one in %s", home, err, good)
	}
	if _, err := self.makeHome(filepath.Join(good, "missing")); err == nil {
		t.Error("no place works, and no error")
	}
}

func TestAHomeForAnotherUserIsNotMadeWhereThatUserCannotGo(t *testing.T) {
	t.Parallel()
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := (&account{name: "postgres", uid: os.Getuid(), gid: os.Getgid()}).makeHome(closed)
	wantInError(t, err, "user postgres cannot enter "+closed)
}
