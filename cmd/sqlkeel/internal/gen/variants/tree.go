package variants

import (
	"fmt"
	"reflect"
	"strings"

	pg "github.com/sqlc-dev/oliphant"
)

// children calls f for each message that v, a message of the tree, holds directly.
// The wrappers pg.Node and those of its alternatives are looked through.
func children(v any, f func(child any)) {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		return
	}
	rv = rv.Elem()
	for i := range rv.NumField() {
		if rv.Type().Field(i).IsExported() {
			messages(rv.Field(i), f)
		}
	}
}

// messages calls f for the messages in a field.
func messages(v reflect.Value, f func(any)) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			messages(v.Index(i), f)
		}
	case reflect.Interface:
		if !v.IsNil() {
			messages(v.Elem().Elem().Field(0), f)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(*pg.Node); ok {
			messages(reflect.ValueOf(n).Elem().FieldByName("Node"), f)
			return
		}
		f(v.Interface())
	}
}

// walk visits v and everything under it; visit returns false to stay out.
func walk(v any, visit func(any) bool) {
	if n, ok := v.(*pg.Node); ok {
		v = inner(n)
	}
	if v == nil || !visit(v) {
		return
	}
	children(v, func(c any) { walk(c, visit) })
}

// inner returns the message that a node wraps, or nil.
func inner(n *pg.Node) (v any) {
	if n == nil {
		return nil
	}
	messages(reflect.ValueOf(n), func(c any) { v = c })
	return v
}

// printer writes a tree as a text that is equal for equal trees, wherever they stand
// and however their conjunctions and disjunctions are nested. Messages of swap are
// replaced; by nil: left out.
type printer struct {
	b    strings.Builder
	swap map[any]any
}

func print(v any, swap map[any]any) string {
	p := printer{swap: swap}
	p.message(v)
	return p.b.String()
}

// resolve follows replacements and wrappers to the message to print.
func (p *printer) resolve(v any) any {
	for {
		if n, ok := v.(*pg.Node); ok {
			v = inner(n)
		}
		r, ok := p.swap[v]
		if v == nil || !ok {
			return v
		}
		v = r
	}
}

func (p *printer) message(v any) {
	v = p.resolve(v)
	if v == nil {
		return
	}
	if b, ok := v.(*pg.BoolExpr); ok && b.Boolop != pg.BoolExprType_NOT_EXPR {
		p.junction(b)
		return
	}
	rv := reflect.ValueOf(v).Elem()
	p.b.WriteString(rv.Type().Name())
	p.b.WriteByte('{')
	for i := range rv.NumField() {
		if f := rv.Type().Field(i); f.IsExported() && !places[f.Name] && !p.empty(rv.Field(i)) {
			p.b.WriteString(f.Name)
			p.b.WriteByte(':')
			p.value(rv.Field(i))
			p.b.WriteByte(' ')
		}
	}
	p.b.WriteByte('}')
}

// empty reports whether a field holds nothing that is printed.
func (p *printer) empty(v reflect.Value) bool {
	if v.Kind() != reflect.Slice {
		return v.IsZero()
	}
	for i := range v.Len() {
		if n, ok := v.Index(i).Interface().(*pg.Node); !ok || p.resolve(n) != nil {
			return false
		}
	}
	return true
}

// places are the fields that say where in the text something stands.
var places = map[string]bool{
	"Location": true, "NameLocation": true, "StmtLocation": true, "StmtLen": true,
	"ListStart": true, "ListEnd": true, "RexprListStart": true, "RexprListEnd": true,
}

func (p *printer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		p.b.WriteByte('[')
		for i := range v.Len() {
			p.value(v.Index(i))
		}
		p.b.WriteByte(']')
	case reflect.Interface:
		p.value(v.Elem().Elem().Field(0))
	case reflect.Pointer:
		if !v.IsNil() {
			p.message(v.Interface())
		}
	default:
		fmt.Fprintf(&p.b, "%#v", v.Interface())
	}
}

// junction prints AND and OR without their nesting; TRUE in an OR makes it TRUE.
func (p *printer) junction(b *pg.BoolExpr) {
	var parts []any
	p.parts(b, b.Boolop, &parts)
	if b.Boolop == pg.BoolExprType_OR_EXPR {
		for _, v := range parts {
			if c, ok := v.(*pg.A_Const); ok && c.GetBoolval().GetBoolval() {
				p.message(c)
				return
			}
		}
	}
	p.b.WriteString(b.Boolop.String())
	for _, v := range parts {
		p.b.WriteByte(' ')
		p.message(v)
	}
	p.b.WriteByte(';')
}

// parts lists what b joins, looking through joins of the same kind.
func (p *printer) parts(b *pg.BoolExpr, op pg.BoolExprType, parts *[]any) {
	for _, a := range b.Args {
		m := p.resolve(a)
		if nested, ok := m.(*pg.BoolExpr); ok && nested.Boolop == op {
			p.parts(nested, op, parts)
			continue
		}
		*parts = append(*parts, m)
	}
}

// constant is the tree of TRUE or FALSE.
func constant(v bool) *pg.A_Const {
	return &pg.A_Const{Val: &pg.A_Const_Boolval{Boolval: &pg.Boolean{Boolval: v}}}
}
