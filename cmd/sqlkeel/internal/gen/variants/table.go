package variants

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	pg "github.com/sqlc-dev/oliphant"
)

// table is what is known of a table, a view or a subquery: enough to tell whether
// some columns name one row of it.
type table struct {
	columns []column
	// keys are sets of columns that are never NULL and of which no two rows have the
	// same values. The empty set says that there is at most one row.
	keys [][]string
	// definition is a view's; it is read when it is asked for.
	definition string
	stored     bool // a materialised view, whose rows are there
}

type column struct {
	name string
	// typ is its format_type, with the collation when that takes different texts for
	// equal; "" when it is not known.
	typ     string
	notNull bool
}

func (t *table) column(name string) (column, bool) {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return t.columns[i], true
}

func (s *Schema) readTables(ctx context.Context, conn *pgx.Conn) error {
	const sql = `
SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), a.attname,
       format_type(a.atttypid, NULL) || coalesce(' COLLATE ' || l.oid::regcollation, ''), a.attnotnull,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END, c.relkind = 'm'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation l ON l.oid = a.attcollation AND NOT l.collisdeterministic
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
ORDER BY c.oid, a.attnum`
	rows, _ := conn.Query(ctx, sql)
	var schema, name, definition string
	var visible, stored bool
	var col column
	_, err := pgx.ForEachRow(rows, []any{&schema, &name, &visible, &col.name, &col.typ, &col.notNull, &definition, &stored}, func() error {
		t := s.tables[qualified(schema, name)]
		if t == nil {
			t = &table{definition: definition, stored: stored}
			s.tables[qualified(schema, name)] = t
		}
		if visible {
			s.tables[name] = t
		}
		t.columns = append(t.columns, col)
		return nil
	})
	return err
}

// readKeys reads the unique indexes over plain columns that compare as the columns
// do and hold all rows at any time. A parent's holds none of its children's rows.
func (s *Schema) readKeys(ctx context.Context, conn *pgx.Conn) error {
	const sql = `
WITH RECURSIVE base (type, of) AS ( -- what domains are made of
    SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
    UNION ALL SELECT t.oid, b.of FROM base b JOIN pg_type t ON t.typtype = 'd' AND t.typbasetype = b.type
)
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k(n)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k.n]
JOIN pg_opclass o ON o.oid = i.indclass[k.n]
JOIN base b ON b.type = a.atttypid
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM pg_opclass p WHERE p.opcmethod = o.opcmethod AND p.opcdefault AND p.opcintype = b.of AND p.oid <> o.oid) AS other) u
WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
  AND NOT (c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid))
GROUP BY i.indexrelid, n.nspname, c.relname
HAVING bool_and(a.attnotnull AND o.opcdefault AND NOT u.other AND i.indcollation[k.n] = a.attcollation)`
	rows, _ := conn.Query(ctx, sql)
	var schema, name string
	var key []string
	_, err := pgx.ForEachRow(rows, []any{&schema, &name, &key}, func() error {
		if t := s.tables[qualified(schema, name)]; t != nil {
			t.keys = append(t.keys, slices.Clone(key))
		}
		return nil
	})
	return err
}

// qualified is a key of tables that no name alone is: names have no zero bytes.
func qualified(schema, name string) string { return schema + "\x00" + name }

// find returns the table or view of a name, or nil.
func (s *Schema) find(v *pg.RangeVar) *table {
	if v.Schemaname != "" {
		return s.tables[qualified(v.Schemaname, v.Relname)]
	}
	return s.tables[v.Relname]
}

// renamed applies the column names of an alias.
func renamed(t *table, a *pg.Alias) *table {
	if t == nil || a == nil || len(a.Colnames) == 0 {
		return t
	}
	names := make([]string, len(a.Colnames))
	for i, n := range a.Colnames {
		names[i] = n.GetString_().GetSval()
	}
	return t.rename(names)
}

func (t *table) rename(names []string) *table {
	if len(names) > len(t.columns) {
		return nil
	}
	to := map[string]string{}
	out := &table{columns: slices.Clone(t.columns)}
	for i := range out.columns {
		if _, twice := to[out.columns[i].name]; twice {
			return nil
		}
		if i < len(names) {
			to[out.columns[i].name] = names[i]
			out.columns[i].name = names[i]
		} else {
			to[out.columns[i].name] = out.columns[i].name
		}
	}
	for _, k := range t.keys {
		key := []string{}
		for _, c := range k {
			key = append(key, to[c])
		}
		out.keys = append(out.keys, key)
	}
	return out
}
