package catalog

import (
	"regexp"
	"strings"
)

// declared is what the COMMENT of a function says that it does.
type declared struct {
	reads, writes         []string
	saysReads, saysWrites bool
}

// declaration finds -- @reads and @writes in a comment, as in a statement's.
var declaration = regexp.MustCompile(`(?m)^\s*@(reads|writes)[ \t]+(.+?)\s*$`)

func readDeclared(comment string) (d declared) {
	for _, m := range declaration.FindAllStringSubmatch(comment, -1) {
		var list []string
		if m[2] != "nothing" {
			for _, name := range strings.Split(m[2], ",") {
				list = append(list, strings.TrimSpace(name))
			}
		}
		if m[1] == "reads" {
			d.saysReads, d.reads = true, append(d.reads, list...)
		} else {
			d.saysWrites, d.writes = true, append(d.writes, list...)
		}
	}
	return d
}

// apply puts what is declared in the place of what is not known.
func (d declared) apply(c *Catalog, b *body) {
	find := func(names []string, add func(OID)) bool {
		for _, name := range names {
			oid, ok := c.Named(name)
			if !ok {
				first(&b.unknown, "its COMMENT names "+name+", which is no relation")
				return false
			}
			add(oid)
		}
		return true
	}
	why := b.unknown
	if why == "" {
		why = b.reads
	}
	if !d.saysReads && !d.saysWrites || !find(d.reads, func(oid OID) { b.Relations[oid] = true }) ||
		!find(d.writes, func(oid OID) { b.Changes = append(b.Changes, Change{Relation: oid, Event: anyRows}) }) {
		return
	}
	if d.saysWrites {
		b.unknown = ""
		if !d.saysReads {
			b.reads = why
		}
	}
	if d.saysReads {
		b.reads = ""
	}
}
