package project

import "go/ast"

// declaration is where a file of sqlc's declares a name.
type declaration struct {
	file goFile
	at   Position
}

// noteTwice reports names that sqlc declared twice, as it does for relations whose
// names are one in Go. A statement that stands in two files is reported elsewhere.
func (r *reader) noteTwice(f goFile) {
	note := func(id *ast.Ident) {
		if id.Name == "_" {
			return
		}
		first, twice := r.names[id.Name]
		if !twice {
			r.names[id.Name] = declaration{f, r.pos(id)}
			return
		}
		if first.file.build != f.build || first.file.source != "" && f.source != "" || r.twice[id.Name] {
			return
		}
		r.twice[id.Name] = true
		r.pkg.report(r.pos(id), "", "%s is declared twice, first in %s, so that the package does not compile: two names of the schema or the queries are one in Go: "+
			"give one of them another with sqlc's option rename, or rename the query", id.Name, first.at)
	}
	for _, decl := range f.tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				note(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					note(s.Name)
				case *ast.ValueSpec:
					for _, id := range s.Names {
						note(id)
					}
				}
			}
		}
	}
}

// join adds the fields of a struct that is declared a second time. Columns of either
// are understood then, and the one cause is the one error.
func join(first, second *ast.StructType) *ast.StructType {
	if first == nil {
		return second
	}
	both := *first
	both.Fields = &ast.FieldList{List: append(append([]*ast.Field{}, first.Fields.List...), second.Fields.List...)}
	return &both
}
