package mutants

import (
	"strings"
	"testing"
)

func TestAFileThatIsNoMutantIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	const edit = "-- calc.go old --\n\treturn a + b\n-- calc.go new --\n\treturn a\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "empty:1: the first line must be a sentence"},
		"noSentence":   {"test: TestAdd\n" + edit, ":1: the first line must be a sentence"},
		"noTest":       {"Breaks.\n" + edit, ":1: no test is named"},
		"noTestName":   {"Breaks.\ntest: Add\n" + edit, `:2: "Add" is no test`},
		"wrongHeader":  {"Breaks.\ntest: TestAdd\nmust: fail\n" + edit, `:3: "must: fail" is none of`},
		"wrongFlag":    {"Breaks.\ntest: TestAdd\nflags: -count=2\n" + edit, `:3: "flags: -count=2" is none of`},
		"blank":        {"Breaks.\n\ntest: TestAdd\n" + edit, `:2: "" is none of`},
		"noEdits":      {"Breaks.\ntest: TestAdd\n", ":2: there are no edits"},
		"noNew":        {"Breaks.\ntest: TestAdd\n-- calc.go old --\nx\n", `:4: "-- calc.go new --" must follow`},
		"otherNew":     {"Breaks.\ntest: TestAdd\n-- calc.go old --\nx\n-- dos.go new --\ny\n", `:5: "-- calc.go new --" must follow`},
		"twoOld":       {"Breaks.\ntest: TestAdd\n-- calc.go old --\nx\n-- calc.go old --\ny\n", `:5: "-- calc.go new --" must follow`},
		"noOldLines":   {"Breaks.\ntest: TestAdd\n-- calc.go old --\n-- calc.go new --\nx\n", ":3: there are no old lines"},
		"changesNone":  {"Breaks.\ntest: TestAdd\n-- calc.go old --\nx\n-- calc.go new --\nx\n", ":3: the new lines are the old ones"},
		"outside":      {"Breaks.\ntest: TestAdd\n-- ../../x.go old --\nx\n-- ../../x.go new --\ny\n", ":3: ../../x.go is outside of the repository"},
		"absolute":     {"Breaks.\ntest: TestAdd\n-- /x.go old --\nx\n-- /x.go new --\ny\n", ":3: /x.go is outside of the repository"},
		"testsOutside": {"Breaks.\ntest: ../../x TestAdd\n" + edit, ":2: ../../x is outside of the repository"},
	} {
		_, err := Load(setup(t, map[string]string{name: c.text, "good": "Breaks.\ntest: TestAdd\n" + edit}))
		if err == nil || !strings.Contains(err.Error(), "calc/testdata/mutants/"+name) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckTellsOfEveryFaultThatNeedsNoRun(t *testing.T) {
	t.Parallel()
	set, err := Load(setup(t, map[string]string{
		"good":     subtracts("test: TestParts/of_a_kind", "test: ../other TestOther"),
		"noTest":   subtracts("test: TestNone"),
		"noFolder": subtracts("test: ../none TestNone"),
		"noFit":    "Breaks.\ntest: TestAdd\n-- calc.go old --\nx\n-- calc.go new --\ny\n",
		"noFile":   "Breaks.\ntest: TestAdd\n-- none.go old --\nx\n-- none.go new --\ny\n",
		"exists":   "Breaks.\ntest: TestAdd\n-- calc.go new --\npackage calc\n",
		"onNone":   subtracts("on: none", "test: TestAdd"),
		"onMutant": subtracts("on: good", "test: TestAdd"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	text := set.Check().Error()
	for _, want := range []string{
		"noTest:1: there is no test TestNone in calc", "noFolder:1: there is no test TestNone in none", "noFit:3: the old lines do not occur",
		"noFile:3: cannot read", "exists:3: calc/calc.go exists", "onNone:1: on: there is no file calc/none that must pass", "onMutant:1: on: there is no file calc/good",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if n := strings.Count(text, "\n") - strings.Count(text, "\n\t"); n != 6 || strings.Contains(text, "/good:") {
		t.Errorf("%d faults\n%s", n+1, text)
	}
}
