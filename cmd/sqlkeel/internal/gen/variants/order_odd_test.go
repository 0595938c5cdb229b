package variants

import "testing"

const oddSchema = shop + `;
CREATE TABLE ev (at timestamp PRIMARY KEY, n int, kind text NOT NULL);
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN softly AS citext;
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE k (id int PRIMARY KEY, word text COLLATE loose NOT NULL, ci citext NOT NULL, n int);
CREATE UNIQUE INDEX ON k (ci text_ops);
CREATE TABLE soft (ci softly PRIMARY KEY, hard softly NOT NULL, n int);
CREATE UNIQUE INDEX ON soft (hard text_ops);
CREATE TABLE words (word text PRIMARY KEY, same text COLLATE loose NOT NULL UNIQUE, n int);
CREATE TABLE exact (word text COLLATE loose NOT NULL, n int);
CREATE UNIQUE INDEX ON exact (word COLLATE "C");
CREATE TABLE small (id float8 PRIMARY KEY);
CREATE TABLE same (id float8 PRIMARY KEY, n int);
CREATE TABLE big (id numeric PRIMARY KEY, n int);
CREATE TABLE p (id int NOT NULL, k int NOT NULL, n int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
CREATE UNIQUE INDEX ON p1 (id);
CREATE FUNCTION tagged(b) RETURNS SETOF int LANGUAGE sql AS 'VALUES (1), (2)';
CREATE FUNCTION avg(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a'`

// oddOrders are statements whose order looks total at first sight.
var oddOrders = []struct {
	sql    string
	pruned bool
}{
	// ORDER BY means a column of the result, whose name PostgreSQL made up.
	{"SELECT at::date, n FROM ev WHERE " + filter + " ORDER BY at LIMIT 3", false},
	{"SELECT at::date, n FROM ev WHERE " + filter + " ORDER BY ev.at LIMIT 3", true},
	{"SELECT at::date AS day, n FROM ev WHERE " + filter + " ORDER BY at LIMIT 3", true},
	{"SELECT CASE WHEN n > 3 THEN 0 ELSE id END, title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT CASE WHEN n > 3 THEN id END, title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"SELECT (SELECT c.late AS id FROM c WHERE c.b_id = b.id), title FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT a.at::date, max(a.id) FROM a WHERE ($1::text IS NULL OR a.name = $1) GROUP BY a.at ORDER BY at LIMIT 3", false},
	// A name of WITH hides a table from there on, and inside alone.
	{"SELECT c.tag FROM c WHERE ($1::int IS NULL OR c.late = $1) AND EXISTS (WITH c AS (SELECT max(n) AS n FROM b) SELECT 1 FROM c) ORDER BY c.tag LIMIT 3", false},
	{"SELECT c.tag FROM c WHERE ($1::int IS NULL OR c.late = $1) AND EXISTS (WITH c AS (SELECT max(n) AS n FROM b) SELECT 1 FROM c LIMIT 1) ORDER BY c.b_id, c.tag LIMIT 3", true},
	{"WITH x AS (SELECT c.tag FROM c WHERE ($1::int IS NULL OR c.late = $1) ORDER BY c.tag LIMIT 3), c AS (SELECT max(n) AS n FROM b) SELECT x.tag, c.n FROM x, c", false},
	{"WITH RECURSIVE x AS (SELECT c.n FROM c WHERE ($1::int IS NULL OR c.n = $1) ORDER BY c.n LIMIT 3), c AS (SELECT max(n) AS n FROM b) SELECT x.n FROM x, c", true},
	{"WITH c AS (SELECT c.b_id, c.tag, c.late FROM c) SELECT c.tag FROM c WHERE ($1::int IS NULL OR c.late = $1) ORDER BY c.b_id, c.tag LIMIT 3", true},
	{"WITH c AS (SELECT c.b_id, c.tag, c.late FROM c) SELECT c.tag FROM c WHERE ($1::int IS NULL OR c.late = $1) ORDER BY c.tag LIMIT 3", false},
	{"WITH x AS (SELECT 1 AS n) SELECT (WITH x AS (SELECT b.n FROM b) SELECT max(x.n) FROM x WHERE ($1::int IS NULL OR x.n = $1) LIMIT 1) FROM x LIMIT 1", true},
	{"WITH x AS (SELECT 1 AS n) SELECT (WITH x AS (SELECT b.n FROM b) SELECT x.n FROM x WHERE ($1::int IS NULL OR x.n = $1) LIMIT 1) FROM x", false},
	{"WITH c AS (SELECT 1 AS n) SELECT b_id FROM public.c WHERE ($1::int IS NULL OR late = $1) ORDER BY b_id LIMIT 3", false},
	// An aggregate makes one row, if it is one, and of this query.
	{"SELECT avg(n, 5) FROM b WHERE " + filter + " LIMIT 3", false},
	{"SELECT min(n) FROM b WHERE " + filter + " LIMIT 3", true},
	{"SELECT (SELECT a.id + count(*) FILTER (WHERE b.n = 1) FROM a LIMIT 1) FROM b WHERE " + filter, false},
	{"SELECT (SELECT count(*) FILTER (WHERE a.id = b.n) FROM a LIMIT 1) FROM b WHERE " + filter, true},
	{"SELECT (SELECT array_agg(b.title ORDER BY b.kind) FROM a WHERE a.id = 1) FROM b WHERE " + filter, false},
	{"SELECT (SELECT array_agg(b ORDER BY b.kind) FROM a WHERE a.id = 1) FROM b WHERE " + filter, false},
	{"SELECT (SELECT array_agg(a.name ORDER BY a.name) FROM a WHERE a.id = 1) FROM b WHERE " + filter, true},
	{"SELECT (SELECT json_agg(a ORDER BY a.id) FROM a) FROM b WHERE " + filter, true},
	{"SELECT (SELECT array_agg(x ORDER BY x) FROM unnest(ARRAY[2, 1]) AS x) FROM b WHERE " + filter, true},
	{"WITH s AS (SELECT json_agg(c ORDER BY c.b_id, c.tag) AS list FROM c) SELECT s.list FROM s, b WHERE " + filter, true},
	// Equal is not the same where a collation or a type has it so.
	{"SELECT k.id FROM k JOIN words w ON w.word = k.word WHERE ($1::int IS NULL OR w.n = $1) ORDER BY k.id LIMIT 3", false},
	{"SELECT k.id FROM k JOIN words w ON w.same = k.word WHERE ($1::int IS NULL OR w.n = $1) ORDER BY k.id LIMIT 3", true},
	{"SELECT same FROM words WHERE " + filter + " ORDER BY same LIMIT 3", true},
	{"SELECT word FROM words WHERE " + filter + " ORDER BY same, n LIMIT 3", true},
	{"SELECT word FROM words WHERE " + filter + " ORDER BY word COLLATE loose LIMIT 3", false},
	{"SELECT word COLLATE loose FROM words WHERE " + filter + " ORDER BY word LIMIT 3", false},
	{"SELECT n FROM exact WHERE " + filter + " ORDER BY word LIMIT 3", false},
	{"SELECT id FROM k WHERE " + filter + " ORDER BY ci LIMIT 3", false},
	{"SELECT ci FROM soft WHERE " + filter + " ORDER BY ci LIMIT 3", true},
	{"SELECT n FROM soft WHERE " + filter + " ORDER BY hard LIMIT 3", false},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY id USING > LIMIT 3", false},
	{"SELECT w.n FROM soft s JOIN words w ON w.word = s.ci WHERE ($1::int IS NULL OR w.n = $1) ORDER BY s.ci LIMIT 3", false},
	{"SELECT s.id FROM small s JOIN big USING (id) WHERE ($1::int IS NULL OR big.n = $1) ORDER BY s.id LIMIT 3", false},
	{"SELECT s.id FROM small s JOIN big ON big.id = s.id WHERE ($1::int IS NULL OR big.n = $1) ORDER BY s.id LIMIT 3", false},
	{"SELECT s.id FROM small s JOIN same USING (id) WHERE ($1::int IS NULL OR same.n = $1) ORDER BY s.id LIMIT 3", true},
	{"SELECT s.id FROM small s NATURAL JOIN same WHERE ($1::int IS NULL OR same.n = $1) ORDER BY s.id LIMIT 3", false},
	// Of rows that are in each other's way the first is kept.
	{"INSERT INTO a (id, name) SELECT 1, title FROM b WHERE " + filter + " ON CONFLICT DO NOTHING", false},
	{"INSERT INTO a (id, name) SELECT 1, title FROM b WHERE " + filter + " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE a.name < 'n'", false},
	{"INSERT INTO a (id, name) SELECT 1, title FROM b WHERE " + filter + " ORDER BY b.id ON CONFLICT DO NOTHING", true},
	{"INSERT INTO a (id, name) SELECT 1, title FROM b WHERE " + filter, true},
	{"INSERT INTO a (id, name) SELECT 1, max(title) FROM b WHERE " + filter + " ON CONFLICT DO NOTHING", true},
	{"INSERT INTO a (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y' WHERE ($1::text IS NULL OR a.name = $1)", true},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY id OFFSET $2 ROWS FETCH NEXT $3 ROWS ONLY", true},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY id OFFSET ($2) ROW FETCH FIRST ($3) ROW ONLY", true},
	// Functions that look like columns, partitions, joins that may be empty, groups.
	{"SELECT b.tagged, b.id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT tagged(b), b.id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT id FROM p WHERE ($1::int IS NULL OR n = $1) ORDER BY id LIMIT 3", false},
	{"SELECT id FROM p1 WHERE ($1::int IS NULL OR n = $1) ORDER BY id LIMIT 3", true},
	{"SELECT x.id FROM b x, b y WHERE x.id = y.id AND ($1::int IS NULL OR x.n = $1) ORDER BY y.id LIMIT 3", true},
	{"SELECT x.id FROM b x LEFT JOIN b y ON x.id = y.id AND x.n = y.n WHERE ($1::int IS NULL OR x.n = $1) ORDER BY y.id LIMIT 3", false},
	{"SELECT x.id FROM b x LEFT JOIN b y ON x.id = y.id WHERE ($1::int IS NULL OR x.n = $1) ORDER BY y.id LIMIT 3", false},
	{"SELECT x.id FROM b x LEFT JOIN b y ON true WHERE x.id = y.id AND ($1::int IS NULL OR x.n = $1) ORDER BY y.id LIMIT 3", true},
	{"SELECT x.id FROM b x LEFT JOIN b y ON y.id = 3 WHERE ($1::int IS NULL OR x.n = $1) ORDER BY y.id LIMIT 3", false},
	{"SELECT x.id FROM b x RIGHT JOIN b y ON y.id = 3 AND x.id = y.id WHERE ($1::int IS NULL OR x.n = $1) ORDER BY x.id LIMIT 3", false},
	{"SELECT x.id FROM b x LEFT JOIN (b y JOIN a z ON z.id = y.a_id) ON y.id = x.id WHERE ($1::int IS NULL OR x.n = $1) ORDER BY z.id LIMIT 3", false},
	{"SELECT x.id FROM a x LEFT JOIN (b y JOIN a z ON z.id = y.a_id) ON y.id = x.id WHERE ($1::text IS NULL OR x.name = $1) ORDER BY x.id LIMIT 3", true},
	{"SELECT s.k FROM (SELECT id AS k, n FROM b UNION ALL SELECT id, n FROM b) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.k LIMIT 3", false},
	{"SELECT s.k FROM (SELECT kind AS k, n FROM b GROUP BY k, n) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.k LIMIT 3", false},
	{"SELECT s.k FROM (SELECT DISTINCT ON (id) kind AS k, id, n FROM b ORDER BY id) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.id LIMIT 3", true},
	{"SELECT s.kind FROM (SELECT kind, count(*) AS n FROM b GROUP BY ROLLUP (kind)) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.kind LIMIT 3", false},
	{"SELECT s.kind FROM (SELECT kind, unnest(ARRAY[1,2]) AS n FROM b GROUP BY kind) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.kind LIMIT 3", false},
	{"SELECT s.kind FROM (SELECT kind, max(n) AS n FROM b GROUP BY GROUPING SETS ((kind), (kind))) s WHERE ($1::int IS NULL OR s.n = $1) ORDER BY s.kind LIMIT 3", false},
	{"SELECT kind, max(n) FROM b WHERE " + filter + " GROUP BY CUBE (kind) ORDER BY kind LIMIT 3", false},
	{"SELECT kind AS title, max(n) FROM b WHERE " + filter + " GROUP BY title, kind ORDER BY kind LIMIT 3", false},
	{"SELECT id FROM b WHERE " + filter + " GROUP BY id HAVING count(*) > 0 ORDER BY max(n) LIMIT 3", false},
	{"SELECT DISTINCT a_id, title FROM b WHERE " + filter + " ORDER BY title, a_id LIMIT 3", true},
	{"SELECT DISTINCT a_id, lower(title) AS title FROM b WHERE " + filter + " ORDER BY a_id, title LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " AND id IN (SELECT c.b_id FROM c ORDER BY c.tag LIMIT 2)", false},
	{"SELECT x.id FROM ROWS FROM (generate_series(1,2)) AS x(id) LEFT JOIN b ON b.id = x.id WHERE ($1::int IS NULL OR b.n = $1) ORDER BY b.id LIMIT 3", false},
	// A name of LATERAL is the neighbour's before it is that of a query around.
	{"SELECT (SELECT q.n FROM soft s, LATERAL (SELECT w.n FROM words w WHERE w.word = s.ci) q ORDER BY s.ci LIMIT 1) FROM (SELECT name AS ci FROM a) s WHERE ($1::text IS NULL OR s.ci = $1)", false},
	{"SELECT (SELECT q.n FROM soft s, LATERAL (SELECT w.n FROM words w WHERE w.word = o.ci) q ORDER BY s.ci LIMIT 1) FROM (SELECT name AS ci FROM a) o WHERE ($1::text IS NULL OR o.ci = $1)", true},
	// WITH TIES returns more than it says.
	{"SELECT s.id FROM (SELECT id FROM a ORDER BY name FETCH FIRST 1 ROW WITH TIES) s, b WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT s.id FROM (SELECT id FROM a ORDER BY name FETCH FIRST 1 ROW ONLY) s, b WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
}

func TestAnOrderThatLooksTotalIsReadAsPostgreSQLReadsIt(t *testing.T) {
	t.Parallel()
	b := setup(t, oddSchema)
	for _, c := range oddOrders {
		p, remarks := b.find(t, ":many", c.sql, "*string")
		if pruned := p != nil; pruned != c.pruned {
			t.Errorf("pruned = %v: %s\n%v", pruned, c.sql, remarks)
		}
		if p == nil {
			continue
		}
		if err := p.Prove(t.Context(), b.conn); err != nil {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}
