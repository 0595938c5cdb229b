package emit

import (
	"go/ast"
	"go/parser"
	"go/types"
	"slices"
	"strconv"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// kind is how a value of a Go type is compared and copied.
type kind int

const (
	unknown   kind = iota // as nothing is known of it
	integer               // these four by ==, and copied by =
	text                  //
	boolean               //
	handle                // of net/netip; it has a method String
	floating              // by its bits, as == does not find NaN
	instant               // time.Time, in which == compares the location too
	bigNumber             // *big.Int
	pointer
	list
	array
	mapping
	structure
)

// goType is a Go type, as far as it is known by name.
type goType struct {
	kind    kind
	spelled string // as sqlc's files have it, or as messages have it
	path    string // of the package that declares it; "" when sqlc's files spell it
	elem    *goType
	length  string // of an array
	fields  []goField
}

// goField is a field of a structure.
type goField struct {
	name string
	*goType
}

// typeOf resolves a type as sqlc's files spell it.
func typeOf(pkg *project.Package, spelled string) *goType {
	expr, err := parser.ParseExpr(spelled)
	if err != nil {
		return &goType{spelled: spelled}
	}
	return (&resolver{pkg: pkg}).resolve(expr)
}

// resolver resolves types that are spelled in sqlc's files, or in the definition of a
// type of the package path, in which arg stands for T.
type resolver struct {
	pkg  *project.Package
	path string
	arg  *goType
}

func (r *resolver) resolve(e ast.Expr) *goType {
	t := r.of(e)
	if t.spelled == "" {
		t.spelled, t.path = types.ExprString(e), r.path
	}
	return t
}

func (r *resolver) of(e ast.Expr) *goType {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return r.resolve(e.X)
	case *ast.Ident:
		return r.named(e.Name)
	case *ast.SelectorExpr:
		return r.selected(e, nil)
	case *ast.IndexExpr:
		if generic, ok := e.X.(*ast.SelectorExpr); ok {
			return r.selected(generic, r.resolve(e.Index))
		}
	case *ast.StarExpr:
		elem := r.resolve(e.X)
		if elem.path == "math/big" && elem.spelled == "Int" {
			return &goType{kind: bigNumber}
		}
		return &goType{kind: pointer, elem: elem}
	case *ast.ArrayType:
		if e.Len == nil {
			return &goType{kind: list, elem: r.resolve(e.Elt)}
		}
		return &goType{kind: array, length: types.ExprString(e.Len), elem: r.resolve(e.Elt)}
	case *ast.MapType:
		if key := r.resolve(e.Key); key.plain() {
			return &goType{kind: mapping, elem: r.resolve(e.Value)}
		}
	case *ast.StructType:
		return r.structure(e)
	}
	return &goType{}
}

func (r *resolver) structure(e *ast.StructType) *goType {
	t := &goType{kind: structure}
	for _, f := range e.Fields.List {
		for _, n := range f.Names {
			t.fields = append(t.fields, goField{n.Name, r.resolve(f.Type)})
		}
	}
	return t
}

// named resolves a name without a package: Go's own, or one of the package at hand.
func (r *resolver) named(name string) *goType {
	if name == "T" && r.arg != nil {
		return r.arg
	}
	if k, basic := basics[name]; basic {
		return &goType{kind: k}
	}
	if r.path != "" {
		return r.imported(r.path, name, nil)
	}
	return r.generated(name)
}

// generated resolves a type that sqlc made: an enum, its Null type, or a struct.
func (r *resolver) generated(name string) *goType {
	if r.pkg.Enums[name] {
		return &goType{kind: text, spelled: name}
	}
	fields, known := r.pkg.Structs[name]
	if !known {
		return &goType{}
	}
	t := &goType{kind: structure, spelled: name}
	for _, f := range fields {
		t.fields = append(t.fields, goField{f.Name, typeOf(r.pkg, f.Type)})
	}
	return t
}

// selected resolves a name of another package.
func (r *resolver) selected(e *ast.SelectorExpr, arg *goType) *goType {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return &goType{}
	}
	path := r.pkg.Imports[x.Name]
	if r.path != "" {
		path = definedIn[x.Name]
	} else if t := r.generated(x.Name + "." + e.Sel.Name); t.kind != unknown {
		return t
	}
	return r.imported(path, e.Sel.Name, arg)
}

// imported resolves a type of a package that is known.
func (r *resolver) imported(path, name string, arg *goType) *goType {
	if k, leaf := leaves[path][name]; leaf {
		return &goType{kind: k, spelled: name, path: path}
	}
	definition, known := definitions[path][name]
	if !known {
		return &goType{}
	}
	expr, err := parser.ParseExpr(definition)
	if err != nil {
		panic("emit: the definition of " + strconv.Quote(path) + "." + name + ": " + err.Error())
	}
	t := *(&resolver{pkg: r.pkg, path: path, arg: arg}).resolve(expr)
	t.spelled, t.path = name, path
	if arg != nil {
		t.spelled, t.path = "", "" // the expression spells it
	}
	return &t
}

// plain reports whether == compares two values as PostgreSQL does, or more precisely.
// Such values share no memory.
func (t *goType) plain() bool {
	switch t.kind {
	case integer, text, boolean, handle:
		return true
	case array:
		return t.elem.plain()
	case structure:
		for _, f := range t.fields {
			if !f.plain() {
				return false
			}
		}
		return true
	}
	return false
}

// shares reports whether copies of a value share memory that may be changed.
func (t *goType) shares() bool {
	switch t.kind {
	case bigNumber, pointer, list, mapping:
		return true
	case array:
		return t.elem.shares()
	case structure:
		for _, f := range t.fields {
			if f.shares() {
				return true
			}
		}
	}
	return false
}

// spell returns the type for the file, and imports what it needs.
func (f *file) spell(t *goType) string {
	if t.path == "" {
		return f.goType(t.spelled)
	}
	if _, basic := basics[t.spelled]; basic {
		return t.spelled
	}
	return f.use(t.path) + "." + t.spelled
}

// Comparable reports whether values of a Go type, as sqlc's files spell it, are of a type
// whose equality package stmt knows: see its Run.Affects.
func Comparable(pkg *project.Package, spelled string) bool {
	t := typeOf(pkg, spelled)
	if t.kind == pointer {
		t = t.elem
		return t.basic("int64", "int32", "int16", "string", "bool") || t.isUUID()
	}
	return t.basic("int64", "int32", "int16", "string", "bool", "int", "[]byte", "[]uint8") || t.isUUID() ||
		t.path == pgtypePath && slices.Contains([]string{"Int2", "Int4", "Int8", "Text", "Bool", "UUID"}, t.spelled)
}

// basic reports whether the type is one of Go's own.
func (t *goType) basic(names ...string) bool { return slices.Contains(names, t.spelled) }

// isUUID reports whether the type is an array of 16 bytes.
func (t *goType) isUUID() bool {
	return t.kind == array && t.length == "16" && (t.elem.spelled == "byte" || t.elem.spelled == "uint8")
}
