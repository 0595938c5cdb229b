package db

import (
	"database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
)

// register makes a connection know the types, apart from those that it knows from
// before alike. Each connection has codecs of its own: pgx's codec of enums keeps the
// strings that it read, and is for one connection.
func (s *typeSet) register(m *pgtype.Map, before *typeSet) {
	r := registration{set: s, types: m, made: map[uint32]*pgtype.Type{}}
	for oid, t := range s.types {
		if before != nil {
			if old, known := before.types[oid]; known && old.equal(t) {
				continue
			}
		}
		if made := r.make(oid, 0); made != nil && s.users(oid) {
			m.RegisterType(made)
		}
	}
}

// users says whether a type can be registered: it is of the schema, and no base type,
// which an extension made and only its own Go code understands.
func (s *typeSet) users(oid uint32) bool {
	t := s.types[oid]
	return oid >= firstUserOID && (t.array || t.kind != "b" && t.kind != "p")
}

// firstUserOID is where the OIDs begin of objects that initdb did not make.
const firstUserOID = 16384

// registration makes the types of one connection.
type registration struct {
	set   *typeSet
	types *pgtype.Map
	made  map[uint32]*pgtype.Type
}

// deepest bounds types within types; PostgreSQL lets none contain itself.
const deepest = 100

// make returns a type, made of what the connection knows already or of the set.
func (r *registration) make(oid uint32, depth int) *pgtype.Type {
	if made := r.made[oid]; made != nil {
		return made
	}
	t, described := r.set.types[oid]
	if known, ok := r.types.TypeForOID(oid); ok && (!described || !r.set.users(oid)) {
		return known
	}
	made := &pgtype.Type{Name: t.name, OID: oid, Codec: opaque{}}
	if described && r.set.users(oid) && depth < deepest {
		made.Codec = r.codec(t, depth)
	}
	r.made[oid] = made
	return made
}

func (r *registration) codec(t dbType, depth int) pgtype.Codec {
	if t.kind == "c" {
		c := &pgtype.CompositeCodec{}
		for i, name := range t.fields {
			c.Fields = append(c.Fields, pgtype.CompositeCodecField{Name: name, Type: r.make(t.fieldTypes[i], depth+1)})
		}
		return composite{inText{c}, t.name, len(c.Fields)}
	}
	if t.kind == "e" {
		return &pgtype.EnumCodec{}
	}
	inner := r.make(t.inner, depth+1)
	var c pgtype.Codec
	switch {
	case t.array:
		c = &pgtype.ArrayCodec{ElementType: inner, Delimiter: t.delimiter[0]}
	case t.kind == "d":
		return inner.Codec
	case t.kind == "r":
		c = &pgtype.RangeCodec{ElementType: inner}
	case t.kind == "m":
		c = &pgtype.MultirangeCodec{ElementType: inner}
	default:
		return opaque{}
	}
	switch inner.Codec.(type) {
	case inText, composite:
		return inText{c}
	}
	return c
}

// inText is a codec whose values are sent as text where the receiver has the choice.
// sqlc gives a composite to Go as a string, which is what a connection that does not
// know the type returns; a struct can be read from text as well.
type inText struct{ pgtype.Codec }

// PreferredFormat is text.
func (inText) PreferredFormat() int16 { return pgtype.TextFormatCode }

// DecodeDatabaseSQLValue returns the text.
func (c inText) DecodeDatabaseSQLValue(m *pgtype.Map, oid uint32, format int16, src []byte) (driver.Value, error) {
	if format == pgtype.TextFormatCode {
		return pgtype.TextCodec{}.DecodeDatabaseSQLValue(m, oid, format, src)
	}
	return c.Codec.DecodeDatabaseSQLValue(m, oid, format, src)
}

// composite is the codec of a composite.
type composite struct {
	inText
	name   string
	fields int
}

// DecodeValue returns for any what an unknown type is: its text.
func (c composite) DecodeValue(m *pgtype.Map, oid uint32, format int16, src []byte) (any, error) {
	if format == pgtype.TextFormatCode {
		return pgtype.TextCodec{}.DecodeValue(m, oid, format, src)
	}
	return c.Codec.DecodeValue(m, oid, format, src)
}

// PlanScan is pgx's, but for a value that has other fields than the type had when it
// was loaded: pgx would leave out those at the end.
func (c composite) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	plan := c.Codec.PlanScan(m, oid, format, target)
	if plan == nil || format != pgtype.TextFormatCode {
		return plan
	}
	return wholeRow{plan, c}
}

type wholeRow struct {
	pgtype.ScanPlan
	codec composite
}

// Scan reads a value.
func (p wholeRow) Scan(src []byte, target any) error {
	if n := countFields(src); src != nil && n != p.codec.fields && (p.codec.fields > 0 || string(src) != "()") {
		return fmt.Errorf("a value of %s has %s, the type had %d when it was loaded", p.codec.name, plural(n, "field"), p.codec.fields)
	}
	return p.ScanPlan.Scan(src, target)
}

// countFields counts the fields of a composite in text: (1,"a,b","say ""no"""). One
// that is NULL and none look the same.
func countFields(src []byte) int {
	n, quoted := 1, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			n++
		}
	}
	return n
}

// opaque is the codec of what is inside of a known type and not known itself: text.
type opaque struct{ pgtype.TextCodec }

// FormatSupported says that there is no binary form.
func (opaque) FormatSupported(format int16) bool { return format == pgtype.TextFormatCode }
