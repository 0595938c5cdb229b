package rows

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// column is a column of a table.
type column struct {
	name    string
	typ     uint32
	length  int // of its texts; 0: any
	notNull bool
	key     bool // the first column of a unique index
	foreign bool // refers to another table
	texts   []string
}

// table is a table with the rows that were put into it; nil is NULL.
type table struct {
	name    string // as the effects of a statement write it
	quoted  string
	columns []column
	rows    [][]*string
}

const tablesQuery = `
SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname), format('%I.%I', n.nspname, c.relname),
       a.attname, a.atttypid, CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 4 THEN a.atttypmod - 4 WHEN a.atttypid IN (1560, 1562) THEN greatest(a.atttypmod, 0) ELSE 0 END,
       a.attnotnull,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indkey[0] = a.attnum),
       EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)),
       coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
        AND pg_get_constraintdef(k.oid) !~ '~|<>'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema$)'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY c.oid, a.attnum`

// tables reads which tables there are.
func (s *schema) tables(t testing.TB, p *pool) (list []*table) {
	t.Helper()
	rows, err := s.conn.Query(t.Context(), tablesQuery)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var of table
		var c column
		var checks string
		if err = rows.Scan(&of.name, &of.quoted, &c.name, &c.typ, &c.length, &c.notNull, &c.key, &c.foreign, &checks); err != nil {
			t.Fatal(err)
		}
		c.texts = literals(checks)
		p.texts[c.name] = append(p.texts[c.name], c.texts...)
		if len(list) == 0 || list[len(list)-1].quoted != of.quoted {
			list = append(list, &of)
		}
		last := list[len(list)-1]
		last.columns = append(last.columns, c)
	}
	if err = rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// partitions gives tables without partitions one.
const partitions = `
DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT c.oid, format('%I.%I', n.nspname, 'rows_' || c.oid) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_partitioned_table p ON p.partrelid = c.oid
        WHERE p.partstrat <> 'h' AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
    LOOP EXECUTE format('CREATE TABLE %s PARTITION OF %s DEFAULT', r.name, r.oid::regclass); END LOOP;
END $$`

// fill puts rows into all tables. Foreign keys and triggers are off.
func (s *schema) fill(t testing.TB, p *pool, count int) map[string]*table {
	t.Helper()
	s.exec(t, "SET session_replication_role = replica")
	s.exec(t, "SET synchronous_commit = off")
	s.exec(t, partitions)
	byName, rows, empty := map[string]*table{}, 0, 0
	for _, of := range s.tables(t, p) {
		s.fillTable(t, p, of, count)
		byName[of.name] = of
		if rows += len(of.rows); len(of.rows) == 0 {
			empty++
			t.Logf("%s has no rows", of.name)
		}
	}
	s.exec(t, "ANALYZE")
	t.Logf("%d tables have %d rows, %d have none", len(byName), rows, empty)
	return byName
}

func (s *schema) exec(t testing.TB, sql string) {
	t.Helper()
	if _, err := s.conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// fillTable inserts many rows at once, and each alone where that fails.
func (s *schema) fillTable(t testing.TB, p *pool, of *table, count int) {
	const several = 25
	refused := 0
	for from := 0; from < count && refused < 3*several; from += several {
		var rows [][]*string
		for i := range several {
			rows = append(rows, p.row(of, from+i))
		}
		if s.insert(t, of, rows) == nil {
			of.rows = append(of.rows, rows...)
			continue
		}
		for i, row := range rows {
			err := s.insert(t, of, [][]*string{row})
			for range 3 {
				if err != nil {
					row = p.row(of, from+i)
					err = s.insert(t, of, [][]*string{row})
				}
			}
			switch {
			case err == nil:
				of.rows = append(of.rows, row)
			case refused == 0 && len(of.rows) == 0:
				t.Logf("%s: %v", of.name, err)
				fallthrough
			default:
				refused++
			}
		}
	}
}

func (s *schema) insert(t testing.TB, of *table, rows [][]*string) error {
	var b strings.Builder
	var names []string
	for _, c := range of.columns {
		names = append(names, pgx.Identifier{c.name}.Sanitize())
	}
	fmt.Fprintf(&b, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES ", of.quoted, strings.Join(names, ", "))
	for i, row := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		var values []string
		for j, v := range row {
			switch {
			case v != nil:
				values = append(values, "'"+strings.ReplaceAll(*v, "'", "''")+"'")
			case of.columns[j].notNull:
				values = append(values, "DEFAULT")
			default:
				values = append(values, "NULL")
			}
		}
		b.WriteString("(" + strings.Join(values, ", ") + ")")
	}
	b.WriteString(" ON CONFLICT DO NOTHING")
	_, err := s.conn.Exec(t.Context(), b.String(), pgx.QueryExecModeSimpleProtocol)
	return err
}

// row makes the n-th row of a table. References are to the first rows more often than
// to others.
func (p *pool) row(of *table, n int) (row []*string) {
	for _, c := range of.columns {
		k := p.rng.IntN(6)
		switch {
		case c.key && !c.foreign, strings.HasPrefix(p.types[c.typ].name, "timestamp"): // few ties
			k = n
		case c.foreign && p.rng.IntN(3) == 0:
			k = p.rng.IntN(40)
		}
		text, ok := p.value(c.typ, c.name, c.length, k)
		if ok && len(c.texts) > 0 && p.rng.IntN(3) > 0 && (p.types[c.typ].name == "text" || p.types[c.typ].name == "varchar") {
			text = c.texts[p.rng.IntN(len(c.texts))]
		}
		if !ok || !c.notNull && p.rng.IntN(5) == 0 {
			row = append(row, nil)
			continue
		}
		row = append(row, &text)
	}
	return row
}
