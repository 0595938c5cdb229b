package fold

import "testing"

const strange = attacked + `
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE l (id int PRIMARY KEY, x text, c text COLLATE "C", n name, folded text COLLATE loose);
CREATE SCHEMA own;
CREATE FUNCTION own.same(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.lower($1) OPERATOR(pg_catalog.=) pg_catalog.lower($2)';
CREATE OPERATOR own.= (LEFTARG = text, RIGHTARG = text, FUNCTION = own.same);
CREATE SEQUENCE q;
CREATE FUNCTION moody() RETURNS float8 VOLATILE LANGUAGE sql AS 'SELECT pg_catalog.random()';
CREATE VIEW dice AS SELECT random() AS r;
`

// What is written is folded and compared as it means, not as it looks.
func TestAttacksOnTreesAreSeen(t *testing.T) {
	t.Parallel()
	d := setup(t, strange)
	a, on := Assumption{1: str("a")}, Assumption{1: flagged(1)}
	sorted := func(name, full, variant, differs string) pair {
		return pair{name, []string{"text"}, full, variant, nil, a, differs}
	}
	off := func(name, full, variant, differs string) pair {
		return pair{name, []string{"int"}, full, variant, nil, Assumption{1: nothing()}, differs}
	}
	flag := func(name, full, variant, differs string) pair {
		return pair{name, []string{"bool"}, full, variant, nil, on, differs}
	}
	d.compare(t, []pair{
		off("HAVING with the only aggregate", "SELECT 1 AS one FROM t HAVING $1 IS NULL OR count(*) > $1", "SELECT 1 AS one FROM t", "other aggregates"),
		off("HAVING true is no HAVING", "SELECT 1 AS one FROM t HAVING $1 IS NULL", "SELECT 1 AS one FROM t", "another HAVING"),
		off("ON true is no WHERE", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id WHERE ($1 IS NULL OR s.active)", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id AND s.active", "another condition"),
		off("ON moved to WHERE", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id AND ($1 IS NULL OR s.active) AND s.note = 'x'", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id WHERE s.note = 'x'", "another condition"),
		off("LEFT JOIN made inner", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id WHERE ($1 IS NULL OR s.active)", "SELECT t.id FROM t JOIN s ON s.t_id = t.id", "another FROM"),
		off("lost parentheses", "SELECT id FROM t WHERE a = 1 AND (b = 'x' OR c = 2) AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE a = 1 AND b = 'x' OR c = 2", "another condition"),
		off("AND for OR", "SELECT id FROM t WHERE a = 1 AND b = 'x' AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE a = 1 OR b = 'x'", "another condition"),
		off("NOT lost", "SELECT id FROM t WHERE NOT a = 1 AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE a = 1", "another condition"),
		off("EXISTS for NOT EXISTS", "SELECT id FROM t WHERE NOT EXISTS (SELECT FROM s) AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE EXISTS (SELECT FROM s)", "another condition"),
		off("another level", "SELECT id FROM t WHERE EXISTS (SELECT FROM s WHERE s.id = t.id) AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE EXISTS (SELECT FROM s, t WHERE s.id = t.id)", "another FROM"),
		off("a column of the query around", "SELECT id FROM t WHERE EXISTS (SELECT FROM t x WHERE x.a = t.c) AND ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE EXISTS (SELECT FROM t x WHERE x.a = x.c)", "another condition"),
		off("a kept OR is not dropped", "SELECT id FROM t WHERE ($1 IS NOT NULL OR a = 1)", "SELECT id FROM t", "another condition"),
		off("an arm that is NULL is not false", "SELECT id FROM t WHERE NOT ($1 = 0 OR a = 1)", "SELECT id FROM t WHERE NOT a = 1", "another condition"),
		off("an arm that is NULL is not true", "SELECT id FROM t WHERE ($1 <> 0 AND a = 1)", "SELECT id FROM t WHERE a = 1", "another condition"),
		off("a set in FOR UPDATE OF", "SELECT t.id FROM t JOIN s ON true WHERE ($1 IS NULL OR a = $1) FOR UPDATE OF t", "SELECT t.id FROM t JOIN s ON true FOR UPDATE OF s", "another FOR UPDATE"),
		sorted("the other key", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, CASE WHEN $1 = 'c' THEN c END", "SELECT id FROM t ORDER BY c", "another ORDER BY"),
		sorted("the other direction", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END DESC", "SELECT id FROM t ORDER BY a", "another ORDER BY"),
		sorted("the key forgotten", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, id", "SELECT id FROM t ORDER BY id", "another ORDER BY"),
		sorted("a key too many", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, id", "SELECT id FROM t ORDER BY a, id, c", "another ORDER BY"),
		sorted("keys exchanged", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, c", "SELECT id FROM t ORDER BY c, a", "another ORDER BY"),
		sorted("an aggregate only in a key", "SELECT 1 AS one FROM t GROUP BY a ORDER BY CASE WHEN $1 = 'n' THEN count(*) END, a", "SELECT 1 AS one FROM t GROUP BY a ORDER BY a", "other aggregates"),
		sorted("GROUP BY of a constant", "SELECT count(*) FROM t GROUP BY CASE WHEN $1 = 'b' THEN b END", "SELECT count(*) FROM t", "another GROUP BY"),
		sorted("a set in a key", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'b' THEN 1 END, generate_series(1, 2)", "SELECT id FROM t", "other functions that return sets"),
		sorted("DISTINCT ON sorted by a constant", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, CASE WHEN $1 = 'b' THEN b END, c", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, c", "another ORDER BY"),
		sorted("an explicit collation in another arm", `SELECT id FROM l ORDER BY CASE WHEN $1 = 'a' THEN x WHEN $1 = 'b' THEN x COLLATE "C" END`, "SELECT id FROM l ORDER BY x", "another ORDER BY"),
		sorted("a column's collation in another arm", "SELECT id FROM l ORDER BY CASE WHEN $1 = 'a' THEN $1 || x WHEN $1 = 'b' THEN c END", "SELECT id FROM l ORDER BY 'a' || x", "another ORDER BY"),
		sorted("a name as text", "SELECT id FROM l ORDER BY CASE WHEN $1 = 'a' THEN n::text END", "SELECT id FROM l ORDER BY n", "another ORDER BY"),
		sorted("COALESCE and its collation", `SELECT coalesce(CASE WHEN $1 = 'b' THEN c END, x) AS k, count(*) FROM l GROUP BY 1 ORDER BY 1`, "SELECT x AS k, count(*) FROM l GROUP BY 1 ORDER BY 1", "another list of columns"),
		sorted("a volatile key twice", "SELECT random() AS r FROM t ORDER BY CASE WHEN $1 = 'a' THEN random() END", "SELECT random() AS r FROM t ORDER BY random()", "another ORDER BY"),
		sorted("two volatile keys", "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN moody() END, moody()", "SELECT id FROM t ORDER BY moody()", "another ORDER BY"),
		sorted("a sequence in a key", "SELECT nextval('q') AS n FROM t ORDER BY CASE WHEN $1 = 'a' THEN nextval('q') END", "SELECT nextval('q') AS n FROM t ORDER BY nextval('q')", "another ORDER BY"),
		sorted("a view that rolls dice", "SELECT (SELECT r FROM dice) AS r FROM t ORDER BY CASE WHEN $1 = 'a' THEN (SELECT r FROM dice) END", "SELECT (SELECT r FROM dice) AS r FROM t ORDER BY (SELECT r FROM dice)", "another ORDER BY"),
		sorted("a sample in a key", "SELECT (SELECT count(*) FROM s TABLESAMPLE bernoulli (50)) AS n FROM t ORDER BY CASE WHEN $1 = 'a' THEN (SELECT count(*) FROM s TABLESAMPLE bernoulli (50)) END", "SELECT (SELECT count(*) FROM s TABLESAMPLE bernoulli (50)) AS n FROM t ORDER BY (SELECT count(*) FROM s TABLESAMPLE bernoulli (50))", "another ORDER BY"),
		sorted("a window's order", "SELECT id, rank() OVER (ORDER BY CASE WHEN $1 = 'a' THEN a END) FROM t", "SELECT id, rank() OVER (ORDER BY c) FROM t", "another window"),
		sorted("a window's order left out", "SELECT id, rank() OVER (ORDER BY CASE WHEN $1 = 'b' THEN a END, c) FROM t", "SELECT id, rank() OVER (ORDER BY c) FROM t", "another window"),
		flag("a window function only in an arm", "SELECT id, CASE WHEN $1 THEN 1 ELSE rank() OVER (ORDER BY a) END AS n FROM t", "SELECT id, 1 AS n FROM t", "other window functions"),
		flag("the other arm", "SELECT id FROM t WHERE CASE WHEN $1 THEN a = 1 ELSE a = 2 END", "SELECT id FROM t WHERE a = 2", "another condition"),
		flag("a result by a flag", "SELECT CASE WHEN $1 THEN a ELSE c END AS n FROM t", "SELECT c AS n FROM t", "another list of columns"),
		flag("a key that ROLLUP leaves out", "SELECT 5 AS one, CASE WHEN $1 THEN 5 END AS k, count(*) FROM t GROUP BY ROLLUP (2)", "SELECT 5 AS one, 5 AS k, count(*) FROM t GROUP BY ROLLUP (2)", "another GROUP BY"),
		flag("the other key of ROLLUP", "SELECT 5 AS one, 5 AS k, count(*) FROM t WHERE $1 GROUP BY ROLLUP (2)", "SELECT 5 AS one, 5 AS k, count(*) FROM t GROUP BY ROLLUP (1)", "another GROUP BY"),
		flag("an expression of a key that ROLLUP leaves out", "SELECT (CASE WHEN $1 THEN 5 END) + 1 AS n FROM t GROUP BY ROLLUP (CASE WHEN $1 THEN 5 END)", "SELECT 5 + 1 AS n FROM t GROUP BY ROLLUP (5::int)", "another GROUP BY"),
		{"an expression of a key that stays as it is", []string{"bool"}, "SELECT (CASE WHEN $1 THEN 5 END) + 1 AS n FROM t GROUP BY ROLLUP (CASE WHEN $1 THEN 5 END)", "SELECT 5 + 1 AS n FROM t GROUP BY ROLLUP (CASE WHEN $1 THEN 5 END)", []int{1}, on, "another GROUP BY"},
		flag("sorted by a key that ROLLUP leaves out", "SELECT count(*) FROM t WHERE $1 GROUP BY ROLLUP (CASE WHEN a > 0 THEN 5 END) ORDER BY CASE WHEN a > 0 THEN 5 END", "SELECT count(*) FROM t GROUP BY ROLLUP (CASE WHEN a > 0 THEN 5 END)", "another ORDER BY"),
		flag("sorted by a constant that ROLLUP leaves out", "SELECT count(*) FROM t WHERE $1 GROUP BY ROLLUP ((5::int), a) ORDER BY 5::int", "SELECT count(*) FROM t GROUP BY ROLLUP ((5::int), a)", "another ORDER BY"),
		flag("GROUPING of another", "SELECT GROUPING(a), count(*) FROM t WHERE $1 GROUP BY CUBE (a, b)", "SELECT GROUPING(b), count(*) FROM t GROUP BY CUBE (a, b)", "another list of columns"),
		flag("other sets", "SELECT count(*) FROM t WHERE $1 GROUP BY GROUPING SETS ((a, b), (a))", "SELECT count(*) FROM t GROUP BY GROUPING SETS ((a, b), (b))", "another GROUP BY"),
		{"an unknown placeholder", []string{"int"}, "SELECT id FROM t WHERE a = $1", "SELECT id FROM t WHERE c = $1", []int{1}, nil, "another condition"},
		{"a placeholder without a meaning", []string{"int", "int"}, "SELECT id FROM t WHERE a = $1", "SELECT id FROM t WHERE a = $1", nil, nil, "another condition"},
		{"placeholders exchanged", []string{"int", "int"}, "SELECT id FROM t WHERE a = $1 AND c = $2", "SELECT id FROM t WHERE a = $1 AND c = $2", []int{2, 1}, nil, "another condition"},
		{"placeholders renumbered", []string{"bool", "int", "int"}, "SELECT id FROM t WHERE $1 AND a = $2 AND c = $3", "SELECT id FROM t WHERE c = $1 AND a = $2", []int{3, 2}, on, "another condition"},
	})
}

func TestWhatMeansTheSameIsProven(t *testing.T) {
	t.Parallel()
	d := setup(t, strange)
	a, on := Assumption{1: str("a")}, Assumption{1: flagged(1)}
	d.compare(t, []pair{
		{"an explicit collation", []string{"text"}, `SELECT id FROM l ORDER BY CASE WHEN $1 = 'a' THEN x WHEN $1 = 'b' THEN x COLLATE "C" END`, `SELECT id FROM l ORDER BY x COLLATE "C"`, nil, a, ""},
		{"an output that is a column", []string{"text"}, "SELECT CASE WHEN $1 = 'a' THEN a ELSE c END AS n FROM t", "SELECT a AS n FROM t", nil, a, ""},
		{"a subquery that is also an output", []string{"text"}, "SELECT (SELECT count(*) FROM s) AS n FROM t ORDER BY CASE WHEN $1 = 'a' THEN (SELECT count(*) FROM s) END", "SELECT (SELECT count(*) FROM s) AS n FROM t ORDER BY n", nil, a, ""},
		{"an output by its place", []string{"bool"}, "SELECT random() AS r, id FROM t WHERE $1 ORDER BY r", "SELECT random() AS r, id FROM t ORDER BY 1", nil, on, ""},
		{"GROUP BY after fewer keys", []string{"text"}, "SELECT a, b, count(*) FROM t GROUP BY a, b ORDER BY CASE WHEN $1 = 'n' THEN count(*) END, CASE WHEN $1 = 'a' THEN a END, b", "SELECT a, b, count(*) FROM t GROUP BY a, b ORDER BY a, b", nil, a, ""},
		{"GROUPING SETS after other keys", []string{"bool"}, "SELECT a, GROUPING(b, a), count(*) FROM t WHERE $1 GROUP BY GROUPING SETS ((a, b), (b)) ORDER BY b, a", "SELECT a, GROUPING(b, a), count(*) FROM t GROUP BY GROUPING SETS ((a, b), (b)) ORDER BY b, a", nil, on, ""},
		{"GROUP BY sorted the other way", []string{"text"}, "SELECT a, count(*) FROM t GROUP BY a ORDER BY CASE WHEN $1 = 'a' THEN a END DESC", "SELECT a, count(*) FROM t GROUP BY a ORDER BY a DESC", nil, a, ""},
		{"DISTINCT with a filter", []string{"bool"}, "SELECT DISTINCT a, b FROM t WHERE $1 ORDER BY a, b", "SELECT DISTINCT a, b FROM t ORDER BY a, b", nil, on, ""},
		{"DISTINCT ON", []string{"text"}, "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, CASE WHEN $1 = 'a' THEN b END", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b", nil, a, ""},
		{"a window's order", []string{"text"}, "SELECT id, rank() OVER (ORDER BY CASE WHEN $1 = 'a' THEN a ELSE c END, b) FROM t ORDER BY CASE WHEN $1 = 'b' THEN b END, id", "SELECT id, rank() OVER (ORDER BY a, b) FROM t ORDER BY id", nil, a, ""},
		{"WITH TIES", []string{"text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'b' THEN b END, a FETCH FIRST 3 ROWS WITH TIES", "SELECT id FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES", nil, a, ""},
		{"two NULL arms", []string{"text", "int"}, "SELECT id FROM t WHERE ($1 = 'x' OR a = 1 OR $2 = 0)", "SELECT id FROM t WHERE (a = 1 OR NULL)", nil, Assumption{1: nothing(), 2: nothing()}, ""},
		{"NULL conditions of CASE", []string{"text"}, "SELECT id FROM t WHERE CASE WHEN $1 = 'x' THEN a = 1 ELSE a = 2 END", "SELECT id FROM t WHERE a = 2", nil, Assumption{1: nothing()}, ""},
		{"a view", []string{"bool"}, "SELECT id FROM checked WHERE $1 OR a = 1", "SELECT id FROM checked", nil, on, ""},
		{"UPDATE of a view", []string{"bool"}, "UPDATE checked SET a = 1 WHERE $1 OR a = 1", "UPDATE checked SET a = 1", nil, on, ""},
		{"MERGE", []string{"bool"}, "MERGE INTO tgt USING t ON tgt.id = t.id AND (NOT $1 OR t.a = 1) WHEN MATCHED AND ($1 OR t.c = 2) THEN DELETE WHEN NOT MATCHED THEN INSERT (id, a) VALUES (t.id, t.a)", "MERGE INTO tgt USING t ON tgt.id = t.id AND t.a = 1 WHEN MATCHED AND true THEN DELETE WHEN NOT MATCHED THEN INSERT (id, a) VALUES (t.id, t.a)", nil, on, ""},
		{"INSERT … SELECT", []string{"bool"}, "INSERT INTO tgt (id, a) SELECT id, a FROM t WHERE ($1 OR a = 1) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE ($1 AND tgt.a = 1) RETURNING id", "INSERT INTO tgt (id, a) SELECT id, a FROM t ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE tgt.a = 1 RETURNING id", nil, on, ""},
		{"UPDATE FROM", []string{"bool", "int"}, "UPDATE tgt SET a = t.a FROM t WHERE t.id = tgt.id AND ($1 OR t.c = $2)", "UPDATE tgt SET a = t.a FROM t WHERE t.id = tgt.id", nil, on, ""},
		{"a WITH that is no longer read", []string{"bool"}, "WITH x AS (SELECT id FROM s) SELECT id FROM t WHERE ($1 OR id IN (SELECT id FROM x))", "WITH x AS (SELECT id FROM s) SELECT id FROM t", nil, on, ""},
		{"LATERAL", []string{"bool"}, "SELECT t.id FROM t, LATERAL (SELECT id FROM s WHERE s.t_id = t.id AND ($1 OR s.active)) x", "SELECT t.id FROM t, LATERAL (SELECT id FROM s WHERE s.t_id = t.id) x", nil, on, ""},
		{"the same placeholder at two levels", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) AND EXISTS (SELECT FROM s WHERE s.t_id = t.id AND ($1 IS NULL OR s.id > $1))", "SELECT id FROM t WHERE a = $1 AND EXISTS (SELECT FROM s WHERE s.t_id = t.id AND s.id > $1)", []int{1}, Assumption{1: other()}, ""},
		{"placeholders renumbered", []string{"bool", "int", "int"}, "SELECT id FROM t WHERE $1 AND a = $2 AND c = $3", "SELECT id FROM t WHERE a = $2 AND c = $1", []int{3, 2}, on, ""},
	})
}
