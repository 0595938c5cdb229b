package emit

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

// optional writes the optional parts of a statement, with a function for each
// argument that chooses among them.
func optional(f *file, st Statement) {
	if st.Plan == nil {
		return
	}
	pkg, v := f.use(generatedPath), st.Plan.Stmt()
	f.line("Variants: &%s.Variants{", pkg)
	f.line("Params: []%s.Param{", pkg)
	for _, p := range st.Plan.Params {
		f.line("{\nName: %q, Param: %d,", p.Name, p.Param)
		f.line("Values: []%s.Value{%s},", pkg, join(values(p.Values, pkg)))
		f.line("Read: %s,\n},", f.function(p.Read, p.GoType))
	}
	f.line("},")
	f.line("Segments: []%s.Segment{", pkg)
	for _, segment := range v.Segments {
		f.line("{%s},", join(fields(reflect.ValueOf(segment), pkg)))
	}
	f.line("},")
	for _, rest := range fields(reflect.ValueOf(*v), pkg, "Params", "Segments") {
		f.line("%s,", rest)
	}
	f.line("},")
}

// values writes values by the names of their kinds.
func values(list []generated.Value, pkg string) (out []string) {
	for _, v := range list {
		switch v.Kind {
		case generated.Null:
			out = append(out, "{Kind: "+pkg+".Null}")
		case generated.Empty:
			out = append(out, "{Kind: "+pkg+".Empty}")
		case generated.Bool:
			out = append(out, fmt.Sprintf("{Kind: %s.Bool, Int: %d}", pkg, v.Int))
		case generated.Int:
			out = append(out, fmt.Sprintf("{Kind: %s.Int, Int: %d}", pkg, v.Int))
		case generated.String:
			out = append(out, fmt.Sprintf("{Kind: %s.String, Text: %s}", pkg, quote(v.Text)))
		}
	}
	return out
}

// function returns a Go expression that mentions the package generated and a type, by
// the names that they have in the file.
func (f *file) function(expr, goType string) string {
	f.goType(goType)
	return strings.ReplaceAll(expr, "generated.", f.use(generatedPath)+".")
}

func join(list []string) string { return strings.Join(list, ", ") }
