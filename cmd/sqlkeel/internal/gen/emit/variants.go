package emit

import (
	"reflect"
	"strings"
)

// optional writes the optional parts of a statement, with a function for each
// argument that chooses among them.
func optional(f *file, st Statement) {
	if st.Plan == nil {
		return
	}
	pkg, v := f.use(generatedPath), st.Plan.Stmt()
	f.line("Variants: &%s.Variants{", pkg)
	if len(v.Filters) > 0 {
		f.line("Filters: []%s.Filter{", pkg)
		for i, filter := range v.Filters {
			known := st.Plan.Filters[i]
			f.line("{%s, Present: %s},", join(fields(reflect.ValueOf(filter), pkg)), f.function(known.Present, known.GoType))
		}
		f.line("},")
	}
	if v.Sort != nil {
		known := st.Plan.Sort
		f.line("Sort: &%s.Sort{%s, Value: %s},", pkg, join(fields(reflect.ValueOf(*v.Sort), pkg)), f.function(known.Value, known.GoType))
	}
	f.line("Segments: []%s.Segment{", pkg)
	for _, segment := range v.Segments {
		f.line("{%s},", join(fields(reflect.ValueOf(segment), pkg)))
	}
	f.line("},")
	for _, rest := range fields(reflect.ValueOf(*v), pkg, "Filters", "Sort", "Segments") {
		f.line("%s,", rest)
	}
	f.line("},")
}

// function returns a Go expression that mentions the package generated and a type, by
// the names that they have in the file.
func (f *file) function(expr, goType string) string {
	f.goType(goType)
	if rest, ok := strings.CutPrefix(expr, "generated."); ok {
		return f.use(generatedPath) + "." + rest
	}
	return expr
}

func join(list []string) string { return strings.Join(list, ", ") }
