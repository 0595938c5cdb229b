package gen

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// Problems is everything that is wrong with a project, in the order of files and
// lines.
type Problems []*project.Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// err returns nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// add takes the problems out of err. It returns what is left: errors that no
// change of the project would heal.
func (p *Problems) add(err error) error {
	var problem *project.Problem
	var list Problems
	joined, many := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case many:
		var rest []error
		for _, e := range joined.Unwrap() {
			rest = append(rest, p.add(e))
		}
		return errors.Join(rest...)
	case errors.As(err, &list):
		*p = append(*p, list...)
	case errors.As(err, &problem):
		*p = append(*p, problem)
	default:
		return err
	}
	return nil
}

// take sorts problems into those that stop the work and those that do not.
func (a *analysis) take(list []*project.Problem) {
	for _, problem := range list {
		if problem.Warning {
			a.notes = append(a.notes, problem)
		} else {
			a.problems = append(a.problems, problem)
		}
	}
}

// sorted returns the problems in order, each once, with files as seen from the working
// directory. Those of one cause are one, with its remedy.
func (a *analysis) sorted(list Problems, heals string) Problems {
	list = slices.Clone(list)
	for i, problem := range list {
		moved := *problem
		if moved.Pos.File != a.project.Config {
			moved.Pos.File = a.path(moved.Pos.File)
		}
		list[i] = &moved
	}
	slices.SortStableFunc(list, func(a, b *project.Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Statement, b.Statement), cmp.Compare(a.Message, b.Message))
	})
	return fold(slices.CompactFunc(list, func(a, b *project.Problem) bool { return a.Error() == b.Error() }), heals)
}

// path returns a path of the project as seen from the working directory.
func (a *analysis) path(relative string) string {
	if filepath.IsAbs(relative) {
		return relative
	}
	return filepath.Join(a.project.Dir, filepath.FromSlash(relative))
}
