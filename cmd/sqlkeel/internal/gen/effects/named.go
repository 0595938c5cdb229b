package effects

import (
	"slices"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
)

// named returns the users' types that a driver must know to send a statement's
// parameters and to read its columns, sorted. What is inside of them, a driver finds
// in the catalog.
func (a *Analyzer) named(s *sighting) []string {
	var list []string
	add := func(t Type) {
		if name := a.nameOf(catalog.OID(t.OID)); name != "" {
			list = append(list, name)
		}
	}
	for _, t := range s.params {
		add(t)
	}
	for _, c := range s.columns {
		add(c.Type)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// nameOf returns the name of a type or of its elements. It is "" for PostgreSQL's own
// types, and for base types that an extension made: only their arrays can be known
// from the catalog.
func (a *Analyzer) nameOf(oid catalog.OID) string {
	t := a.cat.Type(oid)
	array := t != nil && t.Kind == 'b' && t.Array && t.Element != 0
	if array {
		t = a.cat.Type(t.Element)
	}
	if t == nil || t.OID < firstNormalOID || !array && t.Kind == 'b' {
		return ""
	}
	return t.Title
}
