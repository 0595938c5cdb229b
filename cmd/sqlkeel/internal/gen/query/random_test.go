package query_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", 0, "of the random queries; 0 draws one")
	count = flag.Int("queries", 400, "random queries")
)

// small has few values, so that rows tie wherever no key forbids it.
const small = `
CREATE TABLE t1 (id int PRIMARY KEY, u int UNIQUE, a int NOT NULL, b int, UNIQUE (a, b));
CREATE TABLE t2 (id bigint PRIMARY KEY, a int NOT NULL, b int, UNIQUE (b, a));
CREATE TABLE t3 (id int, k int, a int, PRIMARY KEY (k, id)) PARTITION BY LIST (k);
CREATE TABLE t3_0 PARTITION OF t3 FOR VALUES IN (0, 1); CREATE TABLE t3_1 PARTITION OF t3 DEFAULT;
CREATE TABLE up (id int PRIMARY KEY, a int); CREATE TABLE down (b int, PRIMARY KEY (id)) INHERITS (up);
CREATE TABLE part (id int, a int, late int UNIQUE DEFERRABLE); CREATE UNIQUE INDEX ON part (id) WHERE a > 1; CREATE UNIQUE INDEX ON part ((id + a));
CREATE VIEW v1 AS SELECT x.id, x.u, y.a, y.b FROM t1 x LEFT JOIN t2 y ON y.id = x.a;
CREATE VIEW v2 AS SELECT a AS id, max(b) AS a, count(*)::int AS b FROM t1 GROUP BY a;
CREATE VIEW v3 AS SELECT DISTINCT b AS id, a FROM t2;
CREATE VIEW v4 AS SELECT v.id, v.a, w.b FROM v1 v JOIN v2 w ON w.id = v.id;
`

const rows = `
TRUNCATE t1, t2, t3, up, part;
INSERT INTO t1 SELECT r, nullif(r * %[1]d %% 4, 0), (r * 3 + %[1]d) %% 4, nullif((r + %[1]d) %% 3, 0) FROM generate_series(0, 3) r ON CONFLICT DO NOTHING;
INSERT INTO t1 SELECT 10 + r, NULL, r, NULL FROM generate_series(0, 2) r; INSERT INTO t1 SELECT 20 + r, NULL, 1, NULL FROM generate_series(0, 1) r;
INSERT INTO t2 SELECT r, r %% 2, nullif((r + %[1]d) %% 4, 0) FROM generate_series(0, 4) r ON CONFLICT DO NOTHING;
INSERT INTO t3 SELECT r %% 3, r %% 2, nullif(r %% 3, 0) FROM generate_series(0, 5) r ON CONFLICT DO NOTHING;
INSERT INTO up SELECT r, r %% 2 FROM generate_series(0, 2) r; INSERT INTO down SELECT r, r %% 2, r FROM generate_series(1, 3) r;
INSERT INTO part VALUES (0, 0, 1), (0, 1, 2), (5, 0, 3), (5, 1, 4);
`

// maker draws queries.
type maker struct {
	*rand.Rand
	aliases int
}

// source is an item of FROM: its text and its columns, all of them integers.
type source struct {
	text    string
	columns []string
}

var tables = map[string][]string{
	"t1": {"id", "u", "a", "b"}, "t2": {"id", "a", "b"}, "t3": {"id", "k", "a"}, "up": {"id", "a"}, "down": {"id", "a", "b"},
	"ONLY up": {"id", "a"}, "part": {"id", "a", "late"}, "v1": {"id", "u", "a", "b"}, "v2": {"id", "a", "b"}, "v3": {"id", "a"}, "v4": {"id", "a", "b"},
}

var tableNames = []string{"t1", "t1", "t1", "t2", "t2", "t3", "up", "down", "ONLY up", "part", "v1", "v2", "v3", "v4"}

func (m *maker) alias() string {
	m.aliases++
	return fmt.Sprintf("x%d", m.aliases)
}

func (m *maker) pick(list ...string) string { return list[m.IntN(len(list))] }

// item draws an item of FROM. left are the columns that LATERAL may speak of.
func (m *maker) item(depth int, left []string) source {
	alias := m.alias()
	if depth <= 0 || m.IntN(5) < 3 {
		name := tableNames[m.IntN(len(tableNames))]
		s := source{text: name + " " + alias}
		for _, c := range tables[name] {
			s.columns = append(s.columns, alias+"."+c)
		}
		return s
	}
	columns := []string{alias + ".p", alias + ".q"}
	switch m.IntN(10) {
	case 8:
		with := m.alias()
		both := fmt.Sprintf("SELECT %[1]s.p, other.q FROM %[1]s JOIN %[1]s other ON other.p = %[1]s.q", with)
		return source{fmt.Sprintf("(WITH %s AS %s(%s) %s) %s (p, q)", with, m.pick("", "MATERIALIZED "), m.selection(depth-1, nil), m.pick("SELECT * FROM "+with, both), alias), columns}
	case 9:
		// Columns that a join merges.
		kind := m.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
		one, two := tableNames[m.IntN(len(tableNames))], tableNames[m.IntN(len(tableNames))]
		return source{fmt.Sprintf("(SELECT id AS p, r.a AS q FROM %s l %s %s r USING (id)) %s", one, kind, two, alias), columns}
	case 0:
		return source{m.pick("(VALUES (1, 2))", "(VALUES (1, 1), (1, 2))") + " " + alias + " (p, q)", columns}
	case 1:
		return source{"generate_series(1, 2) WITH ORDINALITY " + alias + " (p, q)", columns}
	case 2:
		op := m.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL")
		return source{fmt.Sprintf("(%s %s %s) %s (p, q)", m.selection(depth-1, nil), op, m.selection(depth-1, nil), alias), columns}
	case 3:
		if len(left) > 0 {
			return source{fmt.Sprintf("LATERAL (%s) %s (p, q)", m.selection(depth-1, left), alias), columns}
		}
	}
	return source{fmt.Sprintf("(%s) %s (p, q)", m.selection(depth-1, nil), alias), columns}
}

// from draws a FROM of joins.
func (m *maker) from(depth int, outer []string) source {
	s := m.item(depth, outer)
	for range m.IntN(3) {
		kind := m.pick("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",")
		left := append(append([]string{}, outer...), s.columns...)
		if kind == "RIGHT JOIN" || kind == "FULL JOIN" {
			left = outer
		}
		next := m.item(depth, left)
		if kind == "," {
			// A comma binds less than JOIN: what comes later speaks of the last item alone.
			s.text, next.text = "("+s.text+" CROSS JOIN "+next.text+")", ""
			s.columns = append(s.columns, next.columns...)
			continue
		}
		on := ""
		if kind != "CROSS JOIN" {
			on = " ON " + m.conditions(1+m.IntN(2), next.columns, append(s.columns, next.columns...))
			if kind == "FULL JOIN" {
				on = " ON " + m.pick(next.columns...) + " = " + m.pick(s.columns...)
			}
		}
		s.text = "(" + s.text + " " + kind + " " + next.text + on + ")"
		s.columns = append(s.columns, next.columns...)
	}
	return s
}

// conditions draws conditions joined by AND.
func (m *maker) conditions(n int, left, right []string) string {
	var list []string
	for range n {
		l, r := m.pick(left...), m.pick(append(right, fmt.Sprint(m.IntN(3)))...)
		switch m.IntN(14) {
		case 12:
			list = append(list, fmt.Sprintf("EXISTS (SELECT FROM t2 e WHERE e.id = %s)", l))
		case 13:
			list = append(list, fmt.Sprintf("(%s, %s) = (%s, 1)", l, m.pick(left...), r))
		case 0:
			list = append(list, fmt.Sprintf("(%s = %s OR %s = 1)", l, r, l))
		case 1:
			list = append(list, l+" IS NOT NULL")
		case 2:
			list = append(list, l+" IS NOT DISTINCT FROM "+r)
		case 3:
			list = append(list, fmt.Sprintf("%s = (SELECT max(%s) FROM t1)", l, m.pick("id", "a", "b")))
		case 4:
			list = append(list, fmt.Sprintf("%s IN (SELECT %s FROM t2 WHERE id = 1)", l, m.pick("id", "a", "b")))
		default:
			list = append(list, l+" = "+r)
		}
	}
	return strings.Join(list, " AND ")
}

// selection draws a SELECT of two columns.
func (m *maker) selection(depth int, outer []string) string {
	s := m.from(depth, outer)
	where, p, q := "", m.pick(s.columns...), m.pick(s.columns...)
	if m.IntN(2) == 0 {
		where = " WHERE " + m.conditions(1+m.IntN(2), s.columns, append(s.columns, outer...))
	}
	rest := " FROM " + s.text + where
	switch m.IntN(9) {
	case 0:
		return "SELECT DISTINCT " + p + " AS p, " + q + " AS q" + rest
	case 1:
		having := m.pick("", " HAVING "+p+" = 1", " HAVING count(*) > 1", " HAVING max("+q+") = 1")
		return "SELECT " + p + " AS p, max(" + q + ") AS q" + rest + " GROUP BY " + m.pick(p, p+", "+q, q+", "+p) + having
	case 2:
		return "SELECT max(" + p + ") AS p, min(" + q + ") AS q" + rest
	case 3:
		return "(SELECT " + p + " AS p, " + q + " AS q" + rest + " LIMIT 1)"
	case 4:
		return "SELECT " + p + " AS p, (row_number() OVER (PARTITION BY " + q + "))::int AS q" + rest
	case 5:
		return "SELECT " + p + " AS p, " + q + " AS q" + rest + " GROUP BY ROLLUP (" + p + ", " + q + ")"
	case 6:
		return "SELECT DISTINCT ON (" + p + ") " + p + " AS p, " + q + " AS q" + rest
	case 7:
		return "SELECT " + p + " AS p, generate_series(1, 2) AS q" + rest
	}
	return "SELECT " + p + " AS p, " + q + " AS q" + rest
}

// list draws a SELECT that is ordered by both its columns, or by one.
func (m *maker) list() (sql string, keys string) {
	m.aliases = 0
	if m.IntN(4) > 0 {
		s := m.from(2, nil)
		sql = "SELECT " + m.pick(s.columns...) + " AS p, " + m.pick(s.columns...) + " AS q FROM " + s.text
		if m.IntN(2) == 0 {
			sql += " WHERE " + m.conditions(1+m.IntN(2), s.columns, s.columns)
		}
	} else {
		sql = strings.Trim(m.selection(2, nil), "()")
	}
	return sql, m.pick("p", "p, q")
}

func TestWhatIsProvenOfRandomQueriesHolds(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	m := &maker{Rand: rand.New(rand.NewPCG(*seed, 1))}
	h := build(t, small)
	total, single, present, refused := 0, 0, 0, 0
	for i := range *count {
		sql, keys := m.list()
		if i%50 == 0 {
			if _, err := h.conn.Exec(t.Context(), fmt.Sprintf(rows, i/50)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.conn.Prepare(t.Context(), "", sql+" ORDER BY "+keys); err != nil {
			refused++ // FULL JOIN and some LIMITs
			continue
		}
		p, q := h.prover(t, sql+" ORDER BY "+keys)
		if p.Single(q) {
			single++
			if n := h.count(t, "SELECT count(*) FROM ("+sql+") l"); n > 1 {
				t.Errorf("%d rows: %s", n, sql)
			}
		}
		if p.Ties(q) == "" {
			total++
			if n := h.count(t, "SELECT count(*) FROM (SELECT FROM ("+sql+") l GROUP BY "+keys+" HAVING count(*) > 1) d"); n > 0 {
				t.Errorf("%d ties in the order by %s: %s", n, keys, sql)
			}
		}
		for n, column := range []string{"p", "q"} {
			if p.NotNull(q, q.List("targetList")[n].Child("expr")) {
				present++
				if n := h.count(t, "SELECT count(*) FROM ("+sql+") l WHERE "+column+" IS NULL"); n > 0 {
					t.Errorf("%d times %s is NULL: %s", n, column, sql)
				}
			}
		}
	}
	t.Logf("of %d: %d total, %d single, %d columns never NULL, %d no queries", *count, total, single, present, refused)
	if total < *count/10 || single < *count/100 || present < *count/10 || refused > *count/4 {
		t.Error("too few were proven to show anything")
	}
}
