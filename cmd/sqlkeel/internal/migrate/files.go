package migrate

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// fileSet is a directory of migrations, ordered by version.
type fileSet struct {
	dir      string
	scripts  []*script
	problems []Problem // of the names and of every file, in order
	misnamed bool      // an error is in the names: goose would refuse all files
}

// Validate reads every migration in the root of fsys and returns all that is
// wrong with them, ordered by place: errors, which goose would stumble over or
// misread, and warnings. dir is the directory's name in the result. It needs no
// database and so cannot know whether the SQL is right; variables of ENVSUB are
// taken from the environment. The error says that the files could not be read.
func Validate(fsys fs.FS, dir string) ([]Problem, error) {
	set, err := load(fsys, dir)
	if err != nil {
		return nil, err
	}
	return set.problems, nil
}

func load(fsys fs.FS, dir string) (*fileSet, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read migrations directory %s: %w", dir, err)
	}
	set := &fileSet{dir: dir}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		s := set.named(entry.Name())
		if s == nil {
			continue
		}
		data, err := fs.ReadFile(fsys, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", s.path, err)
		}
		if path.Ext(s.name) == ".go" {
			s.report(1, 1, "Go migrations are not supported; write SQL")
		} else {
			s.parse(data)
		}
		set.scripts = append(set.scripts, s)
	}
	slices.SortStableFunc(set.scripts, func(a, b *script) int { return cmp.Compare(a.version, b.version) })
	set.checkSequence()
	set.checkFormat()
	var found []Problem
	for _, s := range set.scripts {
		found = append(found, s.problems...)
	}
	set.problems = append(found, set.problems...)
	sortProblems(set.problems)
	return set, nil
}

// named returns the script for a file name, or nil when it is none of ours or
// has no version; the latter is reported.
func (set *fileSet) named(name string) *script {
	ext := path.Ext(name)
	prefix, _, separated := strings.Cut(strings.TrimSuffix(name, ext), "_")
	version, err := strconv.ParseInt(prefix, 10, 64)
	versioned := separated && err == nil && version > 0
	switch {
	case ext == ".go" && versioned && !strings.HasSuffix(name, "_test.go"):
		return &script{version: version, name: name, path: path.Join(set.dir, name)}
	case !strings.EqualFold(ext, ".sql"):
	case ext != ".sql":
		set.report(name, Error, "the name must end in .sql, in lower case")
	case !versioned:
		set.report(name, Error, "no version in the name; it must look like 00001_name.sql, with a version from 1")
	default:
		return &script{version: version, name: name, path: path.Join(set.dir, name)}
	}
	return nil
}

func (set *fileSet) report(name string, severity Severity, message string) {
	set.misnamed = set.misnamed || severity == Error
	set.problems = append(set.problems, Problem{File: path.Join(set.dir, name), Line: 1, Col: 1, Severity: severity, Message: message})
}

// timestampVersion is the least version that is read as a time, as in
// 20260131120000, and not as the next number in a row.
const timestampVersion = 1_000_000_000

func (set *fileSet) checkSequence() {
	if len(set.scripts) == 0 && len(set.problems) == 0 {
		set.report("", Error, "no migrations in this directory")
	}
	var previous *script
	for _, s := range set.scripts {
		switch {
		case previous == nil:
		case s.version == previous.version:
			set.report(s.name, Error, fmt.Sprintf("version %d is also the version of %s", s.version, previous.path))
		case s.version > previous.version+1 && s.version < timestampVersion:
			set.report(s.name, Warning, fmt.Sprintf("%s between %s and this file", missing(previous.version+1, s.version-1), previous.path))
		}
		previous = s
	}
}

func missing(from, to int64) string {
	if from == to {
		return fmt.Sprintf("version %d is missing", from)
	}
	return fmt.Sprintf("versions %d to %d are missing", from, to)
}

// check returns a *ValidationError when the names are wrong, with the errors of all
// files.
func (set *fileSet) check() error {
	if !set.misnamed {
		return nil
	}
	return refused(slices.DeleteFunc(slices.Clone(set.problems), func(p Problem) bool { return p.Severity != Error }))
}

// checkPlan returns a *ValidationError when a file that is to run has an error.
// Other files may have some: what is applied was read by goose as it is.
func checkPlan(direction Direction, plan ...*script) error {
	var found []Problem
	for _, s := range plan {
		found = append(found, s.faults(direction)...)
	}
	sortProblems(found)
	return refused(found)
}

func refused(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &ValidationError{Problems: problems}
}

// find returns the script with the version, or nil.
func (set *fileSet) find(version int64) *script {
	for _, s := range set.scripts {
		if s.version == version {
			return s
		}
	}
	return nil
}

// latest returns the highest version, 0 when there are no files.
func (set *fileSet) latest() int64 {
	if len(set.scripts) == 0 {
		return 0
	}
	return set.scripts[len(set.scripts)-1].version
}
