package effects

import (
	"regexp"
	"strings"
)

// settled are literals whose meaning no setting changes: ISO dates and times,
// those with a zone when there is one to tell, and plain intervals.
var settled = map[int]*regexp.Regexp{
	1082: regexp.MustCompile(`^\d{4}-\d\d-\d\d$`),
	1083: regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?$`),
	1114: regexp.MustCompile(`^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?$`),
	1184: regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$`),
	1186: regexp.MustCompile(`^\d+ ?[a-z]*$`),
}

// literals notes constants that were read from text whose meaning depends on the
// session, as 'today'::date does. In a view they were read once and for all.
func (a *Analyzer) literals(u *uses, tree value, script string) {
	tree.walk(func(n *node) bool {
		if n.kind != "CONST" || n.yes("constisnull") {
			return true
		}
		oid := n.oid("consttype")
		if oid == 0 || a.plainInput(oid) || strings.HasPrefix(a.types[oid].name, "reg") {
			return true
		}
		text, known := literalAt(script, n.number("location"))
		if form := settled[int(oid)]; !known || form == nil || !form.MatchString(text) {
			first(&u.session, "a literal of type "+a.typeName(oid))
		}
		return true
	})
}

// literalAt returns the text of the plain string literal at or, after a type's
// name as in interval '1 day', shortly behind an offset.
func literalAt(script string, from int) (string, bool) {
	if from < 0 || from >= len(script) {
		return "", false
	}
	rest := strings.TrimLeft(script[from:], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ \t\n")
	if !strings.HasPrefix(rest, "'") || strings.HasSuffix(script[:len(script)-len(rest)], "E") {
		return "", false
	}
	text, after, found := strings.Cut(rest[1:], "'")
	return text, found && !strings.HasPrefix(after, "'")
}
