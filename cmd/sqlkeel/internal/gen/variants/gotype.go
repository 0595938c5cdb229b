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
		return fmt.Sprintf("func(arg any) (present, known bool) { v, known := arg.(%s); return v.Valid, known }", goType), ""
	}
	if basic[goType] || p.Enums[goType] || imported(p, goType, "time", "time") == "Time" || imported(p, goType, "uuid", uuidPath) == "UUID" {
		return "", fmt.Sprintf("its Go type %s is never NULL: %s", goType, remedy)
	}
	return "", fmt.Sprintf("whether a %s is NULL cannot be seen from outside: %s", goType, remedy)
}

// value returns the Go expression that tells the text of an argument.
func value(p *project.Package, goType string) (expr, why string) {
	if goType == "string" || p.Enums[goType] {
		return "generated.Text[" + goType + "]", ""
	}
	if t, ok := strings.CutPrefix(goType, "*"); ok && (t == "string" || p.Enums[t]) {
		return "generated.TextPointer[" + t + "]", ""
	}
	const literal = "func(arg any) (text string, null, known bool) { v, known := arg.(%s); return %s, !v.Valid, known }"
	if imported(p, goType, "pgtype", pgtypePath) == "Text" {
		return fmt.Sprintf(literal, goType, "v.String"), ""
	}
	if enum := strings.TrimPrefix(goType, "Null"); p.Nulls[goType] && p.Enums[enum] {
		return fmt.Sprintf(literal, goType, "string(v."+enum+")"), ""
	}
	return "", fmt.Sprintf("the text of a %s is not known", goType)
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
