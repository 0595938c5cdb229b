package emit

import (
	"fmt"
	"go/build/constraint"
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// build is one combination of the conditions under which Go builds sqlc's files.
type build struct {
	file      string
	condition string
	holds     []string // the conditions of sqlc's files that are met
}

// maxConditions bounds the files, of which there is one for each combination.
const maxConditions = 3

// builds returns a file for each combination of the conditions of sqlc's files. No
// two of them are built together, and each has the statements of its files.
func builds(in Input) ([]build, error) {
	conditions := conditionsOf(in)
	if len(conditions) > maxConditions {
		return nil, &project.Problem{Pos: in.Package.Pos, Message: fmt.Sprintf("sqlc's files in %s are built under %d different conditions, and at most %d are supported: "+
			"give files the same //go:build line, or make packages of them", in.Package.Dir, len(conditions), maxConditions)}
	}
	var list []build
	for set := range 1 << len(conditions) {
		list = append(list, combination(in.Package.Build, conditions, set))
	}
	return list, nil
}

// conditionsOf lists those that differ from the package's own.
func conditionsOf(in Input) []string {
	var list []string
	for _, st := range in.Statements {
		list = append(list, st.Build)
	}
	for _, o := range in.Opaque {
		list = append(list, o.Build)
	}
	list = slices.DeleteFunc(list, func(c string) bool { return c == "" || c == in.Package.Build })
	slices.Sort(list)
	return slices.Compact(list)
}

// combination is the build in which the conditions of a set, by bits, are met.
func combination(base string, conditions []string, set int) build {
	b := build{file: StatementsFile, holds: []string{"", base}}
	if set > 0 {
		b.file = fmt.Sprintf("statements_%d_gen.go", set)
	}
	var all constraint.Expr
	and := func(e constraint.Expr) {
		if all != nil {
			e = &constraint.AndExpr{X: all, Y: e}
		}
		all = e
	}
	if base != "" {
		and(parsed(base))
	}
	for i, c := range conditions {
		if set&(1<<i) != 0 {
			b.holds = append(b.holds, c)
			and(parsed(c))
		} else {
			and(&constraint.NotExpr{X: parsed(c)})
		}
	}
	if all != nil {
		b.condition = all.String()
	}
	return b
}

// parsed reads a condition that the loader wrote.
func parsed(condition string) constraint.Expr {
	e, err := constraint.Parse("//go:build " + condition)
	if err != nil {
		return &constraint.TagExpr{Tag: condition}
	}
	return e
}

// of returns the input with the statements of the build alone.
func (b build) of(in Input) Input {
	in.Statements = slices.DeleteFunc(slices.Clone(in.Statements), func(st Statement) bool { return !slices.Contains(b.holds, st.Build) })
	in.Opaque = slices.DeleteFunc(slices.Clone(in.Opaque), func(o Opaque) bool { return !slices.Contains(b.holds, o.Build) })
	return in
}
