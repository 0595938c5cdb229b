package project

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// declarations notes a file's types, functions, imports and SQL constants.
func (r *reader) declarations(f goFile) {
	r.imports(f.tree)
	r.noteTwice(f)
	executors := len(r.pkg.Executor)
	defer func() {
		if len(r.pkg.Executor) > executors {
			r.pkg.Build = f.build
		}
	}()
	for _, decl := range f.tree.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			r.funcs[receiver(d)+"."+d.Name.Name] = d
			if receiver(d) == "Queries" && takesExecutor(d) {
				r.pkg.DBArgument = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				r.spec(d.Tok, spec)
			}
		}
	}
}

func (r *reader) spec(tok token.Token, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		r.typeSpec(s)
	case *ast.ValueSpec:
		if tok != token.CONST {
			return
		}
		for i, name := range s.Names {
			if i < len(s.Values) && isStatement(constant(s.Values[i])) {
				r.consts[name.Name] = true
			}
		}
	}
}

func (r *reader) typeSpec(s *ast.TypeSpec) {
	name := s.Name.Name
	switch t := s.Type.(type) {
	case *ast.Ident:
		if t.Name == "string" {
			r.pkg.Enums[name] = true
		}
	case *ast.StructType:
		r.structs[name] = join(r.structs[name], t)
		if isNull(name, t) {
			r.pkg.Nulls[name] = true
		}
	case *ast.InterfaceType:
		if name != "DBTX" {
			return
		}
		for _, m := range t.Methods.List {
			for _, n := range m.Names {
				r.pkg.Executor = append(r.pkg.Executor, n.Name)
			}
		}
	}
}

// isNull tells a generated Null type, which is an enum and the field Valid, from a
// table whose name begins with null.
func isNull(name string, t *ast.StructType) bool {
	kind, found := strings.CutPrefix(name, "Null")
	fields := structFields(t)
	return found && len(fields) == 2 && fields[0] == Field{Name: kind, Type: kind} && fields[1] == Field{Name: "Valid", Type: "bool"}
}

// receiver returns the name of a method's type, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func takesExecutor(d *ast.FuncDecl) bool {
	for _, a := range arguments(d.Type) {
		if a.Type == "DBTX" {
			return true
		}
	}
	return false
}

// structFields lists the fields as they are written; embedded ones are named
// after their type.
func structFields(t *ast.StructType) []Field { return fieldList(t.Fields) }

// arguments lists a function's arguments.
func arguments(t *ast.FuncType) []Field { return fieldList(t.Params) }

func fieldList(fields *ast.FieldList) []Field {
	if fields == nil {
		return nil
	}
	var list []Field
	for _, f := range fields.List {
		spelled := types.ExprString(f.Type)
		if len(f.Names) == 0 {
			list = append(list, Field{Name: strings.TrimPrefix(spelled, "*"), Type: spelled})
		}
		for _, n := range f.Names {
			list = append(list, Field{Name: n.Name, Type: spelled})
		}
	}
	return list
}

func find(list []Field, name string) (Field, bool) {
	for _, f := range list {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}
