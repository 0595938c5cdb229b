package emit

import (
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// rowType is a struct that the results of several statements convert to.
type rowType struct {
	name  string
	first Statement
	at    project.Annotation
}

// rowTypes writes the types that @row asks for, and a method for each result that
// converts to one.
func rowTypes(f *file, statements []Statement, problems *problems) {
	known := map[string]*rowType{}
	methods := map[[2]string]bool{}
	for _, st := range statements {
		for _, a := range st.Annotations {
			if a.Key != "row" {
				continue
			}
			if message := checkRow(f, st, a, known); message != "" {
				problems.at(a.Pos, st.Name, message)
				continue
			}
			if t := known[a.Args]; t.first.Name == st.Name {
				rowStruct(f, t)
			}
			if method := [2]string{st.Result, a.Args}; !methods[method] {
				methods[method] = true
				f.line("// %s returns the row as a %s, which other statements return as well.", a.Args, a.Args)
				f.line("func (r %s) %s() %s { return %s(r) }\n", method[0], a.Args, a.Args, a.Args)
			}
		}
	}
}

// checkRow returns what is wrong with an annotation, and notes its type when it is
// the first of its name.
func checkRow(f *file, st Statement, a project.Annotation, known map[string]*rowType) string {
	if st.Fields == nil {
		return "@row needs a statement whose rows are of a generated struct; this one's are " + orNothing(st.Result)
	}
	if strings.Contains(st.Result, ".") {
		return fmt.Sprintf("@row cannot take rows of another package, and these are %s: that type can be shared as it is", st.Result)
	}
	for _, field := range st.Fields {
		if field.Embed != "" {
			return "@row cannot take a row with sqlc.embed: its field " + field.Embed + " is a type that can be shared as it is"
		}
		if field.Name == a.Args {
			return fmt.Sprintf("@row %s would be a method beside the field %s of %s: choose another name", a.Args, a.Args, st.Result)
		}
	}
	if where, taken := f.taken.theirs[st.Result+"."+a.Args]; taken {
		return fmt.Sprintf("@row %s would be a second method %s of %s; the first is at %s", a.Args, a.Args, st.Result, where)
	}
	if t := known[a.Args]; t != nil {
		return difference(t, st)
	}
	if where, ok := f.taken.claim(a.Args); !ok {
		return fmt.Sprintf("@row %s: the name is taken by %s", a.Args, where)
	}
	known[a.Args] = &rowType{name: a.Args, first: st, at: a}
	return ""
}

func orNothing(result string) string {
	if result == "" {
		return "none"
	}
	return result
}

// difference returns how a statement's fields differ from those of the first
// statement with the same @row; "" when they are the same.
func difference(t *rowType, st Statement) string {
	first := t.first
	there := fmt.Sprintf("%s (%s)", first.Name, t.at.Pos)
	for i, field := range st.Fields {
		if i >= len(first.Fields) {
			return fmt.Sprintf("@row %s: %s has no field %s %s", t.name, there, field.Name, field.Type)
		}
		if other := first.Fields[i]; field != other {
			return fmt.Sprintf("@row %s: field %d is %s %s, and %s %s in %s", t.name, i+1, field.Name, field.Type, other.Name, other.Type, there)
		}
	}
	if n := len(st.Fields); n < len(first.Fields) {
		return fmt.Sprintf("@row %s: there is no field %s %s, which %s has", t.name, first.Fields[n].Name, first.Fields[n].Type, there)
	}
	return ""
}

func rowStruct(f *file, t *rowType) {
	f.line("// %s is a row of the statements that are annotated with its name.", t.name)
	f.line("type %s struct {", t.name)
	for _, field := range t.first.Fields {
		f.line("%s %s", field.Name, f.goType(field.Type))
	}
	f.line("}\n")
}
