package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tiny is a module of two packages, whose tests see most faults of Add, and a module
// inside of it.
var tiny = map[string]string{
	"go.mod": "module example.org/tiny\n\ngo 1.25\n",
	"calc/calc.go": `package calc

func Add(a, b int) int {
	return a + b
}

func Double(a int) int {
	sum := Add(a, a)
	return sum
}

func Half(a int) int {
	sum := Add(a, 0)
	return sum / 2
}`, // whose last line has no end
	"calc/count.go": "package calc\n\nimport \"sync/atomic\"\n\nvar count atomic.Int64\n\nfunc Count() { count.Add(1) }\n",
	"calc/dos.go":   "package calc\r\n\r\nfunc Three() int {\r\n\treturn 3\r\n}\r\n",
	"calc/calc_test.go": `package calc

import "testing"

var wrong = Add(1, 1) != 2

func TestAdd(t *testing.T) {
	if wrong {
		t.Error("wrong")
	}
}

func TestDouble(t *testing.T) {
	if Double(4) != 8 || Half(4) != 2 || Three() != 3 {
		t.Error("wrong")
	}
}

func TestParts(t *testing.T) {
	t.Run("of a kind", func(t *testing.T) {
		if wrong {
			t.Error("wrong")
		}
	})
	t.Run("of another", func(*testing.T) {})
}

func TestPasses(*testing.T) {}

func TestBroken(t *testing.T) { t.Error("always") }

func TestSkips(t *testing.T) {
	if wrong {
		t.Skip("not now")
	}
}

func TestHangs(*testing.T) {
	if wrong {
		select {}
	}
}

func TestPanics(*testing.T) {
	if wrong {
		panic("wrong")
	}
}
`,
	"inner/go.mod": "module example.org/tiny/inner\n\ngo 1.25\n\nrequire example.org/tiny v0.0.0\n\nreplace example.org/tiny => ..\n",
	"inner/inner_test.go": `package inner

import (
	"testing"

	"example.org/tiny/calc"
)

func TestInner(t *testing.T) {
	if calc.Add(1, 1) != 2 {
		t.Error("wrong")
	}
}
`,
	"other/other_test.go": `package other

import (
	"testing"

	"example.org/tiny/calc"
)

func TestOther(t *testing.T) {
	if calc.Add(1, 1) != 2 {
		t.Error("wrong")
	}
}
`,
}

// setup writes the module with these mutants of the package calc.
func setup(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range tiny {
		write(name, text)
	}
	for name, text := range files {
		write("calc/"+folder+"/"+name, text)
	}
	return root
}

// subtracts is a mutant of Add with these header lines.
func subtracts(header ...string) string {
	return "Subtracts.\n" + strings.Join(header, "\n") + "\n-- calc.go old --\n\treturn a + b\n-- calc.go new --\n\treturn a - b\n"
}
