package gen

import (
	"errors"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
)

// emit makes the files of all packages. The error is [Problems] when the project is
// at fault.
func (a *analysis) emit() (*fileSet, error) {
	files := &fileSet{content: map[string][]byte{}}
	var problems Problems
	var errs []error
	for _, pkg := range a.packages {
		in := emit.Input{Package: pkg.Package, Server: a.server, Relations: pkg.digests, Constraints: pkg.constraints}
		for _, st := range pkg.statements {
			if note := st.Opaque(); note != nil {
				in.Opaque = append(in.Opaque, emit.Opaque{Name: st.Name, Why: note.Args, Build: st.Build})
			}
			if st.result == nil {
				continue
			}
			emitted := emit.Statement{Statement: st.Statement, Effects: st.result.Effects, Types: st.result.Types, Plan: st.plan, Page: st.page}
			if st.cached() {
				emitted.Cache = st.Annotation("cache")
			}
			in.Statements = append(in.Statements, emitted)
		}
		var err error
		if in.Names, err = a.declared(pkg.Dir); err != nil {
			errs = append(errs, err)
			continue
		}
		emitted, err := emit.Package(in)
		if err := problems.add(err); err != nil {
			errs = append(errs, err)
		}
		files.folders = append(files.folders, a.path(pkg.Dir))
		for name, content := range emitted {
			files.content[a.path(pkg.Dir+"/"+name)] = content
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return files, problems.err()
}
