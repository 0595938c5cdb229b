package gen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// fileSet is the files that there should be.
type fileSet struct {
	folders []string          // of the packages
	content map[string][]byte // by path
}

// state is what is on disk: for each file that there should be, what it contains
// now (nil when it is missing), and the files written here that should not be.
type state struct {
	old     map[string][]byte
	orphans []string
}

// look reads the disk. A file from elsewhere in the place of one of ours is a
// problem.
func (f *fileSet) look() (*state, error) {
	s := &state{old: map[string][]byte{}}
	var problems Problems
	for _, path := range slices.Sorted(maps.Keys(f.content)) {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read what was generated before: %w", err)
		}
		if err == nil && !isOurs(text) {
			problems = append(problems, fileProblem(path, "this file was not written by sqlkeel generate and is in the place of one that is: rename it"))
		}
		if err == nil {
			s.old[path] = text
		}
	}
	for _, folder := range f.folders {
		if err := f.lookForOrphans(s, folder); err != nil {
			return nil, err
		}
	}
	return s, problems.err()
}

func (f *fileSet) lookForOrphans(s *state, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if !e.Type().IsRegular() || filepath.Ext(path) != ".go" || f.content[path] != nil {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("look for orphans: %w", err)
		}
		if isOurs(text) && !slices.Contains(s.orphans, path) {
			s.orphans = append(s.orphans, path)
			s.old[path] = text
		}
	}
	return nil
}

// remedy ends what compare says of a file.
const remedy = "run go generate ./..."

// compare lists the files that are not as they should be.
func (f *fileSet) compare() error {
	s, err := f.look()
	if err != nil {
		return err
	}
	var problems Problems
	for _, path := range slices.Sorted(maps.Keys(f.content)) {
		switch old, exists := s.old[path]; {
		case !exists:
			problems = append(problems, fileProblem(path, "this file is missing: "+remedy))
		case !sameFacts(old, f.content[path]):
			problems = append(problems, staleProblem(path, old, f.content[path]))
		}
	}
	for _, path := range s.orphans {
		problems = append(problems, fileProblem(path, "nothing generates this file any more: "+remedy))
	}
	return problems.err()
}

func fileProblem(path, message string) *project.Problem {
	return &project.Problem{Pos: project.Position{File: path, Line: 1, Column: 1}, Message: message}
}

func staleProblem(path string, old, now []byte) *project.Problem {
	with := ""
	_, before := cutServer(old)
	_, checked := cutServer(now)
	if before != "" && before != checked {
		with = " (generated with PostgreSQL " + before + ", checked with " + checked + ")"
		old = bytes.Replace(old, []byte(emit.Server+before), []byte(emit.Server+checked), 1)
	}
	problem := fileProblem(path, "this file is stale"+with+": "+remedy)
	problem.Pos.Line = firstDifference(old, now)
	return problem
}

// sameFacts reports whether two files differ in nothing but the servers that they
// were generated with: whichever says so, the facts are the same.
func sameFacts(a, b []byte) bool {
	x, withX := cutServer(a)
	y, withY := cutServer(b)
	if withX == "" || withY == "" {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x, y)
}

// cutServer returns a file without its second line, and the version of PostgreSQL
// that stands there; the whole file and "" when none does.
func cutServer(text []byte) (rest []byte, version string) {
	first, below, _ := bytes.Cut(text, []byte("\n"))
	line, below, _ := bytes.Cut(below, []byte("\n"))
	number, found := bytes.CutPrefix(line, []byte(emit.Server))
	if !found {
		return text, ""
	}
	return slices.Concat(first, []byte("\n"), below), string(number)
}

// firstDifference returns the number of the first line that differs.
func firstDifference(a, b []byte) int {
	line := 1
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return line
		}
		if a[i] == '\n' {
			line++
		}
	}
	return line
}

// write puts the files in place, all or none: new content is written beside first,
// and when a file cannot be put in its place those before it are put back.
func (f *fileSet) write(ctx context.Context) (err error) {
	s, err := f.look()
	if err != nil {
		return err
	}
	t := &transaction{old: s.old, staged: map[string]string{}}
	defer func() { err = errors.Join(err, t.end(err != nil)) }()
	paths := slices.Sorted(maps.Keys(f.content))
	paths = slices.DeleteFunc(paths, func(path string) bool { return sameFacts(s.old[path], f.content[path]) })
	for _, path := range paths {
		if err := t.stage(path, f.content[path]); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, path := range paths {
		if err := t.replace(path); err != nil {
			return err
		}
	}
	for _, path := range s.orphans {
		if err := t.remove(path); err != nil {
			return err
		}
	}
	return nil
}
