package emit

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// keyWriter writes how a key is made of parameters: the fields of its type, and the
// statements that set those of k.
type keyWriter struct {
	f       *file
	runtime string // the name of package generated
	fields  bytes.Buffer
	body    bytes.Buffer
	names   map[string]bool
	depth   int // of loops
}

// cannotBeKey reports whether no key distinguishes two values of a kind.
func cannotBeKey(t *goType) bool {
	return t.kind == unknown || t.kind == mapping || t.kind == bigNumber
}

func (k *keyWriter) line(format string, args ...any) { fmt.Fprintf(&k.body, format+"\n", args...) }

// declare adds a field to the key, and returns its name.
func (k *keyWriter) declare(name, goType string) string {
	free := name
	for i := 2; k.names[free]; i++ {
		free = name + strconv.Itoa(i)
	}
	k.names[free] = true
	fmt.Fprintf(&k.fields, "%s %s\n", free, goType)
	return "k." + free
}

// part writes the part of a key that tells values of the expression apart.
func (k *keyWriter) part(name, expr string, t *goType) {
	switch {
	case t.plain():
		k.line("%s = %s", k.declare(name, k.f.spell(t)), expr)
	case t.kind == floating:
		k.line("%s = %s.FloatOf(%s)", k.declare(name, k.runtime+".Float"), k.runtime, expr)
	case t.kind == instant:
		k.line("%s = %s.InstantOf(%s)", k.declare(name, k.runtime+".Instant"), k.runtime, expr)
	case t.kind == pointer:
		k.line("if %s != nil {\n%s = true", expr, k.declare(name+"Given", "bool"))
		k.part(name, "*"+expr, t.elem)
		k.line("}")
	case t.kind == structure:
		for _, f := range t.fields {
			k.part(name+f.name, member(expr, f.name), f.goType)
		}
	case isBytes(t):
		k.line("%s = %s != nil", k.declare(name+"Given", "bool"), expr)
		k.line("%s = string(%s)", k.declare(name, "string"), expr)
	default:
		k.line("{\nvar b []byte")
		k.append(expr, t)
		k.line("%s = string(b)\n}", k.declare(name, "string"))
	}
}

// append writes how the value of an expression is appended to b.
func (k *keyWriter) append(expr string, t *goType) {
	with := func(function, value string) { k.line("b = %s.%s(b, %s)", k.runtime, function, value) }
	switch t.kind {
	case integer:
		with("AppendInt", expr)
	case text:
		with("AppendText", expr)
	case boolean:
		with("AppendBool", expr)
	case handle:
		with("AppendText", member(expr, "String()"))
	case floating:
		with("AppendInt", fmt.Sprintf("%s.FloatOf(%s)", k.runtime, expr))
	case instant:
		with("AppendInstant", expr)
	case pointer:
		with("AppendBool", expr+" != nil")
		k.line("if %s != nil {", expr)
		k.append("*"+expr, t.elem)
		k.line("}")
	case structure:
		for _, f := range t.fields {
			k.append(member(expr, f.name), f.goType)
		}
	case list:
		if isBytes(t) {
			with("AppendBytes", expr)
			return
		}
		with("AppendLen", expr)
		k.each(expr, t.elem)
	case array:
		k.each(expr, t.elem)
	}
}

func (k *keyWriter) each(expr string, elem *goType) {
	k.depth++
	e := "e" + strconv.Itoa(k.depth)
	k.line("for _, %s := range %s {", e, expr)
	k.append(e, elem)
	k.line("}")
	k.depth--
}

func isBytes(t *goType) bool {
	return t.kind == list && (t.elem.spelled == "byte" || t.elem.spelled == "uint8")
}

// member returns the expression of a field or method.
func member(expr, name string) string {
	if strings.HasPrefix(expr, "*") {
		expr = "(" + expr + ")"
	}
	return expr + "." + name
}
