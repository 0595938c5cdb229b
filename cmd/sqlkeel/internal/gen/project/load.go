package project

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"github.com/sqlkeel/sqlkeel/internal/schemafile"
)

// Load reads the project that the sqlc configuration describes; a folder, or "",
// means the sqlc.yaml, sqlc.yml or sqlc.json in it. The error joins [Problem]s and
// says that nothing could be loaded. What is wrong with one package or statement
// is in their Problems and does not stop the others; see [Project.AllProblems].
func Load(config string) (*Project, error) {
	file, err := findConfig(config)
	if err != nil {
		return nil, err
	}
	c, entries, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	p := &Project{Config: file, Dir: filepath.Dir(file)}
	if err := p.options(c); err != nil {
		return nil, err
	}
	for _, e := range entries {
		p.entry(e)
	}
	p.orderSchemas()
	p.shareModels()
	if len(p.Packages) == 0 {
		var errs []error
		for _, problem := range p.Problems {
			errs = append(errs, problem)
		}
		return nil, errors.Join(errs...)
	}
	for _, pkg := range p.Packages {
		newReader(p.Dir, pkg).read()
		pkg.Problems = sortProblems(pkg.Problems)
	}
	return p, nil
}

// entry adds what an entry of the configuration describes: a package, or more
// files to one of the same folder.
func (p *Project) entry(e entry) {
	pos := e.queries.at.in(p.Config)
	report := func(format string, args ...any) {
		p.Problems = append(p.Problems, &Problem{Pos: pos, Message: fmt.Sprintf(format, args...)})
	}
	if e.engine != "postgresql" {
		report("engine %q is not PostgreSQL: this entry is left out", e.engine)
		p.Problems[len(p.Problems)-1].Warning = true
		return
	}
	if e.Out == "" {
		report("no out: sqlc needs the folder of the generated package")
		return
	}
	if len(e.queries.list) == 0 {
		pos = e.at.in(p.Config)
		report("this entry names no queries: name their files under queries:")
		return
	}
	missing := func(pattern string, err error) { report("%s: %v", relative(p.Dir, pattern), err) }
	schema, found := p.schemaFiles(e)
	if !found {
		return // an error for each statement would be for this one cause
	}
	queries := slices.Concat(sqlFiles(p.Dir, e.queries.list, missing)...)
	out := relative(p.Dir, inDir(p.Dir, e.Out))
	for _, pkg := range p.Packages {
		if pkg.Dir == out {
			pkg.schema = append(pkg.schema, schema...)
			pkg.Queries = union(pkg.Queries, queries)
			return
		}
	}
	driver := e.Driver
	if driver == "" {
		driver = "database/sql"
	}
	if e.Package == "" {
		e.Package = path.Base(out)
	}
	p.Packages = append(p.Packages, &Package{Name: e.Package, Dir: out, Pos: pos, Queries: queries, Driver: driver,
		schema: schema, models: models{path: e.Models.Import, dir: e.Models.Path}})
}

// schemaFiles lists the schema files of an entry, by pattern. It says what is wrong
// with the entry when there is none.
func (p *Project) schemaFiles(e entry) (lists [][]string, found bool) {
	report := func(at place, warning bool, format string, args ...any) {
		p.Problems = append(p.Problems, &Problem{Pos: at.in(p.Config), Message: fmt.Sprintf(format, args...), Warning: warning})
	}
	if len(e.schema.list) == 0 {
		aside := ""
		if e.database {
			aside = " (the one that database: names is not read)"
		}
		report(e.at, false, "this entry names no schema, so that nothing can be known of its statements: name the schema's files under schema:%s", aside)
		return nil, false
	}
	unread := map[int]bool{}
	for i, pattern := range e.schema.list {
		files := sqlFiles(p.Dir, []string{pattern}, func(_ string, err error) {
			unread[i] = true
			report(e.schema.places[i], false, "schema: %s: %v", pattern, err)
		})
		lists = append(lists, files...)
		found = found || len(files[0]) > 0
	}
	for i, pattern := range e.schema.list {
		if len(lists[i]) == 0 && !unread[i] {
			report(e.schema.places[i], found, "schema: %s names no .sql file", pattern)
		}
	}
	return lists, found
}

// orderSchemas puts each package's schema files in the order in which they are
// migrated. What there is to say of files that packages share is said once.
func (p *Project) orderSchemas() {
	said := map[schemafile.Finding]bool{}
	for _, pkg := range p.Packages {
		var findings []schemafile.Finding
		pkg.Schema, findings = schemafile.Order(p.Dir, distinct(pkg.schema))
		for _, f := range findings {
			if !said[f] {
				said[f] = true
				p.Problems = append(p.Problems, &Problem{Pos: Position{f.File, 1, 1}, Message: f.Message, Warning: f.Note})
			}
		}
	}
}

// distinct leaves out of each list what an earlier one has.
func distinct(lists [][]string) [][]string {
	seen := map[string]bool{}
	out := make([][]string, len(lists))
	for i, list := range lists {
		for _, file := range list {
			if !seen[file] {
				seen[file] = true
				out[i] = append(out[i], file)
			}
		}
	}
	return out
}

// shareModels tells packages that only import the models where another entry of the
// configuration writes them.
func (p *Project) shareModels() {
	written := map[string]string{}
	for _, pkg := range p.Packages {
		if pkg.models.dir != "" {
			written[pkg.models.path] = pkg.models.dir
		}
	}
	for _, pkg := range p.Packages {
		pkg.models.dir = written[pkg.models.path]
	}
}

func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
