package emit

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// literal returns the Go expression of a value made of package stmt's types,
// strings, numbers and lists of those. stmt is the name of that package in the
// file. Zero fields are left out, so a field that is added to a type needs no
// change here.
func literal(v reflect.Value, stmt string) string {
	switch v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "0x" + strconv.FormatUint(v.Uint(), 16)
	case reflect.Pointer:
		return "&" + literal(v.Elem(), stmt)
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = strings.TrimPrefix(literal(v.Index(i), stmt), typeName(v.Type().Elem(), stmt))
		}
		return typeName(v.Type(), stmt) + "{" + strings.Join(items, ", ") + "}"
	case reflect.Struct:
		return typeName(v.Type(), stmt) + "{" + strings.Join(fields(v, stmt), ", ") + "}"
	}
	// A kind that none of stmt's types has; the compiler will say so.
	return fmt.Sprintf("unsupported(%q)", v.Type())
}

// fields returns the fields of a struct that are not zero, as Name: value. It
// passes over those that are named in skip.
func fields(v reflect.Value, stmt string, skip ...string) []string {
	var list []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() || slices.Contains(skip, name) || v.Field(i).Kind() == reflect.Func {
			continue
		}
		list = append(list, name+": "+literal(v.Field(i), stmt))
	}
	return list
}

func typeName(t reflect.Type, stmt string) string {
	switch {
	case t.Kind() == reflect.Slice && t.Name() == "":
		return "[]" + typeName(t.Elem(), stmt)
	case t.PkgPath() != "":
		return stmt + "." + t.Name()
	}
	return t.String()
}
