package syntax

import (
	"reflect"

	pg "github.com/sqlc-dev/oliphant"
)

// Walk calls visit for n and for every node under it, parents before children and
// in the order of the tree's fields. visit gets pointers to the node types of the
// parser, such as *pg.SelectStmt, never the wrapper *pg.Node and never nil; when
// it returns false the children of that node are skipped. n may be any node, a
// wrapper, a slice of either, or nil.
func Walk(n any, visit func(n any) bool) {
	each(reflect.ValueOf(n), func(node any) {
		if visit(node) {
			Children(node, func(child any) { Walk(child, visit) })
		}
	})
}

// Children calls visit for the nodes directly under n, which is a pointer to a
// node type of the parser.
func Children(n any, visit func(child any)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	fields(v.Elem(), visit)
}

func fields(v reflect.Value, visit func(any)) {
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			each(v.Field(i), visit)
		}
	}
}

// each calls visit for the nodes that a field holds: itself, those of a list, or
// the one that a wrapper wraps.
func each(v reflect.Value, visit func(any)) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			each(v.Index(i), visit)
		}
	case reflect.Interface:
		if !v.IsNil() {
			each(v.Elem(), visit)
		}
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return
		}
		if wraps(v) {
			fields(v.Elem(), visit)
			return
		}
		visit(v.Interface())
	}
}

var message = reflect.TypeFor[interface{ ProtoMessage() }]()

// wraps reports whether v points to something that only holds another node: the
// wrapper itself, or one alternative of its field.
func wraps(v reflect.Value) bool {
	if _, wrapper := v.Interface().(*pg.Node); wrapper {
		return true
	}
	return !v.Type().Implements(message)
}

// texts returns the texts of a list of String nodes, such as a function's name;
// it ignores what is none.
func texts(list []*pg.Node) []string {
	var out []string
	for _, n := range list {
		if s := n.GetString_(); s != nil {
			out = append(out, s.GetSval())
		}
	}
	return out
}
