package soundness

// Two rows and what changes them in most of what follows.
const (
	twoRows   = "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 7); INSERT INTO t VALUES (2, 8)"
	changeTwo = "UPDATE t SET c = 9 WHERE id = $1"
)

var two = []any{int64(2)}

// otherRow is a read pinned to row 1 that a write to row 2 changes.
func otherRow(read string) counterexample {
	return counterexample{setup: twoRows, read: read, readArgs: []any{int64(1)}, write: changeTwo, writeArgs: two}
}

// pins are counterexamples about filters that look as if they pinned all.
var pins = map[string]counterexample{
	"a common table read twice, once unpinned":          otherRow("WITH w AS (SELECT * FROM t) SELECT * FROM w a, w b WHERE a.id = $1"),
	"a common table counted beside":                     otherRow("WITH w AS (SELECT * FROM t) SELECT *, (SELECT max(c) FROM w) FROM w WHERE id = $1"),
	"a materialised common table, and the table":        otherRow("WITH w AS MATERIALIZED (SELECT max(c) AS m FROM t) SELECT t.*, w.m FROM t, w WHERE t.id = $1"),
	"a subquery with LIMIT":                             otherRow("SELECT * FROM (SELECT * FROM t ORDER BY c DESC LIMIT 1) q LEFT JOIN t ON false WHERE q.id <> $1"),
	"a window over everything below":                    otherRow("SELECT * FROM (SELECT *, max(c) OVER () FROM t) q WHERE id = $1"),
	"two windows, of which one looks further":           otherRow("SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY id), max(c) OVER (PARTITION BY c > 0) FROM t) q WHERE id = $1"),
	"a named window":                                    otherRow("SELECT * FROM (SELECT *, lead(c) OVER w FROM t WINDOW w AS (ORDER BY id)) q WHERE id = $1"),
	"an aggregate in HAVING":                            otherRow("SELECT max(c) FROM t HAVING min(id) = $1"),
	"DISTINCT ON of another column":                     otherRow("SELECT * FROM (SELECT DISTINCT ON (c > 0) * FROM t ORDER BY c > 0, c DESC) q WHERE id <> $1"),
	"a group of another column":                         otherRow("SELECT * FROM (SELECT min(id) AS id, max(c) FROM t GROUP BY c > 0) q WHERE id = $1"),
	"a union of which a branch is not filtered":         otherRow("SELECT c FROM t WHERE id = $1 UNION ALL SELECT c FROM t"),
	"a union that puts another column there":            otherRow("SELECT * FROM (SELECT id, c FROM t UNION ALL SELECT 1, c FROM t) q WHERE id = $1"),
	"EXCEPT":                                            otherRow("SELECT c FROM t WHERE id = $1 EXCEPT SELECT c - 2 FROM t"),
	"a recursion":                                       otherRow("WITH RECURSIVE w AS (SELECT id, c FROM t WHERE id = $1 UNION SELECT t.id, t.c FROM t JOIN w ON t.id = w.id + 1) SELECT * FROM w"),
	"OR":                                                otherRow("SELECT * FROM t WHERE id = $1 OR c > 0"),
	"NOT":                                               otherRow("SELECT * FROM t WHERE NOT id = $1"),
	"a CASE":                                            otherRow("SELECT * FROM t WHERE CASE WHEN id = $1 THEN true ELSE c > 0 END"),
	"ON of the other side of a left join":               otherRow("SELECT a.* FROM t a LEFT JOIN t b ON a.id = $1 AND b.id = $1"),
	"ON of a full join":                                 otherRow("SELECT a.c, b.c FROM t a FULL JOIN t b ON a.id = b.id AND a.id = $1"),
	"a full join by USING":                              otherRow("SELECT a.c FROM t a FULL JOIN (SELECT 5 AS c, 1 AS id) b USING (id) WHERE coalesce(id, $1) > 0"),
	"a join that is not equality":                       otherRow("SELECT * FROM t a JOIN t b ON b.id > a.id WHERE a.id = $1"),
	"a left join's other side through a coalesced null": otherRow("SELECT * FROM t a LEFT JOIN t b ON b.id = a.id + 1 WHERE coalesce(a.id, b.id) = $1"),
	"a lateral neighbour":                               otherRow("SELECT * FROM t a, LATERAL (SELECT max(b.c) FROM t b WHERE b.id >= a.id) l WHERE a.id = $1"),
	"a correlated subquery that looks further":          otherRow("SELECT * FROM t a WHERE a.id = $1 AND a.c < (SELECT max(b.c) - 1 FROM t b WHERE b.id <> a.id)"),
	"NOT IN":                                     otherRow("SELECT * FROM t a WHERE id = $1 AND 9 NOT IN (SELECT c FROM t)"),
	"an array of a subquery":                     otherRow("SELECT ARRAY(SELECT c FROM t ORDER BY id) FROM t WHERE id = $1"),
	"a filter of an aggregate":                   otherRow("SELECT count(*) FILTER (WHERE id = $1), max(c) FROM t"),
	"ORDER BY a subquery":                        otherRow("SELECT x FROM (VALUES (1), (2)) v(x) WHERE x <= $1 + 1 ORDER BY (SELECT max(c) FROM t) * -x OFFSET (SELECT (max(c) > 8)::int FROM t)"),
	"a placeholder that is a filter and a value": otherRow("SELECT $1::int, c FROM t WHERE c > $1"),
	"grouping sets":                              otherRow("SELECT id, max(c) FROM t GROUP BY GROUPING SETS ((id), ()) HAVING coalesce(id, $1) = $1"),
	"a row beside the pinned one, by ROWS FROM": {
		setup: twoRows + "; CREATE FUNCTION f(n int) RETURNS SETOF t LANGUAGE sql STABLE AS $$ SELECT * FROM t WHERE id > n $$",
		read:  "SELECT * FROM t, f(t.id) WHERE t.id = $1", readArgs: []any{int64(1)}, write: changeTwo, writeArgs: two,
	},
	"a filter on a function's rows": {
		setup: twoRows + "; CREATE FUNCTION f() RETURNS TABLE (id int, m int) LANGUAGE sql STABLE AS $$ SELECT 1, max(c) FROM t $$",
		read:  "SELECT * FROM f() WHERE id = $1", readArgs: []any{int64(1)}, write: changeTwo, writeArgs: two,
	},
	"a collation that the statement asks for": {
		setup: prelude[1] + "; CREATE TABLE t (k text, c int); INSERT INTO t VALUES ('A', 1)",
		read:  "SELECT * FROM t WHERE k = $1 COLLATE ci", readArgs: []any{"a"},
		write: "UPDATE t SET c = 2 WHERE k = $1", writeArgs: []any{"A"},
	},
	"a collation on the column's side": {
		setup: prelude[1] + "; CREATE TABLE t (k text, c int); INSERT INTO t VALUES ('A', 1)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"A"},
		write: "UPDATE t SET c = 2 WHERE k COLLATE ci = $1", writeArgs: []any{"a"},
	},
	"a domain with a collation": {
		setup: prelude[1] + "; CREATE DOMAIN word AS text COLLATE ci; CREATE TABLE t (k word, c int); INSERT INTO t VALUES ('A', 1)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"A"},
		write: "UPDATE t SET c = 2 WHERE k = $1", writeArgs: []any{"a"},
	},
	"an operator that looks like equality": {
		setup: `CREATE TABLE t (k int, c int); INSERT INTO t VALUES (1, 1);
			CREATE FUNCTION near(a int, b int) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT abs(a - b) < 2 $$;
			CREATE OPERATOR = (LEFTARG = int, RIGHTARG = int, FUNCTION = near)`,
		read: "SELECT * FROM t WHERE k OPERATOR(public.=) $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = 2 WHERE k = $1", writeArgs: []any{int64(1)},
	},
}

// changes are counterexamples about writes whose key is not what it seems.
var changes = map[string]counterexample{
	"an identity that does not heed what is given": {
		setup: "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START WITH 5), c int)",
		read:  "SELECT count(*) FROM t WHERE id >= $1 AND id = id", readArgs: []any{int64(5)},
		write: "INSERT INTO t (id, c) OVERRIDING USER VALUE VALUES ($1, 1)", writeArgs: []any{int64(1)},
	},
	"a domain of shorter text": {
		setup: "CREATE DOMAIN short AS varchar(2); CREATE TABLE t (k short)",
		read:  "SELECT count(*) FROM t WHERE k = $1", readArgs: []any{"a "},
		write: "INSERT INTO t VALUES ($1)", writeArgs: []any{"a    "},
	},
	"several columns set at once": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(5)},
		write: "UPDATE t SET (c, id) = (SELECT 1, 5) WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"several columns set at once from a row": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(5)},
		write: "UPDATE t SET (c, id) = ROW(1, 5) WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a joined row that is pinned": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t a SET c = 0 FROM t b WHERE b.id = $1", writeArgs: []any{int64(1)},
	},
	"RETURNING another table's key": {
		setup: twoRows + "; CREATE TABLE u (id int); INSERT INTO u VALUES (1)",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = 0 FROM u RETURNING u.id",
	},
	"RETURNING something that is called like the key": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM t WHERE c = 8 RETURNING id + 1 AS id",
	},
	"RETURNING through a common table that drops rows": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone WHERE id = 1",
	},
	"a function in SET that writes the same table": {
		setup: twoRows + `; CREATE FUNCTION also() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET c = 0 WHERE id = 2; RETURN 1; END $$`,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = also() WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a function in RETURNING that writes the same table": {
		setup: twoRows + `; CREATE FUNCTION also() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET c = 0 WHERE id = 2; RETURN 1; END $$`,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM t WHERE id = $1 RETURNING also()", writeArgs: []any{int64(1)},
	},
	"a default that writes the same table": {
		setup: twoRows + `; CREATE FUNCTION also() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET c = 0 WHERE id = 2; RETURN 1; END $$;
			ALTER TABLE t ALTER c SET DEFAULT also()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "INSERT INTO t (id) VALUES ($1)", writeArgs: []any{int64(3)},
	},
	"a second write of the same table in a common table": {
		setup: twoRows,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "WITH also AS (UPDATE t SET c = 0 WHERE id = 2 RETURNING 1) UPDATE t SET c = 0 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"the destination partition's trigger on a row that moves in": {
		setup: `CREATE TABLE t (id int, c int) PARTITION BY LIST (c); CREATE TABLE one PARTITION OF t FOR VALUES IN (1);
			CREATE TABLE two PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (5, 1);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
			CREATE TRIGGER moves BEFORE INSERT ON two FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT count(*) FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 2 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"a refresh whose query writes": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION noted() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (1); RETURN 1; END $$;
			CREATE MATERIALIZED VIEW m AS SELECT noted() AS n`,
		read: "SELECT count(*) FROM log", write: "REFRESH MATERIALIZED VIEW m",
	},
	"a refresh of a view that others read": {
		setup: "CREATE TABLE t (id int); CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t; CREATE VIEW v AS SELECT * FROM m; INSERT INTO t VALUES (1)",
		read:  "SELECT * FROM v", write: "REFRESH MATERIALIZED VIEW m",
	},
	"CALL": {
		setup: twoRows + "; CREATE PROCEDURE empties(n int) LANGUAGE sql AS $$ DELETE FROM t WHERE id = n $$",
		read:  "SELECT * FROM t", write: "CALL empties(1)",
	},
	"DO":              {setup: twoRows, read: "SELECT * FROM t", write: "DO 'BEGIN DELETE FROM t; END'"},
	"EXPLAIN ANALYZE": {setup: twoRows, read: "SELECT * FROM t", write: "EXPLAIN ANALYZE DELETE FROM t"},
	"ALTER TABLE":     {setup: twoRows, read: "SELECT count(c) FROM t", write: "ALTER TABLE t ALTER c TYPE int USING NULL"},
	"SELECT INTO": {
		setup: twoRows + "; CREATE FUNCTION also() RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET c = 0; RETURN 1; END $$",
		read:  "SELECT * FROM t", write: "SELECT also() INTO made",
	},
	"TRUNCATE of a partitioned table": {
		setup: "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE one PARTITION OF t DEFAULT; INSERT INTO t VALUES (1)",
		read:  "SELECT * FROM one", write: "TRUNCATE t",
	},
	"a TRUNCATE trigger of what CASCADE reaches": {
		setup: `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE c (p int REFERENCES p); CREATE TABLE log (n int);
			CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER gone AFTER TRUNCATE ON c EXECUTE FUNCTION gone()`,
		read: "SELECT count(*) FROM log", write: "TRUNCATE p CASCADE",
	},
	"an upsert whose update fires a trigger": {
		setup: twoRows + `; CREATE TABLE log (n int);
			CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER noted AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noted()`,
		read: "SELECT count(*) FROM log", write: "INSERT INTO t VALUES ($1) ON CONFLICT (id) DO UPDATE SET c = 0", writeArgs: []any{int64(1)},
	},
	"a trigger of a child, fired through the parent": {
		setup: `CREATE TABLE p (id int); CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (1); CREATE TABLE log (n int);
			CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER noted AFTER UPDATE ON c FOR EACH ROW EXECUTE FUNCTION noted()`,
		read: "SELECT count(*) FROM log", write: "UPDATE p SET id = 2",
	},
	"a view's own trigger under a view": {
		setup: twoRows + `; CREATE TABLE log (n int); CREATE VIEW inner_view AS SELECT * FROM t; CREATE VIEW outer_view AS SELECT * FROM inner_view;
			CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NEW; END $$;
			CREATE TRIGGER noted INSTEAD OF UPDATE ON inner_view FOR EACH ROW EXECUTE FUNCTION noted()`,
		read: "SELECT count(*) FROM log", write: "UPDATE outer_view SET c = 0 WHERE id = $1", writeArgs: []any{int64(1)},
	},
}
