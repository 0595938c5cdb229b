package catalog

import "strings"

// typeInfo is what decides whether a type's text depends on the session.
type typeInfo struct {
	name     string
	kind     byte // pg_type.typtype
	element  OID  // of an array, a domain or a range
	relation OID  // of a row type
}

// sessionTypes are the types whose text PostgreSQL reads or prints in a way that
// settings decide: TimeZone, DateStyle, IntervalStyle, lc_monetary, search_path.
var sessionTypes = map[string]bool{
	"date": true, "time": true, "timetz": true, "timestamp": true, "timestamptz": true, "interval": true,
	"money": true, "xml": true, "record": true, "_record": true,
}

// systemColumns tell where and by whom a row was written or locked, in the order of
// their numbers downwards from -1: they change without the row doing so. tableoid,
// which follows, does not.
var systemColumns = []string{"ctid", "xmin", "cmin", "xmax", "cmax"}

const tableOID = -6

// timed reports whether a type is one of those, or made of one.
func (c *Catalog) timed(oid OID) bool { return c.timedWithin(oid, 8) }

// timedWithin looks no deeper than that, because row types can hold each other.
func (c *Catalog) timedWithin(oid OID, depth int) bool {
	t := c.types[oid]
	switch {
	case t == nil:
		return false
	case depth == 0, sessionTypes[t.name], strings.HasPrefix(t.name, "reg") && t.kind == 'b':
		return true
	case t.element != 0 && c.timedWithin(t.element, depth-1):
		return true
	}
	for _, column := range c.relationColumns(t.relation) {
		if c.timedWithin(column.Type, depth-1) {
			return true
		}
	}
	return false
}

func (c *Catalog) relationColumns(oid OID) []Column {
	if r := c.Relations[oid]; r != nil {
		return r.Columns
	}
	return nil
}
