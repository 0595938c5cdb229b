package mutants

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestWhatBecomesOfAMutant(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, want string }{
		"fails":        {subtracts("test: TestAdd"), "caught"},
		"failsAll":     {subtracts("test: TestAdd", "test: TestDouble"), "caught"},
		"failsAPart":   {subtracts("test: TestParts/of_a_kind"), "caught"},
		"failsThere":   {subtracts("test: ../other TestOther"), "caught"},
		"failsInside":  {subtracts("test: ../inner TestInner"), "caught"},
		"failsByPanic": {subtracts("test: TestPanics"), "panics"},
		"failsByHang":  {subtracts("test: TestHangs"), "hangs"},
		"twoEdits": {`Adds one to both.
test: TestDouble
-- calc.go old --
func Double(a int) int {
	sum := Add(a, a)
-- calc.go new --
func Double(a int) int {
	sum := Add(a, a) + 1
-- calc.go old --
	return sum / 2
}
-- calc.go new --
	return (sum + 1) / 2
}
`, "caught"},
		"deletes":   {"Deletes.\ntest: TestDouble\n-- calc.go old --\n\treturn sum / 2\n-- calc.go new --\n\treturn 0\n-- calc.go old --\n\tsum := Add(a, 0)\n-- calc.go new --\n", "caught"},
		"dosSource": {"Is two.\ntest: TestDouble\n-- dos.go old --\n\treturn 3\n-- dos.go new --\n\treturn 2", "caught"},
		"dosMutant": {strings.ReplaceAll(subtracts("test: TestAdd"), "\n", "\r\n"), "caught"},
		"yields": {"Calls something before each sum.\nmust: pass\ntest: TestAdd\n-- yield.go new --\npackage calc\n\nvar yields = 0\n\nfunc yield() { yields++ }\n" +
			"-- calc.go old --\n\treturn a + b\n-- calc.go new --\n\tyield()\n\treturn a + b\n", "passes"},
		"onYields": {"Counts too far.\ntest: TestAdd\non: yields\n-- calc.go old --\n\tyield()\n\treturn a + b\n-- calc.go new --\n\tyield()\n\treturn a + b + yields\n", "caught"},
		"pauses": {"Pauses, and is wrong.\ntest: TestAdd\nflags: -yields\n-- calc.go old --\n\treturn a + b\n-- calc.go new --\n\treturn yielded(sum)(a, b) - 1\n" +
			"-- sum.go new --\npackage calc\n\nfunc sum(a, b int) int { return a + b }\n", "caught"},

		"survives":   {subtracts("test: TestPasses"), "calc/testdata/mutants/survives:1: TestPasses passes with it"},
		"oneOfTwo":   {subtracts("test: TestAdd", "test: TestPasses"), "TestPasses passes with it"},
		"otherPart":  {subtracts("test: TestParts/of_another"), "TestParts/of_another passes with it"},
		"skips":      {subtracts("test: TestSkips"), "TestSkips is skipped with it"},
		"noTest":     {subtracts("test: TestNone"), "there is no test TestNone in calc"},
		"noPart":     {subtracts("test: TestParts/none"), "there is no test TestParts/none in calc"},
		"broken":     {subtracts("test: TestBroken"), "TestBroken caught on the code as it is"},
		"noCompile":  {"Is no Go.\ntest: TestAdd\n-- calc.go old --\n\treturn a + b\n-- calc.go new --\n\treturn a +\n", "does not compile with it"},
		"mustPass":   {subtracts("must: pass", "test: TestAdd"), "TestAdd caught with it, and must pass"},
		"doesNotFit": {"Fits nowhere.\ntest: TestAdd\n-- calc.go old --\n\treturn a + c\n-- calc.go new --\n\treturn a\n", "doesNotFit:3: the old lines do not occur: adapt them; the nearest are calc/calc.go:4:\n\t| \treturn a + b"},
		"fitsTwice":  {"Fits twice.\ntest: TestAdd\n-- calc.go old --\n}\n-- calc.go new --\n\n}\n", "the old lines occur 3 times, want once: add a line beside them (calc/calc.go:5, calc/calc.go:10, calc/calc.go:15)"},
	}
	files := map[string]string{}
	for name, c := range cases {
		files[name] = c.text
	}
	set, err := Load(setup(t, files))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	result, err := set.Run(t.Context(), Options{Out: &out, Jobs: 2, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	report := "\n" + out.String()
	bad := 0
	for name, c := range cases {
		if c.want == "caught" || c.want == "passes" || c.want == "panics" || c.want == "hangs" {
			if !regexp.MustCompile(`\n` + c.want + ` +calc/` + name + ` `).MatchString(report) {
				t.Errorf("%s is not reported as %s", name, c.want)
			}
			continue
		}
		bad++
		if !strings.Contains(report, "\nBAD     calc/"+name+" ") || !strings.Contains(report, c.want) {
			t.Errorf("%s: there is no %q", name, c.want)
		}
	}
	if len(result.Bad) != bad || result.Good != len(cases)-bad || len(result.Unreached) != 0 {
		t.Errorf("%d good, %d bad, %d not reached; want %d bad of %d", result.Good, len(result.Bad), len(result.Unreached), bad, len(cases))
	}
	if t.Failed() {
		t.Log(report)
	}
}

func TestTheSeedOrdersAndTheTimeEnds(t *testing.T) {
	t.Parallel()
	files := map[string]string{"yields": subtracts("must: pass", "test: TestPasses")}
	for _, name := range strings.Fields("a b c d e f g h") {
		files[name] = subtracts("test: TestAdd")
	}
	set, err := Load(setup(t, files))
	if err != nil {
		t.Fatal(err)
	}
	order := func(seed uint64) (names string) {
		for _, m := range set.choose(Options{Seed: seed}) {
			names += " " + m.Name
		}
		return names
	}
	if first, again := order(1), order(1); first != again || first == order(2) || !strings.HasPrefix(order(2), " calc/yields") {
		t.Errorf("seed 1: %s; seed 2: %s", order(1), order(2))
	}
	var out bytes.Buffer
	result, err := set.Run(t.Context(), Options{Out: &out, For: time.Nanosecond, Seed: 7})
	if err != nil || len(result.Unreached) != 9 || !strings.Contains(out.String(), "9 not reached; seed 7") || !strings.Contains(out.String(), "not reached: calc/a\n") {
		t.Errorf("%+v, error %v\n%s", result, err, &out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if result, err := set.Run(ctx, Options{}); !errors.Is(err, context.Canceled) || len(result.Bad) != 0 {
		t.Errorf("%+v, error %v", result, err)
	}
	if _, err := set.Run(t.Context(), Options{Match: regexp.MustCompile("^none$")}); err == nil {
		t.Error("none was chosen, and nothing said")
	}
}

// A mutant may stall the server that all tests share.
func TestTestsRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, name := range strings.Fields("a b c d") {
		files[name] = strings.Replace(subtracts("must: pass", "test: TestIsAlone"), "-- calc.go new --\n", "-- calc.go new --\n\t// "+name+"\n", 1)
	}
	root := setup(t, files)
	const alone = `package calc

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestIsAlone(t *testing.T) {
	if err := os.Mkdir("occupied", 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove("occupied")
	for begun := time.Now(); time.Since(begun) < time.Second; { // long enough for another to begin
		runtime.Gosched()
	}
}
`
	if err := os.WriteFile(filepath.Join(root, "calc", "alone_test.go"), []byte(alone), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if result, err := set.Run(t.Context(), Options{Out: &out, Jobs: 4}); err != nil || result.Good != len(files) {
		t.Errorf("%+v, error %v\n%s", result, err, &out)
	}
}

func TestNoFileIsChanged(t *testing.T) {
	t.Parallel()
	root := setup(t, map[string]string{"fails": subtracts("test: TestAdd")})
	set, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := set.Run(t.Context(), Options{Match: regexp.MustCompile("^calc/fails$")}); err != nil || result.Good != 1 {
		t.Errorf("%+v, error %v", result, err)
	}
	for name, want := range tiny {
		if got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name))); err != nil || string(got) != want {
			t.Errorf("%s is now %q, error %v", name, got, err)
		}
	}
	files := 1 // testdata
	for name := range tiny {
		if strings.HasPrefix(name, "calc/") {
			files++
		}
	}
	if list, err := os.ReadDir(filepath.Join(root, "calc")); err != nil || len(list) != files {
		t.Errorf("the package has %v, error %v", list, err)
	}
}
