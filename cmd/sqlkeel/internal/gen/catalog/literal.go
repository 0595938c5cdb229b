package catalog

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/tree"
	"github.com/sqlkeel/sqlkeel/internal/sqltext"
)

// settled are literals whose meaning no setting changes: ISO dates and times,
// those with a zone when there is one to tell, and plain intervals.
var settled = map[OID]*regexp.Regexp{
	dateOID:        regexp.MustCompile(`^\d{4}-\d\d-\d\d$`),
	timeOID:        regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?$`),
	timestampOID:   regexp.MustCompile(`^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?$`),
	timestamptzOID: regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$`),
	intervalOID:    spans,
}

var (
	spans = regexp.MustCompile(`^\d{1,3} ?[a-z]+$`)
	// moments are what a text must hold to be read as a time: a digit, or a word
	// for a moment.
	moments = regexp.MustCompile(`(?i)\d|now|today|tomorrow|yesterday|epoch|infinity|allballs`)
)

// Literals notes constants that were read from text whose meaning depends on the
// session, as 'today'::date does. In a view they were read once and for all. The
// tree does not tell where a constant stands, so that every text of the statement
// that may be it has to be settled.
func (c *Catalog) Literals(u *Uses, v tree.Value, text string) {
	var quoted []string
	v.Walk(func(n *tree.Node) bool {
		if n.Kind != "CONST" || n.Yes("constisnull") {
			return true
		}
		oid := n.OID("consttype")
		if oid == 0 || strings.HasPrefix(c.types[oid].Name, "reg") {
			return true
		}
		if c.PlainInput(oid) {
			if c.types[c.BaseType(oid)].Array && holdsNull(text) {
				first(&u.Session, "a literal of type "+c.TypeName(oid))
			}
			return true
		}
		if quoted == nil {
			quoted = texts(text)
		}
		for _, q := range quoted {
			if !isSettled(q, oid) {
				first(&u.Session, "a literal of type "+c.TypeName(oid))
			}
		}
		return true
	})
}

// holdsNull reports whether a text may have a NULL in an array: what that means the
// setting array_nulls says.
func holdsNull(text string) bool {
	return slices.ContainsFunc(texts(text), func(quoted string) bool { return strings.Contains(strings.ToLower(quoted), "null") })
}

// isSettled reports whether a quoted text means the same everywhere if it is read
// as the type, or cannot be read so.
func isSettled(quoted string, oid OID) bool {
	form := settled[oid]
	if form == nil || len(quoted) < 2 || quoted[0] != '\'' {
		return false
	}
	text := quoted[1 : len(quoted)-1]
	if strings.ContainsAny(text, `'\`) {
		return false // pieces of a text in several lines, perhaps
	}
	return form.MatchString(text) || !moments.MatchString(text) || oid != intervalOID && spans.MatchString(text)
}

// texts returns the quoted texts of a statement, quotes and all.
func texts(sql string) []string {
	out := []string{}
	for t := range sqltext.Code(sql) {
		if t.Kind == sqltext.String {
			out = append(out, t.Text(sql))
		}
	}
	return out
}
