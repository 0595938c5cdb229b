package emit

import (
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/variants"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// sortEnums writes a type for the values of each parameter that chooses the order alone.
func sortEnums(f *file, st Statement, problems *problems) {
	if st.Plan == nil {
		return
	}
	for _, p := range st.Plan.Params {
		var literals []string
		for _, v := range p.Values {
			if v.Kind == generated.String {
				literals = append(literals, v.Text)
			}
		}
		if p.Sorts && len(literals) > 0 {
			sortEnum(f, st, p, literals, problems)
		}
	}
}

func sortEnum(f *file, st Statement, sort variants.Param, literals []string, problems *problems) {
	name := upperFirst(st.Name) + upperFirst(st.Params[sort.Param-1].Name)
	all := "All" + name + "Values"
	for _, wanted := range []string{name, all} {
		if where, ok := f.taken.claim(wanted); !ok {
			problems.at(st.Pos, st.Name, fmt.Sprintf("the name %s, for the values of its parameter %s, is taken by %s: rename the parameter", wanted, sort.Name, where))
			return
		}
	}
	f.line("// %s is an order of [Queries.%s].", name, st.Name)
	f.line("type %s string\n", name)
	f.line("// The orders of [Queries.%s].", st.Name)
	f.line("const (")
	consts := make([]string, len(literals))
	for i, literal := range literals {
		consts[i] = f.taken.free(name + suffix(literal))
		f.line("%s %s = %s", consts[i], name, quote(literal))
	}
	f.line(")\n")
	f.line("// Valid reports whether e is an order that the statement knows.")
	f.line("func (e %s) Valid() bool {", name)
	f.line("switch e {\ncase %s:\nreturn true\n}\nreturn false\n}\n", strings.Join(consts, ", "))
	f.line("// %s returns the orders in the statement's own order.", all)
	f.line("func %s() []%s {\nreturn []%s{%s}\n}\n", all, name, name, strings.Join(consts, ", "))
}

// suffix makes the end of a constant's name of a literal.
func suffix(literal string) string {
	name := exported(literal)
	if strings.HasPrefix(name, "X") && !strings.HasPrefix(strings.ToUpper(literal), "X") {
		return strings.TrimPrefix(name, "X") // what precedes it is exported already
	}
	return name
}
