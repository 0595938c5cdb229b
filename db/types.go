package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/stmt"
)

// RegisterTypes makes a connection know the types that generated code needs: enums,
// composites, domains and ranges, what they are made of, and their arrays. It costs
// one round trip. A type that the database does not have is passed over;
// [DB.Verify] names it.
//
// A [DB] does the same for each of its connections, with one round trip in all. This
// is for a bare pgxpool:
//
//	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
//		return db.RegisterTypes(ctx, conn, queries.Statements)
//	}
//
// The error is the connection's, the server's or ctx's.
func RegisterTypes(ctx context.Context, conn *pgx.Conn, statements *stmt.Registry) error {
	set, err := loadTypes(ctx, conn, statements.Types(), nil)
	if err != nil {
		return fmt.Errorf("db: register types: %w", err)
	}
	set.register(conn.TypeMap(), nil)
	return nil
}

// typeSet is what one database says of types. Its maps are not changed once it is shared.
type typeSet struct {
	types   map[uint32]dbType
	found   map[string]bool // the names that were asked for, and whether they are there
	asked   []uint32        // the OIDs that were asked for; sorted
	doubted atomic.Bool     // a value did not fit its type, and the server was asked again
}

// dbType is a type as the catalogs describe it.
type dbType struct {
	oid        uint32
	name       string // with its schema, so that it is no name of PostgreSQL's own
	kind       string // typtype: b, c, d, e, m, p, r
	array      bool
	inner      uint32 // element, base type, subtype of a range, range of a multirange
	delimiter  string
	fields     []string
	fieldTypes []uint32
	names      []string // by which it was asked for
}

func (t dbType) equal(u dbType) bool {
	return t.oid == u.oid && t.name == u.name && t.kind == u.kind && t.array == u.array && t.inner == u.inner && t.delimiter == u.delimiter &&
		slices.Equal(t.fields, u.fields) && slices.Equal(t.fieldTypes, u.fieldTypes)
}

// typesQuery describes the types that are named in $1 (and by their last parts in $2)
// and those whose OIDs are in $3. It includes their arrays and all that these are made
// of. A name without a schema is that of a type in public, or else in the search_path.
const typesQuery = `
WITH RECURSIVE candidate AS (
	SELECT t.oid, t.typname, t.typarray, pg_type_is_visible(t.oid) AS visible,
		CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(t.typname) AS name
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE t.typname = ANY ($2::text[])
), root AS (
	SELECT c.oid, c.typarray, w.name
	FROM unnest($1::text[]) w (name) JOIN candidate c ON c.name = w.name
		OR c.visible AND quote_ident(c.typname) = w.name AND NOT EXISTS (SELECT FROM candidate o WHERE o.name = w.name)
	UNION ALL
	SELECT oid, typarray, NULL FROM pg_type WHERE oid = ANY ($3::oid[])
), needed AS (
	SELECT oid FROM root
	UNION SELECT typarray FROM root
	UNION
	SELECT i.oid FROM needed d JOIN pg_type t ON t.oid = d.oid CROSS JOIN LATERAL (
		SELECT t.typelem AS oid WHERE t.typcategory = 'A' AND t.typtype = 'b'
		UNION ALL SELECT t.typbasetype
		UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
		UNION ALL SELECT r.rngtypid FROM pg_range r WHERE to_jsonb(r)->>'rngmultitypid' = t.oid::text
	) i WHERE i.oid <> 0
)
SELECT t.oid, n.nspname || '.' || t.typname, t.typtype::text, t.typcategory = 'A' AND t.typtype = 'b', t.typdelim::text,
	CASE WHEN t.typcategory = 'A' AND t.typtype = 'b' THEN t.typelem WHEN t.typtype = 'd' THEN t.typbasetype ELSE coalesce(
		(SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid),
		(SELECT r.rngtypid FROM pg_range r WHERE to_jsonb(r)->>'rngmultitypid' = t.oid::text), 0) END::oid,
	coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
		WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '{}'),
	coalesce((SELECT array_agg(a.atttypid ORDER BY a.attnum) FROM pg_attribute a
		WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '{}')::oid[],
	coalesce((SELECT array_agg(r.name) FROM root r WHERE r.oid = t.oid AND r.name IS NOT NULL), '{}')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.oid IN (SELECT oid FROM needed)`

// loadTypes asks for types by their names and OIDs, in one round trip.
func loadTypes(ctx context.Context, conn *pgx.Conn, names []string, oids []uint32) (*typeSet, error) {
	set := &typeSet{types: map[uint32]dbType{}, found: map[string]bool{}, asked: oids}
	for _, name := range names {
		set.found[name] = false
	}
	if len(names) == 0 && len(oids) == 0 {
		return set, nil
	}
	var t dbType
	rows, _ := conn.Query(ctx, typesQuery, uncached(conn), names, lastParts(names), oids)
	_, err := pgx.ForEachRow(rows, []any{&t.oid, &t.name, &t.kind, &t.array, &t.delimiter, &t.inner, &t.fields, &t.fieldTypes, &t.names}, func() error {
		set.types[t.oid] = t
		for _, name := range t.names {
			set.found[name] = true
		}
		t = dbType{}
		return nil
	})
	return set, err
}

// lastParts returns what may be the names of types without their schemas, by which
// the catalog has an index. A dot may be part of a name: then there are too many.
func lastParts(names []string) []string {
	var list []string
	for _, name := range names {
		for {
			part := name
			if strings.HasPrefix(part, `"`) && strings.HasSuffix(part, `"`) && len(part) > 1 {
				part = strings.ReplaceAll(part[1:len(part)-1], `""`, `"`)
			}
			list = append(list, part)
			_, rest, more := strings.Cut(name, ".")
			if !more {
				break
			}
			name = rest
		}
	}
	return list
}

// missing returns the names that the database does not have, sorted.
func (s *typeSet) missing() []string {
	var list []string
	for name, found := range s.found {
		if !found {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// same says whether both describe the same types.
func (s *typeSet) same(o *typeSet) bool {
	if o == nil || len(s.types) != len(o.types) || !slices.Equal(s.asked, o.asked) {
		return false
	}
	for oid, t := range s.types {
		if u, there := o.types[oid]; !there || !t.equal(u) {
			return false
		}
	}
	return true
}
