package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const techniques = "techniques.md"

var (
	row      = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	examples = regexp.MustCompile("\\[([^]]*`Example[^]]*)\\]\\(([^)]+)\\)")
	named    = regexp.MustCompile("`(Example\\w*)`")
	quoted   = regexp.MustCompile(`"([^"]+)"`)
	partLine = regexp.MustCompile(`(?m)^\t\t\{"([^"]+)", \w+\},$`)
	output   = regexp.MustCompile(`(?m)^\t// Output:`)
)

// rows returns the lines of the first table, without its heading.
func rows(t *testing.T) [][]string {
	t.Helper()
	found := row.FindAllStringSubmatch(read(t, techniques), -1)
	if len(found) < 12 {
		t.Fatalf("the table has only %d rows", len(found))
	}
	return found[1:]
}

func TestEveryTechniqueNamesAnExampleAndAPartOfTheDemo(t *testing.T) {
	t.Parallel()
	parts := partLine.FindAllStringSubmatch(read(t, "../internal/demo/demo.go"), -1)
	shown := map[string]bool{}
	for _, r := range rows(t) {
		if !examples.MatchString(r[2]) {
			t.Errorf("%s: no example", r[1])
		}
		title := quoted.FindStringSubmatch(r[3])
		if title == nil || !slices.ContainsFunc(parts, func(p []string) bool { return p[1] == title[1] }) {
			t.Errorf("%s: the demo has no part %s", r[1], r[3])
			continue
		}
		shown[title[1]] = true
	}
	for _, p := range parts {
		if !shown[p[1]] {
			t.Errorf("no technique names the part %q of the demo", p[1])
		}
	}
}

// An example without expected output is compiled and not run. That will do only for
// one that shows how a test is written.
func TestEveryExampleThatAPageNamesIsRun(t *testing.T) {
	t.Parallel()
	for _, page := range pages {
		for _, link := range examples.FindAllStringSubmatch(read(t, page), -1) {
			source := read(t, filepath.Join(filepath.Dir(page), link[2]))
			for _, name := range named.FindAllStringSubmatch(link[1], -1) {
				_, body, found := strings.Cut(source, "\nfunc "+name[1]+"() {\n")
				body, _, _ = strings.Cut(body, "\n}\n")
				if aTest := strings.Contains("\n"+body, "\n\t_ = func(t *testing.T) {\n"); !found || !aTest && !output.MatchString(body) {
					t.Errorf("%s: %s has no example %s that is run", page, link[2], name[1])
				}
			}
		}
	}
}
