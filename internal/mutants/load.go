package mutants

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads the mutants below root, in the order of their names. Every fault of
// a file is in the error, joined; what could be read is returned beside it.
func Load(root string) (*Set, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	s := &Set{root: root}
	var bad []error
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != root && strings.HasPrefix(base, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		file, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if file = filepath.ToSlash(file); !strings.HasSuffix(path.Dir("/"+file), "/"+folder) {
			return nil
		}
		m, err := parse(root, file)
		if err != nil {
			bad = append(bad, err)
			return nil
		}
		s.all = append(s.all, m)
		return nil
	})
	slices.SortFunc(s.all, func(a, b *Mutant) int { return strings.Compare(a.Name, b.Name) })
	return s, errors.Join(append(bad, err)...)
}

// Mutants are those of the set, in the order of their names.
func (s *Set) Mutants() []*Mutant { return s.all }

// Check tells, without a run, of every mutant whose old lines do not occur once
// or whose tests do not exist. The errors are joined.
func (s *Set) Check() error {
	var bad []error
	known := map[string]map[string]bool{}
	for _, m := range s.all {
		if _, err := s.apply(m); err != nil {
			bad = append(bad, err)
		}
		for _, t := range m.Tests {
			if known[t.Dir] == nil {
				var err error
				if known[t.Dir], err = testsIn(filepath.Join(s.root, filepath.FromSlash(t.Dir))); err != nil {
					bad = append(bad, err)
				}
			}
			if top, _, _ := strings.Cut(t.Name, "/"); !known[t.Dir][top] {
				bad = append(bad, &sourceError{m.file, 1, fmt.Sprintf("there is no test %s in %s: name the one that must fail", top, t.Dir)})
			}
		}
	}
	return errors.Join(bad...)
}

// testsIn returns the names of the functions in the test files of a folder.
func testsIn(dir string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names, nil
}
