package emit

import (
	"fmt"
	"strconv"
)

// copier writes how a value is made to share no memory with what it was copied from.
type copier struct {
	f     *file
	depth int // of loops and pointers
}

// cannotBeCopied reports whether a value may share memory with its copies of which
// nothing is known.
func cannotBeCopied(t *goType) bool { return t.kind == unknown }

// own writes the statements after which the variable that an expression names shares
// nothing. nil stays nil, and what is empty stays empty.
func (c *copier) own(expr string, t *goType) {
	if !t.shares() {
		return
	}
	switch t.kind {
	case bigNumber:
		c.f.line("%s = %s.CloneInt(%s)", expr, c.f.use(generatedPath), expr)
	case pointer:
		if !t.elem.shares() {
			c.f.line("%s = %s.ClonePointer(%s)", expr, c.f.use(generatedPath), expr)
			return
		}
		c.within("if %[1]s != nil {\nv%[2]d := *%[1]s", expr, "v", t.elem)
		c.f.line("%s = &v%d\n}", expr, c.depth+1)
	case list:
		c.f.line("%s = %s.Clone(%s)", expr, c.f.use("slices"), expr)
		c.elements(expr, t)
	case array:
		c.elements(expr, t)
	case mapping:
		c.f.line("%s = %s.Clone(%s)", expr, c.f.use("maps"), expr)
		if t.elem.shares() {
			c.within("for k%[2]d, v%[2]d := range %[1]s {", expr, "v", t.elem)
			c.f.line("%s[k%d] = v%d\n}", expr, c.depth+1, c.depth+1)
		}
	case structure:
		for _, f := range t.fields {
			c.own(member(expr, f.name), f.goType)
		}
	}
}

// elements writes how those of a list or an array come to share nothing.
func (c *copier) elements(expr string, t *goType) {
	if !t.elem.shares() {
		return
	}
	c.depth++
	i := "i" + strconv.Itoa(c.depth)
	c.f.line("for %s := range %s {", i, expr)
	c.own(expr+"["+i+"]", t.elem)
	c.f.line("}")
	c.depth--
}

// within writes the beginning of a block, and how the variable in it that is called
// by name and depth comes to share nothing.
func (c *copier) within(begin, expr, name string, t *goType) {
	c.depth++
	c.f.line(begin, expr, c.depth)
	c.own(fmt.Sprintf("%s%d", name, c.depth), t)
	c.depth--
}
