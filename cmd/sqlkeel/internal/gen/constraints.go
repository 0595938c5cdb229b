package gen

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/emit"
)

// constraintsQuery lists the constraints of relations, and the unique indexes that
// are none, leaving out what partitions have of their parents, system schemas and
// extensions.
const constraintsQuery = `
WITH tables AS (
	SELECT c.oid, n.nspname, c.relname
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
		AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), found AS (
	SELECT o.conrelid AS relation, o.conname AS name, o.contype::text AS kind, o.conkey AS columns, o.confrelid AS target, o.confkey AS refs, false AS partial
	FROM pg_constraint o
	WHERE o.contype IN ('p', 'u', 'f', 'c', 'x') AND o.conparentid = 0
	UNION ALL
	SELECT i.indrelid, c.relname, 'i', i.indkey::int2[], 0, NULL, i.indpred IS NOT NULL
	FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
	WHERE i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
)
SELECT t.nspname, t.relname, f.name, f.kind, f.partial,
	coalesce((SELECT array_agg(coalesce(a.attname, 'an expression') ORDER BY k.n)
		FROM unnest(f.columns) WITH ORDINALITY k (number, n) LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number AND a.attnum > 0), '{}')::text[],
	coalesce((SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = f.target), ''),
	coalesce((SELECT array_agg(a.attname ORDER BY k.n)
		FROM unnest(f.refs) WITH ORDINALITY k (number, n) JOIN pg_attribute a ON a.attrelid = f.target AND a.attnum = k.number), '{}')::text[]
FROM found f JOIN tables t ON t.oid = f.relation`

var constraintKinds = map[string]emit.ConstraintKind{
	"p": emit.PrimaryKey, "u": emit.Unique, "f": emit.ForeignKey, "c": emit.Check, "x": emit.Exclusion, "i": emit.UniqueIndex,
}

func readConstraints(ctx context.Context, conn *pgx.Conn) ([]emit.Constraint, error) {
	rows, _ := conn.Query(ctx, constraintsQuery)
	var c emit.Constraint
	var kind string
	var list []emit.Constraint
	_, err := pgx.ForEachRow(rows, []any{&c.Schema, &c.Table, &c.Name, &kind, &c.Partial, &c.Columns, &c.Target, &c.Refs}, func() error {
		c.Kind = constraintKinds[kind]
		list = append(list, c)
		c.Columns, c.Refs = nil, nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the constraints: %w", err)
	}
	return list, nil
}
