package yields

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestThereIsAPauseBeforeEachAccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := write(t, dir, "a.go", "package p\n\nfunc f() int {\n\tmu.Lock()\n\tdefer mu.Unlock()\n\treturn a.b.Load().c.Load() + x.Add(y.Load())\n}\n")
	b := write(t, dir, "b.go", "package p\n\nfunc g() { h() }\n")
	test := write(t, dir, "a_test.go", "package p\n\nfunc k() { a.Load() }\n")
	files, err := Files(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "package p\n\nfunc f() int {\n\tyielded(mu.Lock)()\n\tdefer mu.Unlock()\n" +
		"\treturn yielded(yielded(a.b.Load)().c.Load)() + yielded(x.Add)(yielded(y.Load)())\n}\n"
	if got := files[a]; got != want {
		t.Errorf("got\n%s", got)
	}
	if got := files[b]; got != "package p\n\nfunc g() { h() }\n" {
		t.Errorf("a file without accesses became\n%s", got)
	}
	if _, changed := files[test]; changed {
		t.Error("a test was changed")
	}
	if got := files[filepath.Join(dir, "yielded.go")]; !strings.HasPrefix(got, "package p\n") {
		t.Errorf("the pause is\n%s", got)
	}
}

func TestAFunctionOfAPackageIsNoAccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := write(t, dir, "a.go", "package p\n\nimport (\n\t\"cmp\"\n\tbits \"math/bits\"\n)\n\nvar n = cmp.Or(x.Load(), bits.Add(1))\n")
	files, err := Files(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := files[a]; !strings.HasSuffix(got, "var n = cmp.Or(yielded(x.Load)(), bits.Add(1))\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestTextsStandInForFiles(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "c.go")
	a, b := write(t, dir, "a.go", "package p\n\nfunc f() { a.Load() }\n"), filepath.Join(dir, "b.go")
	files, err := Files(dir, map[string]string{a: "package p\n\nfunc f() { b.Load() }\n", b: "package p\n\nfunc g() { c.Store(1) }\n", elsewhere: "text"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		a: "package p\n\nfunc f() { yielded(b.Load)() }\n", b: "package p\n\nfunc g() { yielded(c.Store)(1) }\n", elsewhere: "text",
	} {
		if files[name] != want {
			t.Errorf("%s is\n%s", name, files[name])
		}
	}
}

func TestAPackageWithoutSharedStateIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.go", "package p\n\nfunc f() {}\n")
	if _, err := Files(dir, nil); err == nil || !strings.Contains(err.Error(), "no access of shared state") {
		t.Errorf("error %v", err)
	}
	write(t, dir, "b.go", "no code\n")
	if _, err := Files(dir, nil); err == nil || !strings.Contains(err.Error(), "b.go:1") {
		t.Errorf("error %v", err)
	}
}
