package sqlkeel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// banned are the words that docs, comments and messages do without, each with
// what to write instead. There are no exceptions.
var banned = []struct {
	words   *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(some|no)body\b`), "caller, session, process, no caller"},
	{regexp.MustCompile(`(?i)\bwho(m|ever|mever)\b`), "the caller that, for which"},
	{regexp.MustCompile(`(?:^|[.;:(,] |\b(?:and|but|or|of|that) )[Ww]ho (?:\w+ )+[^?]*?[.,;:]`), "the noun that acts"},
	{regexp.MustCompile(`(?i)\w,? save (for|the|that|what|those|where|when|by|in|an?|as|is|on|its)\b`), "except"},
	{regexp.MustCompile(`(?i)\bto be had\b`), "available"},
	{regexp.MustCompile(`(?i)\bhears? of\b`), "is notified of, receives"},
	{regexp.MustCompile(`(?i)\b(is|are|be|was|were|been) told\b`), "gets, receives, reports"},
	{regexp.MustCompile(`(?i)\b(is|are|be|was|were|been) lent\b`), "is in use, is checked out"},
	{regexp.MustCompile(`(?i)\bfor certain\b`), "nothing, or the reason"},
	{regexp.MustCompile(`(?i)\bin whatever\b`), "in any"},
}

// ban returns the first banned words of a text and what to write instead.
func ban(text string) (words, instead string) {
	for _, b := range banned {
		if found := b.words.FindString(text); found != "" {
			return strings.TrimSpace(found), b.instead
		}
	}
	return "", ""
}

func TestDocsCommentsAndMessagesAreInPlainWords(t *testing.T) {
	t.Parallel()
	for _, p := range prose(t, ".") {
		if words, instead := ban(p.text); words != "" {
			t.Errorf("%s:%d: %q; write: %s", p.file, p.line, words, instead)
		}
	}
}

func TestABannedWordIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"left to somebody else", "Nobody waits", "the caller whom it serves", "whoever comes", "Who loses goes first.",
		"all of them, save those that it made", "when a lock was not to be had", "The observer hears of it", "the caller is told so",
		"while it is lent", "was ended for certain", "in whatever order",
	} {
		if words, _ := ban(text); words == "" {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{"Who loses?", "save it", "the caller who waits", "what it told the session"} {
		if words, _ := ban(text); words != "" {
			t.Errorf("%q is refused for %q", text, words)
		}
	}
}

// A passage is a paragraph of a comment, a page or a message, in one line.
type passage struct {
	file string
	line int
	text string
}

// generated is how a file begins that a program wrote.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// prose returns what people read in the files below root: the comments of Go, the
// strings of shipped code, Markdown, and the comments of SQL and scripts.
func prose(t *testing.T, root string) []passage {
	t.Helper()
	var all []passage
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir() || path == "words_test.go": // this file has the words
			return nil
		}
		switch ext := filepath.Ext(path); {
		case ext == ".go":
			return inGo(path, &all)
		case ext == ".md", ext == ".sql", ext == ".sh", ext == ".yml", ext == ".yaml", d.Name() == "Makefile", filepath.Dir(path) == ".ci":
			text, err := os.ReadFile(path)
			paragraphs(path, 1, string(text), &all)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5_000 {
		t.Fatalf("only %d passages were found", len(all))
	}
	return all
}

// inGo adds the comments of a file, and its strings of several words unless it is
// a test.
func inGo(path string, all *[]passage) error {
	source, err := os.ReadFile(path)
	if err != nil || generated.Match(source) {
		return err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return err
	}
	line := func(n ast.Node) int { return files.Position(n.Pos()).Line }
	for _, c := range file.Comments {
		paragraphs(path, line(c), c.Text(), all)
	}
	if strings.HasSuffix(path, "_test.go") {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, " ") {
				paragraphs(path, line(lit), text, all)
			}
		}
		return true
	})
	return nil
}

// paragraphs adds what stands between empty lines.
func paragraphs(path string, line int, text string, all *[]passage) {
	for _, p := range strings.Split(text, "\n\n") {
		*all = append(*all, passage{path, line, strings.Join(strings.Fields(p), " ")})
		line += strings.Count(p, "\n") + 2
	}
}
