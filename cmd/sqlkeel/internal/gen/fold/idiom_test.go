package fold

import "testing"

const shop = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int, v varchar(20), m mood, u uuid, flag bool, at timestamptz, n numeric, tags text[], k "char");
CREATE TABLE s (id int PRIMARY KEY, t_id int REFERENCES t, note text, active bool);
`

func TestWhatPeopleWriteIsProven(t *testing.T) {
	t.Parallel()
	d := setup(t, shop)
	is := func(n int, s State) Assumption { return Assumption{n: s} }
	d.compare(t, []pair{
		{"IS NULL OR, absent", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM t", nil, is(1, nothing()), ""},
		{"IS NULL OR, present", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1)", "SELECT id FROM t WHERE a = $1", []int{1}, is(1, other()), ""},
		{"cast, absent", []string{"text"}, "SELECT id FROM t WHERE ($1::text IS NULL OR v = $1) AND a = 1", "SELECT id FROM t WHERE a = 1", nil, is(1, nothing()), ""},
		{"other order, absent", []string{"int"}, "SELECT id FROM t WHERE (a = $1 OR $1 IS NULL)", "SELECT id FROM t", nil, is(1, nothing()), ""},
		{"IS NOT NULL AND, absent", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NOT NULL AND a = $1 OR c = 2)", "SELECT id FROM t WHERE c = 2", nil, is(1, nothing()), ""},
		{"empty text", []string{"text"}, "SELECT id FROM t WHERE ($1 = '' OR b = $1)", "SELECT id FROM t", nil, is(1, str("")), ""},
		{"text that is not empty", []string{"text"}, "SELECT id FROM t WHERE ($1 = '' OR b = $1)", "SELECT id FROM t WHERE b = $1", []int{1}, is(1, other(str(""))), ""},
		{"not equal to empty", []string{"text"}, "SELECT id FROM t WHERE ($1 <> '' AND b = $1)", "SELECT id FROM t WHERE b = $1", []int{1}, is(1, other(str(""))), ""},
		{"zero", []string{"bigint"}, "SELECT id FROM t WHERE ($1 = 0 OR a = $1)", "SELECT id FROM t", nil, is(1, num(0)), ""},
		{"not zero", []string{"int"}, "SELECT id FROM t WHERE (0 = $1::int OR a = $1)", "SELECT id FROM t WHERE a = $1", []int{1}, is(1, other(num(0))), ""},
		{"another number", []string{"int"}, "SELECT id FROM t WHERE (0 = $1::int OR a = $1)", "SELECT id FROM t WHERE a = $1", []int{1}, is(1, num(-3)), ""},
		{"flag true", []string{"bool"}, "SELECT id FROM t WHERE (NOT $1 OR a = 1)", "SELECT id FROM t WHERE a = 1", nil, is(1, flagged(1)), ""},
		{"flag false", []string{"bool"}, "SELECT id FROM t WHERE (NOT $1 OR a = 1)", "SELECT id FROM t", nil, is(1, flagged(0)), ""},
		{"flag = false", []string{"bool"}, "SELECT id FROM t WHERE ($1 = false OR a = 1)", "SELECT id FROM t", nil, is(1, flagged(0)), ""},
		{"flag IS TRUE, NULL", []string{"bool"}, "SELECT id FROM t WHERE ($1 IS TRUE AND a = 1 OR $1 IS NOT TRUE)", "SELECT id FROM t", nil, is(1, nothing()), ""},
		{"flag coalesced", []string{"bool"}, "SELECT id FROM t WHERE (coalesce($1, false) OR a = 1)", "SELECT id FROM t WHERE a = 1", nil, is(1, nothing()), ""},
		{"CASE flag", []string{"bool"}, "SELECT id FROM t WHERE CASE WHEN $1 THEN a = 1 ELSE true END", "SELECT id FROM t WHERE a = 1", nil, is(1, flagged(1)), ""},
		{"CASE flag off", []string{"bool"}, "SELECT id FROM t WHERE CASE WHEN $1::bool THEN EXISTS (SELECT FROM s WHERE s.t_id = t.id) ELSE true END", "SELECT id FROM t", nil, is(1, flagged(0)), ""},
		{"CASE flag with EXISTS", []string{"bool"}, "SELECT id FROM t WHERE CASE WHEN $1::bool THEN EXISTS (SELECT FROM s WHERE s.t_id = t.id) ELSE true END", "SELECT id FROM t WHERE EXISTS (SELECT FROM s WHERE s.t_id = t.id)", nil, is(1, flagged(1)), ""},
		{"CASE flag with AND", []string{"bool"}, "SELECT id FROM t WHERE a = 1 AND CASE WHEN $1::bool THEN b = 'x' AND c = 2 ELSE true END", "SELECT id FROM t WHERE a = 1 AND b = 'x' AND c = 2", nil, is(1, flagged(1)), ""},
		{"cardinality empty", []string{"int[]"}, "SELECT id FROM t WHERE (cardinality($1) = 0 OR a = ANY($1))", "SELECT id FROM t", nil, is(1, empty()), ""},
		{"cardinality", []string{"int[]"}, "SELECT id FROM t WHERE (cardinality($1::int[]) = 0 OR a = ANY($1))", "SELECT id FROM t WHERE a = ANY($1)", []int{1}, is(1, other(empty())), ""},
		{"cardinality > 0", []string{"int[]"}, "SELECT id FROM t WHERE (NOT cardinality($1) > 0 OR a = ANY($1))", "SELECT id FROM t WHERE a = ANY($1)", []int{1}, is(1, other(empty())), ""},
		{"coalesced cardinality", []string{"int[]"}, "SELECT id FROM t WHERE (coalesce(cardinality($1), 0) = 0 OR a = ANY($1))", "SELECT id FROM t", nil, is(1, nothing()), ""},
		{"coalesced cardinality, some", []string{"int[]"}, "SELECT id FROM t WHERE (coalesce(cardinality($1), 0) = 0 OR a = ANY($1))", "SELECT id FROM t WHERE a = ANY($1)", []int{1}, is(1, other(empty())), ""},
		{"array_length", []string{"text[]"}, "SELECT id FROM t WHERE (array_length($1, 1) IS NULL OR b = ANY($1))", "SELECT id FROM t", nil, is(1, empty()), ""},
		{"array_length, some", []string{"text[]"}, "SELECT id FROM t WHERE (array_length($1, 1) IS NULL OR b = ANY($1))", "SELECT id FROM t WHERE b = ANY($1)", []int{1}, is(1, other(empty())), ""},
		{"coalesced array_length", []string{"text[]"}, "SELECT id FROM t WHERE (coalesce(array_length($1, 1), 0) = 0 OR b = ANY($1))", "SELECT id FROM t", nil, is(1, empty()), ""},
		{"= '{}'", []string{"text[]"}, "SELECT id FROM t WHERE ($1 = '{}' OR b = ANY($1))", "SELECT id FROM t", nil, is(1, empty()), ""},
		{"<> '{}'", []string{"text[]"}, "SELECT id FROM t WHERE ($1 <> '{}' AND b = ANY($1))", "SELECT id FROM t WHERE b = ANY($1)", []int{1}, is(1, other(empty())), ""},
		{"NULLIF", []string{"text"}, "SELECT id FROM t WHERE (NULLIF($1, '') IS NULL OR b = $1)", "SELECT id FROM t", nil, is(1, str("")), ""},
		{"NULLIF, NULL", []string{"text"}, "SELECT id FROM t WHERE (NULLIF($1, '') IS NULL OR b = $1)", "SELECT id FROM t", nil, is(1, nothing()), ""},
		{"NULLIF, other", []string{"text"}, "SELECT id FROM t WHERE (NULLIF($1, '') IS NULL OR b = $1)", "SELECT id FROM t WHERE b = $1", []int{1}, is(1, other(str(""))), ""},
		{"IN", []string{"text"}, "SELECT id FROM t WHERE ($1 IN ('all', 'any') OR b = $1)", "SELECT id FROM t", nil, is(1, str("any")), ""},
		{"NOT IN", []string{"text"}, "SELECT id FROM t WHERE ($1 NOT IN ('all', 'any') AND b = $1)", "SELECT id FROM t WHERE b = $1", []int{1}, is(1, other(str("any"), str("all"))), ""},
		{"ANY of a constant", []string{"text"}, "SELECT id FROM t WHERE ($1 = ANY('{all,any}') OR b = $1)", "SELECT id FROM t", nil, is(1, str("any")), ""},
		{"IN of an enum", []string{"mood"}, "SELECT id FROM t WHERE ($1 IN ('sad', 'ok') OR m = $1)", "SELECT id FROM t WHERE m = $1", []int{1}, is(1, str("happy")), ""},
		{"enum", []string{"mood"}, "SELECT id FROM t WHERE ($1 = 'sad' OR m = $1)", "SELECT id FROM t", nil, is(1, str("sad")), ""},
		{"uuid", []string{"uuid"}, "SELECT id FROM t WHERE ($1 = '00000000-0000-0000-0000-000000000000' OR u = $1)", "SELECT id FROM t", nil, is(1, str("00000000-0000-0000-0000-000000000000")), ""},
		{"uuid, other", []string{"uuid"}, "SELECT id FROM t WHERE ($1 = '0A00000000000000000000000000000f' OR u = $1)", "SELECT id FROM t WHERE u = $1", []int{1}, is(1, other(str("0a000000-0000-0000-0000-00000000000f"))), ""},
		{"varchar", []string{"varchar"}, "SELECT id FROM t WHERE ($1 = 'all' OR v = $1)", "SELECT id FROM t", nil, is(1, str("all")), ""},
		{"sort", []string{"text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, CASE WHEN $1 = 'b' THEN b END DESC, id LIMIT 3", "SELECT id FROM t ORDER BY b DESC, id LIMIT 3", nil, is(1, str("b")), ""},
		{"sort by the default", []string{"text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a END, CASE WHEN $1 = 'b' THEN b END DESC, id LIMIT 3", "SELECT id FROM t ORDER BY id LIMIT 3", nil, is(1, other(str("a"), str("b"))), ""},
		{"sort by two parameters", []string{"text", "text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' AND $2 = 'asc' THEN a END ASC, CASE WHEN $1 = 'a' AND $2 = 'desc' THEN a END DESC, id", "SELECT id FROM t ORDER BY a DESC, id", nil, Assumption{1: str("a"), 2: str("desc")}, ""},
		{"sort by CASE value", []string{"text", "bool"}, "SELECT id FROM t ORDER BY CASE WHEN $2 THEN CASE $1 WHEN 'b' THEN b WHEN 'v' THEN v END END, id", "SELECT id FROM t ORDER BY v, id", nil, Assumption{1: str("v"), 2: flagged(1)}, ""},
		{"sort by casts", []string{"text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'a' THEN a::text WHEN $1 = 'v' THEN v::text ELSE b END", "SELECT id FROM t ORDER BY a::text", nil, is(1, str("a")), ""},
		{"sort by an output", []string{"text"}, "SELECT id, b FROM t ORDER BY CASE WHEN $1 = 'b' THEN b END, id", "SELECT id, b FROM t ORDER BY b, id", nil, is(1, str("b")), ""},
		{"sort by a key that is there again", []string{"text"}, "SELECT id FROM t ORDER BY CASE WHEN $1 = 'id' THEN id END DESC, id", "SELECT id FROM t ORDER BY id DESC", nil, is(1, str("id")), ""},
		{"ON", []string{"bool"}, "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id AND ($1::bool IS NULL OR s.active = $1)", "SELECT t.id FROM t LEFT JOIN s ON s.t_id = t.id", nil, is(1, nothing()), ""},
		{"HAVING", []string{"bigint"}, "SELECT a, count(*) FROM t GROUP BY a HAVING ($1 IS NULL OR count(*) > $1)", "SELECT a, count(*) FROM t GROUP BY a HAVING true", nil, is(1, nothing()), ""},
		{"FILTER", []string{"int"}, "SELECT count(*) FILTER (WHERE $1 IS NULL OR a = $1) FROM t", "SELECT count(*) FILTER (WHERE a = $1) FROM t", []int{1}, is(1, other()), ""},
		{"subquery", []string{"text"}, "SELECT id FROM t WHERE id IN (SELECT t_id FROM s WHERE ($1 = '' OR note = $1)) LIMIT 4", "SELECT id FROM t WHERE id IN (SELECT t_id FROM s) LIMIT 4", nil, is(1, str("")), ""},
		{"CTE", []string{"text", "int"}, "WITH x AS (SELECT * FROM s WHERE ($1 = '' OR note = $1)) SELECT x.id FROM x WHERE ($2 IS NULL OR x.t_id = $2)", "WITH x AS (SELECT * FROM s) SELECT x.id FROM x WHERE x.t_id = $1", []int{2}, Assumption{1: str(""), 2: other()}, ""},
		{"UPDATE", []string{"int", "text"}, "UPDATE t SET b = $2 WHERE ($1 IS NULL OR a = $1) AND id > 5", "UPDATE t SET b = $1 WHERE id > 5", []int{2}, is(1, nothing()), ""},
		{"UPDATE of all", []string{"int", "text"}, "UPDATE t SET b = $2 WHERE ($1 IS NULL OR a = $1)", "UPDATE t SET b = $1", []int{2}, is(1, nothing()), ""},
		{"UPDATE of a coalesced column", []string{"int", "text"}, "UPDATE t SET b = coalesce($2, b) WHERE id = $1", "UPDATE t SET b = $2 WHERE id = $1", []int{1, 2}, is(2, other()), ""},
		{"DELETE", []string{"int"}, "DELETE FROM t WHERE ($1 IS NULL OR a = $1)", "DELETE FROM t WHERE a = $1", []int{1}, is(1, other()), ""},
		{"window", []string{"int"}, "SELECT id, row_number() OVER (PARTITION BY a ORDER BY b) FROM t WHERE ($1 IS NULL OR a = $1) ORDER BY CASE WHEN $1 IS NULL THEN b END, id", "SELECT id, row_number() OVER (PARTITION BY a ORDER BY b) FROM t ORDER BY b, id", nil, is(1, nothing()), ""},
		{"UNION", []string{"int"}, "SELECT id FROM t WHERE ($1 IS NULL OR a = $1) UNION SELECT id FROM s WHERE ($1 IS NULL OR t_id = $1) ORDER BY 1", "SELECT id FROM t WHERE a = $1 UNION SELECT id FROM s WHERE t_id = $1 ORDER BY 1", []int{1}, is(1, other()), ""},
	})
}
