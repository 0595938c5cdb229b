package variants

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Schema is what PostgreSQL's catalogs say of the database in which variants are to
// be proven. It does not change.
type Schema struct {
	aggregates map[string]bool
	own        map[string]bool     // aggregates that are not PostgreSQL's
	shadowed   map[string]bool     // aggregates of whose name there are other functions
	enums      map[string]bool     // by format_type
	composites map[string]bool     // by format_type, domains over them included
	sets       map[string]bool     // functions that return sets
	inlined    map[string][]string // bodies of functions that are put in their call's place
	tables     map[string]*table   // by schema and name, and by name when the search_path shows it
}

// Read reads the catalogs. Names without a schema are those that conn's search_path
// shows.
func Read(ctx context.Context, conn *pgx.Conn) (*Schema, error) {
	s := &Schema{
		aggregates: map[string]bool{}, own: map[string]bool{}, shadowed: map[string]bool{}, enums: map[string]bool{}, composites: map[string]bool{},
		sets: map[string]bool{}, inlined: map[string][]string{}, tables: map[string]*table{},
	}
	for _, read := range []func(context.Context, *pgx.Conn) error{s.readAggregates, s.readSets, s.readInlined, s.readTypes, s.readTables, s.readKeys} {
		if err := read(ctx, conn); err != nil {
			return nil, fmt.Errorf("read the catalogs for variants: %w", err)
		}
	}
	return s, nil
}

func (s *Schema) readAggregates(ctx context.Context, conn *pgx.Conn) error {
	// An extension's max(citext) is like PostgreSQL's max.
	const sql = `
SELECT p.proname, bool_or(p.pronamespace <> 'pg_catalog'::regnamespace AND NOT (b.builtin AND d.objid IS NOT NULL)),
    EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.prokind <> 'a')
FROM pg_proc p
LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM pg_proc b WHERE b.proname = p.proname AND b.prokind = 'a' AND b.pronamespace = 'pg_catalog'::regnamespace) AS builtin) b
WHERE p.prokind = 'a'
GROUP BY p.proname`
	rows, _ := conn.Query(ctx, sql)
	var name string
	var own, shadowed bool
	_, err := pgx.ForEachRow(rows, []any{&name, &own, &shadowed}, func() error {
		s.aggregates[name], s.own[name], s.shadowed[name] = true, own, shadowed
		return nil
	})
	return err
}

func (s *Schema) readSets(ctx context.Context, conn *pgx.Conn) error {
	rows, _ := conn.Query(ctx, "SELECT DISTINCT proname FROM pg_proc WHERE proretset")
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, n := range names {
		s.sets[n] = true
	}
	return err
}

func (s *Schema) readTypes(ctx context.Context, conn *pgx.Conn) error {
	const sql = `
WITH RECURSIVE composite AS (
    SELECT oid FROM pg_type WHERE typtype = 'c'
    UNION SELECT t.oid FROM pg_type t JOIN composite c ON t.typtype = 'd' AND t.typbasetype = c.oid
)
SELECT format_type(t.oid, NULL), t.typtype = 'e'
FROM pg_type t WHERE t.typtype = 'e' OR t.oid IN (SELECT oid FROM composite)`
	rows, _ := conn.Query(ctx, sql)
	var name string
	var enum bool
	_, err := pgx.ForEachRow(rows, []any{&name, &enum}, func() error {
		if enum {
			s.enums[name] = true
		} else {
			s.composites[name] = true
		}
		return nil
	})
	return err
}
