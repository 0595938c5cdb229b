package emit

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// runtimePath is the package that emitted code is written in terms of.
const (
	runtimePath   = "github.com/sqlkeel/sqlkeel/stmt"
	generatedPath = runtimePath + "/generated"
)

// registry writes the variable Statements.
func registry(f *file, in Input, problems *problems) {
	if _, ok := f.taken.claim("Statements"); !ok {
		fixedName(f, "Statements", problems)
	}
	stmt := f.use(runtimePath)
	f.line("// Statements is what each statement of this package does.")
	if len(in.Opaque) > 0 {
		f.line("//\n// Nothing is known of these, as their query files say (@opaque), so that each may\n// change anything:")
	}
	for _, o := range in.Opaque {
		f.line("//   - %s: %s", o.Name, oneLine(o.Why))
	}
	f.line("var Statements = %s.NewRegistry(", stmt)
	f.line("map[string]string{")
	for _, name := range slices.Sorted(maps.Keys(in.Relations)) {
		f.line("%q: %q,", name, in.Relations[name])
	}
	f.line("},")
	for _, st := range in.Statements {
		f.line("%s.Statement{", stmt)
		f.line("Name: %q, Command: %q, Source: %q,", st.Name, st.Command, source(st))
		f.line("SQL: %s,", constant(st))
		if effects := fields(reflect.ValueOf(st.Effects), stmt); len(effects) > 0 {
			f.line("Effects: %s.Effects{\n%s,\n},", stmt, strings.Join(effects, ",\n"))
		}
		if len(st.Types) > 0 {
			f.line("Types: %s,", literal(reflect.ValueOf(st.Types), stmt))
		}
		optional(f, st)
		f.line("},")
	}
	f.line(")\n")
}

// constant returns the expression of the statement's text: sqlc's constant, where
// it made one.
func constant(st Statement) string {
	if st.Const == "" {
		return quote(st.SQL)
	}
	return st.Const
}

func source(st Statement) string {
	return path.Clean(st.Pos.File) + ":" + strconv.Itoa(st.Pos.Line)
}

// predeclared reports that a name of Go itself, which emitted code relies on, means
// something else in the package.
func predeclared(f *file, problems *problems) {
	for _, name := range []string{"any", "bool", "byte", "error", "false", "int", "int32", "int64", "nil", "string", "true"} {
		if where, taken := f.taken.theirs[name]; taken {
			problems.at(where, "", "the name "+name+" is Go's own, which generated code needs, and the package declares another: rename it, or the query that it is made of")
		}
	}
}

// fixedName reports that a name which callers rely on is taken.
func fixedName(f *file, name string, problems *problems) {
	problems.at(f.taken.theirs[name], "", "the name "+name+" is needed for generated code: rename what has it here (the option rename of sqlc does that to a model)")
}
