package catalog

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/bodies"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/syntax"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
)

// run adds what a text may do that is put together at run time. Of format('SELECT … %I')
// it is known that it reads an unknown relation, and changes nothing.
func (r *bodyReader) run(run bodies.Run) {
	const runs = "EXECUTE runs a text that is put together at run time"
	s, ok := template(run.Expression, r.Functions)
	if !ok || r.unquiet() {
		first(&r.body.unknown, runs)
		return
	}
	for _, a := range s.Attributes {
		if a == placeholder {
			first(&r.body.unknown, runs)
			return
		}
	}
	s.Reads = slices.DeleteFunc(s.Reads, func(n syntax.Name) bool { return n.Name == placeholder })
	first(&r.body.reads, runs)
	r.named(s)
}

// placeholder stands for a name that is put in at run time.
const placeholder = "sqlkeel_placeholder"

// template returns what a call of format names, when its text is a constant that reads
// and does nothing else.
func template(n *tree.Node, functions map[OID]*Function) (*syntax.Uses, bool) {
	f := functions[n.OID("funcid")]
	if !n.Is("FUNCEXPR") || f == nil || !f.system() || f.Name != "format" || len(n.List("args")) == 0 {
		return nil, false
	}
	text, constant := tree.Text(n.List("args")[0])
	if !constant || strings.Contains(holes.ReplaceAllString(text, ""), "%") {
		return nil, false
	}
	s := syntax.Reading(holes.ReplaceAllStringFunc(text, func(hole string) string {
		switch hole[len(hole)-1] {
		case 'I':
			return placeholder
		case 'L':
			return "NULL"
		}
		return "%"
	}))
	return s, s != nil && !slices.ContainsFunc(s.Functions, func(f syntax.Name) bool { return f.Name == placeholder || f.Schema == placeholder }) &&
		!slices.ContainsFunc(s.Casts, func(f syntax.Name) bool { return f.Name == placeholder })
}

// holes are the parts of a format that put a name or a literal in; every other one may
// put SQL in.
var holes = regexp.MustCompile(`%(\d+\$)?[IL]|%%`)

// unquiet reports whether reading some relation of the schema may do more than that.
func (c *Catalog) unquiet() bool {
	for _, r := range c.Relations {
		var list []*Uses
		for _, rule := range r.Rules {
			if rule.Event == 0 {
				list = append(list, rule.Depends)
			}
		}
		for _, u := range append(list, r.Policies...) {
			if len(u.Functions) > 0 || u.Effect+u.Sequence+u.Anything != "" {
				return true
			}
		}
	}
	return false
}
