package mutants

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// folder is where the files of a package are.
const folder = "testdata/mutants"

// Mutant is one file.
type Mutant struct {
	Name     string // "txn/leaksResults": the package's folder and the file's name
	Sentence string
	Tests    []Test
	MustPass bool
	On       string // the Name of the file whose edits are made first, or ""
	Race     bool
	Yields   bool // the package pauses before each access of shared state, see internal/yields

	file  string // from the root, with slashes
	dir   string // of the package, likewise
	edits []edit
}

// Test is a test that a mutant names.
type Test struct {
	Dir  string // of its package, from the root, with slashes
	Name string // "TestX" or "TestX/part"
}

// edit replaces lines of a file.
type edit struct {
	line     int    // of the mutant's file, at which the edit begins
	file     string // from the root, with slashes
	old, new []string
	adds     bool // the file, which does not exist
}

// sourceError is a fault of a mutant's file, with its place and the remedy.
type sourceError struct {
	file string
	line int
	text string
}

func (e *sourceError) Error() string { return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.text) }

// parse reads the file, whose path is from root. The error is a sourceError for
// the first fault, or that of reading.
func parse(root, file string) (*Mutant, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	dir := path.Clean(strings.TrimSuffix(path.Dir(file), folder))
	p := source{lines: lines(string(text)), m: &Mutant{Name: path.Join(dir, path.Base(file)), file: file, dir: dir}}
	if err := p.header(); err != nil {
		return nil, err
	}
	return p.m, p.edits()
}

// lines splits a text into lines without their ends. The last may lack its end.
func lines(text string) []string {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return strings.Split(text, "\n")
}

type source struct {
	m     *Mutant
	lines []string
	at    int // the next line, from 0
}

func (p *source) fail(line int, format string, args ...any) error {
	return &sourceError{p.m.file, line, fmt.Sprintf(format, args...)}
}

var marker = regexp.MustCompile(`^-- (\S+) (old|new) --$`)

func (p *source) header() error {
	p.m.Sentence = p.lines[0]
	if p.m.Sentence == "" || marker.MatchString(p.m.Sentence) || field(p.m.Sentence) {
		return p.fail(1, "the first line must be a sentence: what the mutant breaks")
	}
	for p.at = 1; p.at < len(p.lines) && !marker.MatchString(p.lines[p.at]); p.at++ {
		key, value, _ := strings.Cut(p.lines[p.at], ": ")
		if err := p.set(key, strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	if len(p.m.Tests) == 0 {
		return p.fail(p.at, "no test is named: add a line \"test: TestName\"")
	}
	return nil
}

// field reports whether the line is one of the header's.
func field(line string) bool {
	key, _, ok := strings.Cut(line, ": ")
	return ok && (key == "test" || key == "must" || key == "on" || key == "flags")
}

func (p *source) set(key, value string) error {
	line := p.at + 1
	switch {
	case key == "test":
		dir, name, other := strings.Cut(value, " ")
		if !other {
			dir, name = ".", value
		}
		if !regexp.MustCompile(`^Test[^\s/]*(/\S+)?$`).MatchString(name) {
			return p.fail(line, "%q is no test: write \"test: TestName\", \"test: TestName/part\" or \"test: ../folder TestName\"", value)
		}
		in, err := p.inside(line, dir)
		p.m.Tests = append(p.m.Tests, Test{in, name})
		return err
	case key == "must" && value == "pass":
		p.m.MustPass = true
	case key == "on" && value != "":
		p.m.On = path.Join(p.m.dir, value)
	case key == "flags" && value == "-race":
		p.m.Race = true
	case key == "flags" && value == "-yields":
		p.m.Yields = true
	default:
		return p.fail(line, "%q is none of \"test: NAME\", \"must: pass\", \"on: NAME\", \"flags: -race\", \"flags: -yields\" and \"-- FILE old --\"", p.lines[p.at])
	}
	return nil
}

// inside is a path of the mutant's file, from the root.
func (p *source) inside(line int, name string) (string, error) {
	in := path.Join(p.m.dir, name)
	if path.IsAbs(name) || in == ".." || strings.HasPrefix(in, "../") {
		return in, p.fail(line, "%s is outside of the repository: paths are relative to %s", name, p.m.dir)
	}
	return in, nil
}

func (p *source) edits() error {
	for p.at < len(p.lines) {
		e := edit{line: p.at + 1}
		name, part, body := p.section()
		var err error
		if e.file, err = p.inside(e.line, name); err != nil {
			return err
		}
		if e.adds = part == "new"; e.adds {
			e.new = body
		} else {
			e.old = body
			line := min(p.at+1, len(p.lines))
			name2, part2, body2 := p.section()
			if part2 != "new" || name2 != name {
				return p.fail(line, "\"-- %s new --\" must follow the old lines", name)
			}
			e.new = body2
		}
		switch {
		case !e.adds && len(e.old) == 0:
			return p.fail(e.line, "there are no old lines: name those to replace")
		case !e.adds && strings.Join(e.old, "\n") == strings.Join(e.new, "\n"):
			return p.fail(e.line, "the new lines are the old ones: the mutant changes nothing")
		}
		p.m.edits = append(p.m.edits, e)
	}
	if len(p.m.edits) == 0 {
		return p.fail(len(p.lines), "there are no edits: add \"-- FILE old --\" and \"-- FILE new --\" with their lines")
	}
	return nil
}

// section reads a marker and the lines up to the next.
func (p *source) section() (file, part string, body []string) {
	if p.at >= len(p.lines) {
		return "", "", nil
	}
	m := marker.FindStringSubmatch(p.lines[p.at])
	begin := p.at + 1
	for p.at = begin; p.at < len(p.lines) && !marker.MatchString(p.lines[p.at]); {
		p.at++
	}
	return m[1], m[2], p.lines[begin:p.at]
}
