package fold

import "testing"

const attacked = shop + `
CREATE TABLE tgt (id int PRIMARY KEY, a int, b text, c int);
CREATE VIEW checked AS SELECT * FROM t WHERE a > 0 WITH CHECK OPTION;
CREATE VIEW unchecked AS SELECT * FROM t WHERE a > 0;
CREATE FUNCTION doubled(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
CREATE FUNCTION lowered(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.lower($1)';
`

// A plan shows none of these differences.
func TestWhatAPlanHidesIsSeen(t *testing.T) {
	t.Parallel()
	d := setup(t, attacked)
	free := Assumption{1: nothing()}
	optional := func(name, full, variant, differs string) pair {
		return pair{name, []string{"int"}, full, variant, nil, free, differs}
	}
	d.compare(t, []pair{
		optional("LIMIT", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY id LIMIT 5", "SELECT id FROM t ORDER BY id LIMIT 2", "another LIMIT"),
		optional("no LIMIT", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY id LIMIT 5", "SELECT id FROM t ORDER BY id", "another LIMIT"),
		optional("OFFSET", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY id LIMIT 2 OFFSET 1", "SELECT id FROM t ORDER BY id LIMIT 2 OFFSET 3", "another OFFSET"),
		optional("WITH TIES", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY a FETCH FIRST 2 ROWS WITH TIES", "SELECT id FROM t ORDER BY a FETCH FIRST 2 ROWS ONLY", "another LIMIT"),
		optional("locks", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) FOR UPDATE SKIP LOCKED", "SELECT id FROM t FOR KEY SHARE NOWAIT", "another FOR UPDATE"),
		optional("no locks", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) FOR UPDATE", "SELECT id FROM t", "another FOR UPDATE"),
		optional("SET of another column", "UPDATE tgt SET a = 1 WHERE ($1 IS NULL OR a = $1)", "UPDATE tgt SET c = 1", "another list of columns"),
		optional("SET of fewer columns", "UPDATE tgt SET a = 1, c = 2 WHERE ($1 IS NULL OR a = $1)", "UPDATE tgt SET a = 1", "another list of columns"),
		optional("SET of another value", "UPDATE tgt SET a = 1 WHERE ($1 IS NULL OR a = $1)", "UPDATE tgt SET a = 2", "another list of columns"),
		optional("DO UPDATE", "INSERT INTO tgt (id, a) SELECT id, a FROM t WHERE ($1 IS NULL OR a = $1) ON CONFLICT (id) DO UPDATE SET a = excluded.a", "INSERT INTO tgt (id, a) SELECT id, a FROM t ON CONFLICT (id) DO UPDATE SET c = 99", "another list of columns"),
		optional("DO NOTHING", "INSERT INTO tgt (id, a) SELECT id, a FROM t WHERE ($1 IS NULL OR a = $1) ON CONFLICT (id) DO UPDATE SET a = excluded.a", "INSERT INTO tgt (id, a) SELECT id, a FROM t ON CONFLICT (id) DO NOTHING", "another FROM"),
		optional("ON CONFLICT's WHERE", "INSERT INTO tgt (id, a) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE ($1 IS NULL OR tgt.a = $1)", "INSERT INTO tgt (id, a) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE tgt.a > 1", "another ON CONFLICT"),
		optional("MERGE", "MERGE INTO tgt USING t ON tgt.id = t.id AND ($1 IS NULL OR t.a = $1) WHEN MATCHED THEN UPDATE SET a = t.a", "MERGE INTO tgt USING t ON tgt.id = t.id WHEN MATCHED THEN DELETE", "another list of columns"),
		optional("MERGE's condition", "MERGE INTO tgt USING t ON tgt.id = t.id WHEN MATCHED AND ($1 IS NULL OR t.a = $1) THEN DELETE", "MERGE INTO tgt USING t ON tgt.id = t.id WHEN MATCHED AND t.a = 1 THEN DELETE", "another WHEN"),
		optional("UNION ALL of a recursion", "WITH RECURSIVE r AS (SELECT id FROM t WHERE ($1 IS NULL OR a = $1) UNION SELECT r.id FROM r JOIN s ON s.t_id = r.id) SELECT id FROM r", "WITH RECURSIVE r AS (SELECT id FROM t UNION ALL SELECT r.id FROM r JOIN s ON s.t_id = r.id) SELECT id FROM r", "another UNION, INTERSECT or EXCEPT"),
		optional("DISTINCT ON", "SELECT DISTINCT ON (a) a, id FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT DISTINCT a, id FROM t", "another DISTINCT"),
		optional("VALUES", "SELECT id FROM t JOIN (VALUES (1), (2)) v (x) ON x = a WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM t JOIN (VALUES (1), (9)) v (x) ON x = a", "another FROM"),
		optional("a frame", "SELECT sum(a) OVER (ORDER BY id ROWS 1 PRECEDING) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT sum(a) OVER (ORDER BY id ROWS 2 PRECEDING) FROM t", "another window"),
		optional("a window", "SELECT sum(a) OVER (PARTITION BY a, b) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT sum(a) OVER (PARTITION BY a ORDER BY b) FROM t", "another window"),
		optional("a window's order", "SELECT sum(a) OVER (ORDER BY b) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT sum(a) OVER (ORDER BY b DESC) FROM t", "another window"),
		optional("CHECK OPTION", "UPDATE checked SET a = 1 WHERE ($1 IS NULL OR a = $1)", "UPDATE unchecked SET a = 1", "another FROM"),
		optional("constants inserted", "INSERT INTO tgt (id, a) SELECT 1, 2 WHERE $1 IS NULL", "INSERT INTO tgt (id, a) SELECT 1, 3", "another list of columns"),
		optional("constants selected", "SELECT 1 FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT 2 FROM t", "another list of columns"),
		optional("EXCEPT ALL", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) EXCEPT SELECT id FROM s", "SELECT id FROM t EXCEPT ALL SELECT id FROM s", "another UNION, INTERSECT or EXCEPT"),
		optional("NULLS FIRST", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY a", "SELECT id FROM t ORDER BY a NULLS FIRST", "another ORDER BY"),
		optional("RETURNING", "DELETE FROM t WHERE ($1 IS NULL OR a = $1) RETURNING id", "DELETE FROM t RETURNING a", "another RETURNING"),
		optional("TABLESAMPLE", "SELECT id FROM t TABLESAMPLE system (10) REPEATABLE (1) WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM t TABLESAMPLE system (10) REPEATABLE (2)", "another FROM"),
		optional("ROLLUP", "SELECT a, count(*) FROM t WHERE ($1 IS NULL OR a = $1) GROUP BY ROLLUP (a)", "SELECT a, count(*) FROM t GROUP BY a", "another GROUP BY"),
		optional("a table", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM tgt", "another FROM"),
		optional("an element for an array", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) AND a = ANY('{1,2}'::int[])", "SELECT id FROM t WHERE a = 1", "another condition"),
		optional("a cast", "SELECT b::varchar(3) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT b::varchar(4) FROM t", "another list of columns"),
		optional("an aggregate's order", "SELECT array_agg(id ORDER BY a) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT array_agg(id ORDER BY b) FROM t", "another list of columns"),
		optional("an aggregate's DISTINCT", "SELECT count(a) FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT count(DISTINCT a) FROM t", "another list of columns"),
		optional("a collation", "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) AND b < 'x'", `SELECT id FROM t WHERE b < 'x' COLLATE "C"`, "another condition"),
		optional("another collation", `SELECT id FROM t WHERE ($1 IS NULL OR a = $1) AND b < 'x' COLLATE "C"`, `SELECT id FROM t WHERE b < 'x' COLLATE "POSIX"`, "another condition"),
		optional("MATERIALIZED", "WITH x AS (SELECT id FROM t WHERE ($1 IS NULL OR a = $1)) SELECT id FROM x", "WITH x AS MATERIALIZED (SELECT id FROM t) SELECT id FROM x", "another WITH"),
		optional("a writing WITH", "WITH x AS (DELETE FROM s RETURNING id) SELECT id FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM t", "another WITH"),
		{"a LIMIT by CASE", []string{"int", "int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY id LIMIT CASE WHEN $2 > 0 THEN $2 END", "SELECT id FROM t ORDER BY id LIMIT $1", []int{2}, Assumption{1: nothing(), 2: other(num(0))}, "another LIMIT"},
	})
}

// Two sample values tell nothing of these.
func TestWhatSamplesMissIsSeen(t *testing.T) {
	t.Parallel()
	d := setup(t, attacked)
	one := func(n int, s State) Assumption { return Assumption{n: s} }
	d.compare(t, []pair{
		{"greater", []string{"int"}, "SELECT id FROM t WHERE $1 IS NULL OR a = $1 OR $1 > 100", "SELECT id FROM t WHERE a = $1", []int{1}, one(1, other()), "another condition"},
		{"lower", []string{"text"}, "SELECT id FROM t WHERE lower($1) = 'all' OR b = $1", "SELECT id FROM t WHERE b = $1", []int{1}, one(1, other(str("all"))), "another condition"},
		{"a user's function", []string{"text"}, "SELECT id FROM t WHERE lowered($1) = 'all' OR b = $1", "SELECT id FROM t WHERE b = $1", []int{1}, one(1, other(str("all"))), "another condition"},
		{"contradictions", []string{"int", "int"}, "SELECT id FROM t WHERE a = $1 AND a = 3 AND id < 50 AND ($2 IS NULL OR id = $2)", "SELECT id FROM t WHERE a = $1 AND a = 3", []int{1}, one(2, nothing()), "another condition"},
		{"one condition fewer", []string{"text"}, "SELECT id FROM t WHERE b = 'n3' AND ($1 IS NULL OR b = $1) AND a = 1", "SELECT id FROM t WHERE b = 'n3' AND b = $1", []int{1}, one(1, other()), "another condition"},
		{"a filter dropped", []string{"text", "int"}, "SELECT id FROM t WHERE b = $1 AND ($2 IS NULL OR a = $2)", "SELECT id FROM t WHERE b = $1", []int{1}, one(2, other()), "another condition"},
		{"bpchar", []string{"bpchar"}, "SELECT id FROM t WHERE $1 = '' OR b = $1", "SELECT id FROM t WHERE b = $1", []int{1}, one(1, other(str(""))), "another condition"},
		{"nil for empty", []string{"int[]"}, "SELECT id FROM t WHERE cardinality($1) = 0 OR a = ANY($1)", "SELECT id FROM t", nil, one(1, nothing()), "another condition"},
		{"more than two elements", []string{"int[]"}, "SELECT id FROM t WHERE cardinality($1) > 2 OR a = ANY($1)", "SELECT id FROM t WHERE a = ANY($1)", []int{1}, one(1, other(empty())), "another condition"},
		{"two placeholders", []string{"int", "int"}, "SELECT id FROM t WHERE $1 <> $2 OR id < 10", "SELECT id FROM t", nil, Assumption{1: num(1), 2: num(2)}, "another condition"},
		{"LIKE", []string{"text"}, "SELECT id FROM t WHERE $1 LIKE '%*' OR b = $1", "SELECT id FROM t WHERE b = $1", []int{1}, one(1, other(str("*"))), "another condition"},
		{"greater than zero", []string{"int"}, "SELECT id FROM t WHERE NOT ($1 > 0) OR a = $1", "SELECT id FROM t WHERE a = $1", []int{1}, one(1, other(num(0))), "another condition"},
		{"a branch of UNION ALL", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) UNION ALL SELECT id FROM s WHERE $1 IS NULL", "SELECT id FROM t", nil, one(1, nothing()), "another FROM"},
		{"a row", []string{"tgt"}, "SELECT id FROM t WHERE $1 IS NULL OR a = 1", "SELECT id FROM t WHERE a = 1", nil, one(1, other()), "another condition"},
		{"a row that is NULL", []string{"tgt"}, "SELECT id FROM t WHERE $1 IS NULL OR a = 1", "SELECT id FROM t", nil, one(1, nothing()), "another condition"},
		{"ROW(…) IS NULL", []string{"int", "int"}, "SELECT id FROM t WHERE ROW($1, $2) IS NULL OR a = 1", "SELECT id FROM t WHERE a = 1", nil, Assumption{1: other(), 2: nothing()}, "another condition"},
	})
}
