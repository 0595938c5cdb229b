package gen

import (
	"context"
	"errors"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/pages"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
)

// mode says what is made of problems.
type mode bool

const (
	strict  mode = true  // all of them are reported, as an error
	lenient mode = false // what can be worked out is
)

// analysis is what is known of a project.
type analysis struct {
	project  *project.Project
	mode     mode
	packages []*packageAnalysis
	server   string // the major version of PostgreSQL
	// problems stop the work in strict mode; notes never do.
	problems, notes Problems
}

// packageAnalysis is what is known of a package.
type packageAnalysis struct {
	*project.Package
	statements  []*statementAnalysis
	constraints []emit.Constraint
	digests     map[string]string
}

// statementAnalysis is what is known of a statement: either result or failed is nil.
type statementAnalysis struct {
	*project.Statement
	result *effects.Result
	plan   *variants.Plan
	page   *pages.Plan
	failed *project.Problem
	// needless says that the statement is opaque and could be analysed.
	needless bool
}

// analyse loads the project and works out its statements. The error says why
// nothing could be worked out at all.
func analyse(ctx context.Context, o Options, m mode) (*analysis, error) {
	p, err := project.Load(o.Config)
	if err != nil {
		var problems Problems
		return nil, errors.Join(problems.add(err), problems.err())
	}
	a := &analysis{project: p, mode: m}
	a.take(p.AllProblems())
	if m == strict {
		a.checkDrivers()
	}
	return a, withServer(ctx, o, func(dsn string, owned bool) error {
		for _, group := range a.groups() {
			if err := a.analyseGroup(ctx, dsn, owned, group); err != nil {
				return err
			}
		}
		a.noteNeedless()
		a.noteHandWritten()
		return nil
	})
}

// checkDrivers refuses packages whose executor is not pgx's.
func (a *analysis) checkDrivers() {
	for _, pkg := range a.project.Packages {
		if pkg.Driver != "pgx/v5" {
			a.problems = append(a.problems, &project.Problem{Pos: pkg.Pos,
				Message: "the package in " + pkg.Dir + " is generated for " + pkg.Driver + ", and only pgx/v5 is supported: write sql_package: pgx/v5"})
		}
	}
}

// group is packages with one schema.
type group struct {
	schema   []string
	packages []*packageAnalysis
}

// groups makes the packages' analyses, and puts those that share a schema together,
// in the order of the configuration.
func (a *analysis) groups() []*group {
	var list []*group
	bySchema := map[string]*group{}
	for _, pkg := range a.project.Packages {
		pa := &packageAnalysis{Package: pkg}
		for _, st := range pkg.Statements {
			pa.statements = append(pa.statements, &statementAnalysis{Statement: st, failed: st.Refused})
		}
		a.packages = append(a.packages, pa)
		key := strings.Join(pkg.Schema, "\x00")
		if bySchema[key] == nil {
			bySchema[key] = &group{schema: pkg.Schema}
			list = append(list, bySchema[key])
		}
		bySchema[key].packages = append(bySchema[key].packages, pa)
	}
	return list
}
