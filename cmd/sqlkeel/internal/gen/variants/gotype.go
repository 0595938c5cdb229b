package variants

import (
	"fmt"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

const (
	uuidPath   = "github.com/google/uuid"
	pgtypePath = "github.com/jackc/pgx/v5/pgtype"
)

// basic are the Go types of which every value is encoded as something other than
// NULL.
var basic = map[string]bool{
	"string": true, "bool": true, "int": true, "int8": true, "int16": true, "int32": true, "int64": true,
	"uint": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true, "float32": true, "float64": true,
}

// nullable are pgtype's structs that are NULL when, and only when, they are not Valid.
var nullable = map[string]bool{
	"Bits": true, "Bool": true, "Box": true, "Circle": true, "Date": true, "Float4": true, "Float8": true, "Int2": true, "Int4": true,
	"Int8": true, "Interval": true, "Line": true, "Lseg": true, "Numeric": true, "Path": true, "Point": true, "Polygon": true,
	"TID": true, "Text": true, "Time": true, "Timestamp": true, "Timestamptz": true, "UUID": true, "Uint32": true, "Uint64": true,
}

// sqlNulls are the structs of database/sql that are NULL when they are not Valid.
var sqlNulls = map[string]bool{
	"NullBool": true, "NullByte": true, "NullFloat64": true, "NullInt16": true, "NullInt32": true, "NullInt64": true, "NullString": true, "NullTime": true,
}

const remedy = "sqlc.narg with emit_pointers_for_null_types gives it a pointer"

// present returns the Go expression that tells whether an argument of a type is NULL,
// or why there is none.
func present(p *project.Package, goType string) (expr, why string) {
	if t, ok := strings.CutPrefix(goType, "*"); ok {
		switch {
		case basic[t], p.Enums[t], imported(p, t, "time", "time") == "Time", imported(p, t, "uuid", uuidPath) == "UUID":
			return "generated.Pointer[" + t + "]", ""
		case imported(p, t, "netip", "net/netip") == "Addr", imported(p, t, "netip", "net/netip") == "Prefix":
			return "generated.ValidPointer[" + t + "]", ""
		}
		return "", fmt.Sprintf("whether a %s is NULL cannot be seen from outside", goType)
	}
	if t, ok := strings.CutPrefix(goType, "[]"); ok {
		return "generated.Slice[" + t + "]", ""
	}
	if valid(p, goType) {
		return fmt.Sprintf("func(arg any) (generated.Value, bool) { v, known := arg.(%s); return generated.Present(v.Valid), known }", goType), ""
	}
	if basic[goType] || p.Enums[goType] || imported(p, goType, "time", "time") == "Time" || imported(p, goType, "uuid", uuidPath) == "UUID" {
		return "", fmt.Sprintf("its Go type %s is never NULL: %s", goType, remedy)
	}
	return "", fmt.Sprintf("whether a %s is NULL cannot be seen from outside: %s", goType, remedy)
}

// kind is what the values of a placeholder are, as far as they choose.
type kind uint8

const (
	anything kind = iota // it is only NULL or not
	text
	integer
	boolean
	uniqueID
	array
)

// kindOf returns what the values of a parameter are. That of a domain, and of a type for
// which several texts are one value, are not known.
func kindOf(t Type, st *project.Statement, i int) kind {
	switch {
	case t.Array:
		return array
	case t.Name == "text" || t.Name == "character varying":
		return text
	case t.Name == "smallint" || t.Name == "integer" || t.Name == "bigint":
		return integer
	case t.Name == "boolean":
		return boolean
	case t.Name == "uuid":
		return uniqueID
	case i < len(st.Params):
		plain := strings.TrimPrefix(st.Params[i].Type, "*")
		if st.Package.Enums[plain] || st.Package.Nulls[plain] && st.Package.Enums[strings.TrimPrefix(plain, "Null")] {
			return text
		}
	}
	return anything
}

// reader returns the Go expression that tells what an argument of a type is, as far as
// values of a kind choose; whether it may be NULL; and why there is no such expression.
func reader(p *project.Package, goType string, k kind) (expr string, nullable bool, why string) {
	if goType == "any" || goType == "interface{}" {
		if kind := [...]string{anything: "Other", text: "String", integer: "Int", boolean: "Bool", uniqueID: "", array: ""}[k]; kind != "" {
			return "generated.Dynamic(generated." + kind + ")", true, ""
		}
	}
	if k == anything || k == array && strings.HasPrefix(goType, "[]") {
		expr, why = present(p, goType)
		return expr, true, why
	}
	plain, pointer := strings.CutPrefix(goType, "*")
	generic := func(name string) string {
		if pointer {
			name += "Pointer"
		}
		return "generated." + name + "[" + plain + "]"
	}
	switch {
	case k == text && (plain == "string" || p.Enums[plain]):
		return generic("Text"), pointer, ""
	case k == integer && (plain == "int16" || plain == "int32" || plain == "int64"):
		return generic("Integer"), pointer, ""
	case k == boolean && plain == "bool":
		return strings.TrimSuffix(generic("Boolean"), "[bool]"), pointer, ""
	case k == uniqueID && !pointer && imported(p, plain, "uuid", uuidPath) == "UUID":
		return valueOf(goType, "generated.Words(v.String(), true)"), false, ""
	}
	if value := structValue(p, goType, k); value != "" {
		return valueOf(goType, value), true, ""
	}
	return "", false, fmt.Sprintf("what value a %s has cannot be seen from outside", goType)
}

func valueOf(goType, value string) string {
	return fmt.Sprintf("func(arg any) (generated.Value, bool) { v, known := arg.(%s); return %s, known }", goType, value)
}

// structValue returns the Go expression of the value of v, a struct with a field Valid.
func structValue(p *project.Package, goType string, k kind) string {
	if k == text {
		if enum := strings.TrimPrefix(goType, "Null"); p.Nulls[goType] && p.Enums[enum] {
			return "generated.Words(string(v." + enum + "), v.Valid)"
		}
	}
	known := map[kind]map[string]string{
		text:     {"pgtype.Text": "Words(v.String, v.Valid)", "sql.NullString": "Words(v.String, v.Valid)"},
		boolean:  {"pgtype.Bool": "Truth(v.Bool, v.Valid)", "sql.NullBool": "Truth(v.Bool, v.Valid)"},
		uniqueID: {"pgtype.UUID": "Words(v.String(), v.Valid)", "uuid.NullUUID": "Words(v.UUID.String(), v.Valid)"},
		integer: {
			"pgtype.Int2": "Number(int64(v.Int16), v.Valid)", "pgtype.Int4": "Number(int64(v.Int32), v.Valid)", "pgtype.Int8": "Number(v.Int64, v.Valid)",
			"sql.NullInt16": "Number(int64(v.Int16), v.Valid)", "sql.NullInt32": "Number(int64(v.Int32), v.Valid)", "sql.NullInt64": "Number(v.Int64, v.Valid)",
		},
	}
	for _, path := range [][2]string{{"pgtype", pgtypePath}, {"sql", "database/sql"}, {"uuid", uuidPath}} {
		if t := imported(p, goType, path[0], path[1]); t != "" {
			if value := known[k][path[0]+"."+t]; value != "" {
				return "generated." + value
			}
		}
	}
	return ""
}

// valid reports whether a type is a struct whose field Valid tells what is NULL.
func valid(p *project.Package, goType string) bool {
	t := imported(p, goType, "pgtype", pgtypePath)
	return p.Nulls[goType] || nullable[t] || strings.HasPrefix(t, "Range[") || sqlNulls[imported(p, goType, "sql", "database/sql")] ||
		imported(p, goType, "uuid", uuidPath) == "NullUUID"
}

// imported returns the name of a type after name., when the generated files mean by
// name the package of that path; "" otherwise.
func imported(p *project.Package, goType, name, path string) string {
	t, ok := strings.CutPrefix(goType, name+".")
	if known := p.Imports[name]; !ok || known != path {
		return ""
	}
	return t
}
