// Package docs_test compares the documentation with the code. Snippets are parts of
// examples that are compiled and run. What a page says of a statement is what
// inspect says, its errors are what check reports, its links and names exist.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// example is where the snippets come from.
const example = "../examples/shelf"

// pages are the files that are checked.
var pages = []string{
	"adding-a-query.md", "annotations.md", "cache.md", "connections.md", "how-it-knows.md", "moving-an-existing-project.md", "mutants.md", "techniques.md",
	"transactions.md", "you-know.md", "../CONTRIBUTING.md", "../README.md",
}

// sources have the snippets of Go, beside the example.
var sources = []string{"../txn/example_pgxtx_test.go", "../txn/example_test.go", "../db/example_test.go", "../db/example_pool_test.go"}

// block is a fenced block of a page.
type block struct {
	page string
	line int
	info string // what follows the fence
	text string
}

func TestEverySnippetOfSQLIsPartOfTheExample(t *testing.T) {
	t.Parallel()
	source := squeezed(read(t, example+"/schema.sql")) + squeezed(read(t, example+"/query.sql"))
	for _, b := range blocks(t, "sql") {
		if !strings.Contains(source, squeezed(b.text)) {
			t.Errorf("%s:%d: the SQL is in neither schema.sql nor query.sql of the example", b.page, b.line)
		}
	}
}

func TestEverySnippetOfGoIsPartOfTheExample(t *testing.T) {
	t.Parallel()
	source := ""
	for _, f := range sources {
		source += squeezed(read(t, f))
	}
	for _, folder := range []string{example, example + "/shelf"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source += squeezed(read(t, f))
		}
	}
	for _, b := range blocks(t, "go") {
		// The program that README begins with is held by its own example.
		if !strings.HasPrefix(b.text, "func main()") && !strings.Contains(source, squeezed(b.text)) {
			t.Errorf("%s:%d: the Go is in no file of the example", b.page, b.line)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]+))?\)`)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", page, m[1])
			} else if m[2] != "" && !slices.Contains(anchors(read(t, target)), m[2]) {
				t.Errorf("%s: %s has no heading #%s", page, target, m[2])
			}
		}
	}
}

// anchors returns the headings of a page as they are linked to.
func anchors(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if title, ok := strings.CutPrefix(strings.TrimLeft(l, "#"), " "); ok && strings.HasPrefix(l, "#") {
			clean := strings.Map(func(r rune) rune {
				if strings.ContainsRune("`@,.:=", r) {
					return -1
				}
				return r
			}, strings.ToLower(title))
			out = append(out, strings.ReplaceAll(strings.TrimSpace(clean), " ", "-"))
		}
	}
	return out
}

// blocks returns the fenced blocks of all pages with this info.
func blocks(t *testing.T, info string) []block {
	t.Helper()
	var out []block
	for _, page := range pages {
		for _, b := range fenced(page, read(t, page)) {
			if b.info == info {
				out = append(out, b)
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no page has a block of %s", info)
	}
	return out
}

func fenced(page, text string) []block {
	var out []block
	inside := false
	for i, l := range strings.Split(text, "\n") {
		info, fence := strings.CutPrefix(strings.TrimSpace(l), "```")
		switch {
		case fence && inside:
			inside = false
		case fence:
			inside = true
			out = append(out, block{page: page, line: i + 1, info: info})
		case inside:
			out[len(out)-1].text += l + "\n"
		}
	}
	return out
}

// squeezed makes every run of white space one space, for snippets are indented as
// their page needs it.
func squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryPageIsChecked(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		if !slices.Contains(pages, page) {
			t.Errorf("%s is not in the list of pages", page)
		}
	}
}
