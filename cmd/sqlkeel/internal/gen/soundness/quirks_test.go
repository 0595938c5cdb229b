package soundness

// quirks are what PostgreSQL does beyond what is written: defaults, collations of
// indexes, names that only the role decides.
var quirks = map[string]counterexample{
	"an upsert whose index takes more texts for equal than the column": {
		setup: prelude[1] + `; CREATE TABLE t (code text, n int); CREATE UNIQUE INDEX ON t (code COLLATE ci); INSERT INTO t VALUES ('a', 0)`,
		read:  "SELECT * FROM t WHERE code = $1", readArgs: []any{"a"},
		write: "INSERT INTO t (code) VALUES ($1) ON CONFLICT (code) DO UPDATE SET n = 1", writeArgs: []any{"A"},
	},
	"a view whose columns have other names below, by an alias": {
		setup: `CREATE TABLE t (id int, c int UNIQUE); INSERT INTO t VALUES (1, 2);
			CREATE TABLE u (c int REFERENCES t (c) ON UPDATE CASCADE); INSERT INTO u VALUES (2);
			CREATE VIEW v AS SELECT x.id, x.c FROM t x(c, id)`,
		read:  "SELECT * FROM u",
		write: "UPDATE v SET id = 7",
	},
	"the default of a view's column": {
		setup: `CREATE TABLE t (id int, c int); CREATE TABLE log (n int);
			CREATE FUNCTION logs() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING n';
			CREATE VIEW v AS SELECT * FROM t; ALTER VIEW v ALTER COLUMN c SET DEFAULT logs()`,
		read:  "SELECT * FROM log",
		write: "INSERT INTO v (id) VALUES (1)",
	},
	"the default of a domain": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION logs() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING n';
			CREATE DOMAIN logged AS int DEFAULT logs(); CREATE TABLE t (id int, c logged)`,
		read:  "SELECT * FROM log",
		write: "INSERT INTO t (id) VALUES (1)",
	},
	"a BEFORE trigger that returns what an operator makes of NEW": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (5, 0);
			CREATE FUNCTION later(t, int) RETURNS t LANGUAGE sql AS 'SELECT ($1.id + $2, $1.c)::t';
			CREATE OPERATOR +> (LEFTARG = t, RIGHTARG = int, FUNCTION = later);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW +> 100; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 1 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"BETWEEN with an operator of one's own, in a body": {
		setup: `CREATE TABLE u (n int); CREATE TYPE pair AS (a int); 
			CREATE FUNCTION ge(pair, int) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM u)';
			CREATE FUNCTION le(pair, int) RETURNS bool LANGUAGE sql AS 'SELECT true';
			CREATE OPERATOR >= (LEFTARG = pair, RIGHTARG = int, FUNCTION = ge); CREATE OPERATOR <= (LEFTARG = pair, RIGHTARG = int, FUNCTION = le);
			CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT ROW(1)::pair BETWEEN 1 AND 2'`,
		read:  "SELECT f()",
		write: "INSERT INTO u VALUES (1)",
	},
	"CASE with an equality of one's own, in a body": {
		setup: `CREATE TABLE u (n int); CREATE TYPE pair AS (a int);
			CREATE FUNCTION eq(pair, int) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM u)';
			CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = int, FUNCTION = eq);
			CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT CASE ROW(1)::pair WHEN 1 THEN 1 ELSE 2 END'`,
		read:  "SELECT f()",
		write: "INSERT INTO u VALUES (1)",
	},
	"a function with a second argument's default, called like a column in a body": {
		setup: `CREATE TABLE u (n int); CREATE TABLE t (id int); INSERT INTO t VALUES (1);
			CREATE FUNCTION counted(t, int DEFAULT 1) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM u';
			CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT t.counted FROM t'`,
		read:  "SELECT f()",
		write: "INSERT INTO u VALUES (1)",
	},
	"an ATTACHed partition with other numbers for its columns": {
		setup: `CREATE TABLE t (gone int, id int, c int, k int) PARTITION BY LIST (k); ALTER TABLE t DROP COLUMN gone;
			CREATE TABLE p (k int, x int, c int, y int, id int); ALTER TABLE p DROP COLUMN x; ALTER TABLE p DROP COLUMN y; ALTER TABLE t ATTACH PARTITION p DEFAULT;
			INSERT INTO t (id, c, k) VALUES (1, 0, 1)`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE p SET c = 5 WHERE id = $1 RETURNING c, id", writeArgs: []any{int64(1)},
	},
	"a trigger on a column of a partition whose number is another": {
		setup: `CREATE TABLE t (id int, c int, k int) PARTITION BY LIST (k); CREATE TABLE log (n int);
			CREATE TABLE p (k int, x int, c int, id int); ALTER TABLE p DROP COLUMN x; ALTER TABLE t ATTACH PARTITION p DEFAULT; INSERT INTO t VALUES (1, 0, 1);
			CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER logs AFTER UPDATE OF c ON p FOR EACH ROW EXECUTE FUNCTION logs()`,
		read:  "SELECT * FROM log",
		write: "UPDATE t SET c = 2 WHERE id = 1",
	},
	"ON DELETE SET DEFAULT of one column of a key of two": {
		setup: `CREATE TABLE a (x int, y int, PRIMARY KEY (x, y)); INSERT INTO a VALUES (1, 1); INSERT INTO a VALUES (1, 0);
			CREATE TABLE b (id int PRIMARY KEY, x int, y int DEFAULT 0, FOREIGN KEY (x, y) REFERENCES a ON DELETE SET DEFAULT (y)); INSERT INTO b VALUES (1, 1, 1)`,
		read: "SELECT * FROM b WHERE id = $1", readArgs: []any{int64(1)},
		write: "DELETE FROM a WHERE y = $1", writeArgs: []any{int64(1)},
	},
	"ON UPDATE CASCADE into a primary key, a generated column and on": {
		setup: `CREATE TABLE a (k int PRIMARY KEY); INSERT INTO a VALUES (1);
			CREATE TABLE b (k int PRIMARY KEY REFERENCES a ON UPDATE CASCADE, g int GENERATED ALWAYS AS (k * 2) STORED UNIQUE); INSERT INTO b VALUES (1);
			CREATE TABLE c (k int REFERENCES b ON UPDATE CASCADE); INSERT INTO c VALUES (1)`,
		read:  "SELECT * FROM c",
		write: "UPDATE a SET k = 3 WHERE k = $1", writeArgs: []any{int64(1)},
	},
	"INSERT … SELECT of a pinned table into itself": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "INSERT INTO t SELECT c, id FROM t WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a WITH query that is not referenced": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "WITH d AS (DELETE FROM t) SELECT $1::int", writeArgs: []any{int64(2)},
	},
	"two branches of a UNION, pinned to different values": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "SELECT c FROM t WHERE id = $1 UNION ALL SELECT c FROM t WHERE id = $2", readArgs: []any{int64(1), int64(2)},
		write: "UPDATE t SET c = 9 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"a row that is compared with a list": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "SELECT c FROM t WHERE (id, c) IN (($1, 2), ($2, 3))", readArgs: []any{int64(1), int64(2)},
		write: "DELETE FROM t WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"IS NOT DISTINCT FROM NULL": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (NULL, 2)",
		read:  "SELECT c FROM t WHERE id IS NOT DISTINCT FROM $1", readArgs: []any{nil},
		write: "UPDATE t SET c = 3 WHERE c = $1", writeArgs: []any{int64(2)},
	},
	"an anti-join whose missing side is pinned": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (id int, t int)",
		read:  "SELECT * FROM t LEFT JOIN u ON u.t = t.id AND u.id = $1 WHERE u.id IS NULL", readArgs: []any{int64(5)},
		write: "INSERT INTO u VALUES ($1, 1)", writeArgs: []any{int64(5)},
	},
	"NOT IN over a subquery that is pinned outside only": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM t WHERE id = $1 AND id NOT IN (SELECT c FROM t)", readArgs: []any{int64(1)},
		write: "INSERT INTO t VALUES ($1, 1)", writeArgs: []any{int64(9)},
	},
	"a window over pinned and other rows": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "SELECT * FROM (SELECT id, lag(c) OVER (ORDER BY id DESC) FROM t) x WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET c = 9 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"an aggregate's FILTER, which pins nothing": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT count(*) FILTER (WHERE id = $1), count(*) FROM t", readArgs: []any{int64(1)},
		write: "INSERT INTO t VALUES ($1, 0)", writeArgs: []any{int64(2)},
	},
	"a recursive query over the table that its start pins": {
		setup: "CREATE TABLE t (id int, up int); INSERT INTO t VALUES (1, NULL); INSERT INTO t VALUES (2, 1)",
		read:  "WITH RECURSIVE r AS (SELECT * FROM t WHERE id = $1 UNION ALL SELECT t.* FROM t JOIN r ON t.up = r.id) SELECT * FROM r", readArgs: []any{int64(1)},
		write: "DELETE FROM t WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"a view that is made of * over what an INSTEAD OF trigger writes": {
		setup: `CREATE TABLE t (id int, c int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT * FROM v;
			CREATE FUNCTION does() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t SELECT NEW.*; RETURN NEW; END $$;
			CREATE TRIGGER does INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION does()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(3)},
		write: "INSERT INTO w VALUES ($1, 1)", writeArgs: []any{int64(3)},
	},
	"a rule with a condition": {
		setup: `CREATE TABLE t (id int, c int); CREATE TABLE u (id int); INSERT INTO t VALUES (1, 0);
			CREATE RULE r AS ON UPDATE TO t WHERE new.c > 5 DO ALSO INSERT INTO u VALUES (new.id)`,
		read:  "SELECT * FROM u",
		write: "UPDATE t SET c = 6 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a statement about a partition's parent that ONLY does not stop": {
		setup: `CREATE TABLE t (id int, c int); CREATE TABLE u () INHERITS (t); CREATE TABLE w () INHERITS (u); INSERT INTO w VALUES (1, 1)`,
		read:  "SELECT * FROM t",
		write: "UPDATE ONLY w SET c = 2",
	},
	"an attribute that is a function of the row": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 0); CREATE TABLE u (id int);
			CREATE FUNCTION kin(t) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM u WHERE id = $1.id'`,
		read: "SELECT t.kin FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO u VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a data-modifying function in RETURNING": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 0); INSERT INTO t VALUES (2, 0);
			CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'UPDATE t SET c = 7 WHERE id = 2 RETURNING c'`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = 1 WHERE id = $1 RETURNING id, f()", writeArgs: []any{int64(1)},
	},
	"a MERGE that deletes": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 0)",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "MERGE INTO t USING (SELECT 1 AS one) s ON t.id = s.one WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES ($1, 0)", writeArgs: []any{int64(2)},
	},
	"a BEFORE trigger that a variable stands for NEW in": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (5, 0);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE r ALIAS FOR NEW; BEGIN r.id := 105; RETURN r; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 1 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"an order of one's own for a type": {
		setup: `CREATE TABLE u (n int); CREATE TYPE pair AS (a int); CREATE TABLE t (p pair); INSERT INTO t VALUES (ROW(1)); INSERT INTO t VALUES (ROW(2));
			CREATE FUNCTION cmp(pair, pair) RETURNS int LANGUAGE sql AS 'SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 0 ELSE ($1.a - $2.a) END';
			CREATE FUNCTION lt(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT cmp($1, $2) < 0'; CREATE FUNCTION eq(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT cmp($1, $2) = 0';
			CREATE OPERATOR <# (LEFTARG = pair, RIGHTARG = pair, FUNCTION = lt); CREATE OPERATOR =# (LEFTARG = pair, RIGHTARG = pair, FUNCTION = eq);
			CREATE OPERATOR CLASS pairs DEFAULT FOR TYPE pair USING btree AS OPERATOR 1 <#, OPERATOR 3 =#, FUNCTION 1 cmp(pair, pair)`,
		read:  "SELECT count(*) FROM (SELECT DISTINCT p FROM t) x",
		write: "INSERT INTO u VALUES (1)",
	},
	"an exclusion constraint by an operator of one's own that writes": {
		setup: `CREATE TABLE log (n int); CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO t VALUES ('[1,2)');
			CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NEW; END $$;
			CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION logs()`,
		read:  "SELECT * FROM log",
		write: "INSERT INTO t VALUES ('[5,6)')",
	},
	"a row trigger of a partition fired through the root of roots": {
		setup: `CREATE TABLE t (id int, a int, b int) PARTITION BY LIST (a); CREATE TABLE p (b int, a int, id int) PARTITION BY LIST (b); ALTER TABLE t ATTACH PARTITION p DEFAULT;
			CREATE TABLE q (x int, id int, b int, a int); ALTER TABLE q DROP COLUMN x; ALTER TABLE p ATTACH PARTITION q DEFAULT; INSERT INTO t VALUES (1, 1, 1); CREATE TABLE log (id int);
			CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$;
			CREATE TRIGGER logs BEFORE UPDATE ON q FOR EACH ROW EXECUTE FUNCTION logs()`,
		read: "SELECT * FROM log WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET id = id WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a foreign key that refers to a partition": {
		setup: `CREATE TABLE t (id int, a int) PARTITION BY LIST (a); CREATE TABLE p (a int, id int PRIMARY KEY); ALTER TABLE t ATTACH PARTITION p DEFAULT; INSERT INTO t VALUES (1, 1);
			CREATE TABLE c (id int REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES (1)`,
		read:  "SELECT * FROM c",
		write: "DELETE FROM t WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a partitioned table that refers, emptied by a cascade": {
		setup: `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1);
			CREATE TABLE t (id int, a int REFERENCES a ON DELETE CASCADE) PARTITION BY LIST (id); CREATE TABLE p (a int, id int); ALTER TABLE t ATTACH PARTITION p DEFAULT; INSERT INTO t VALUES (1, 1)`,
		read:  "SELECT * FROM p",
		write: "DELETE FROM a WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a cascade into a table with a rule": {
		setup: `CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (a int REFERENCES a ON DELETE CASCADE); INSERT INTO b VALUES (1); CREATE TABLE log (n int);
			CREATE RULE r AS ON DELETE TO b DO ALSO INSERT INTO log VALUES (old.a)`,
		read:  "SELECT * FROM log",
		write: "DELETE FROM a WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a read in a CASE that is not reached": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (id int)",
		read:  "SELECT CASE WHEN (SELECT count(*) FROM u) > 0 THEN 1 ELSE 2 END FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO u VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a LATERAL that is pinned by what an outer join may miss": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (id int, c int)",
		read:  "SELECT * FROM t LEFT JOIN LATERAL (SELECT * FROM u WHERE u.id = t.c) x ON t.id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO u VALUES ($1, 0)", writeArgs: []any{int64(2)},
	},
	"GROUPING SETS with the empty set": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM (SELECT id, count(*) FROM t GROUP BY ROLLUP (id)) x WHERE id = $1 OR id IS NULL", readArgs: []any{int64(1)},
		write: "INSERT INTO t VALUES ($1, 0)", writeArgs: []any{int64(2)},
	},
	"EXCEPT takes away by the rows of another table": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (id int)",
		read:  "SELECT * FROM (SELECT id FROM t EXCEPT SELECT id FROM u) x WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO u VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"UNION of which one branch counts": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM (SELECT id FROM t UNION ALL SELECT count(*)::int FROM t) x WHERE id = $1", readArgs: []any{int64(2)},
		write: "INSERT INTO t VALUES ($1, 0)", writeArgs: []any{int64(5)},
	},
	"UNION of which one branch adds": {
		setup: "CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2)",
		read:  "SELECT * FROM (SELECT id FROM t UNION ALL SELECT id + 1 FROM t) x WHERE id = $1", readArgs: []any{int64(6)},
		write: "INSERT INTO t VALUES ($1, 0)", writeArgs: []any{int64(5)},
	},
	"DISTINCT in a collation in which texts are equal": {
		setup: prelude[1] + "; CREATE TABLE t (k text, n int); INSERT INTO t VALUES ('A', 1)",
		read:  `SELECT * FROM (SELECT DISTINCT ON (k COLLATE ci) k, n FROM t ORDER BY k COLLATE ci, n) x WHERE k = $1`, readArgs: []any{"A"},
		write: "INSERT INTO t VALUES ($1, 0) RETURNING k", writeArgs: []any{"a"},
	},
	"a window in a collation in which texts are equal": {
		setup: prelude[1] + "; CREATE TABLE t (k text, n int); INSERT INTO t VALUES ('A', 1)",
		read:  `SELECT * FROM (SELECT k, count(*) OVER (PARTITION BY k COLLATE ci) FROM t) x WHERE k = $1`, readArgs: []any{"A"},
		write: "INSERT INTO t VALUES ($1, 0) RETURNING k", writeArgs: []any{"a"},
	},
	"a join by a collation in which texts are equal": {
		setup: prelude[1] + "; CREATE TABLE t (k text, n int); INSERT INTO t VALUES ('A', 1); CREATE TABLE u (k text)",
		read:  `SELECT * FROM t JOIN u ON t.k = u.k COLLATE ci WHERE t.k = $1`, readArgs: []any{"A"},
		write: "INSERT INTO u VALUES ($1) RETURNING k", writeArgs: []any{"a"},
	},
	"a column whose join partner has a loose collation": {
		setup: prelude[1] + "; CREATE TABLE t (k text COLLATE ci, n int); INSERT INTO t VALUES ('A', 1); CREATE TABLE u (k text)",
		read:  `SELECT * FROM t JOIN u ON u.k = t.k COLLATE "C" WHERE t.k = $1`, readArgs: []any{"a"},
		write: "INSERT INTO u VALUES ($1) RETURNING k", writeArgs: []any{"A"},
	},
	"USING over columns of different types": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 1); CREATE TABLE u (k numeric)",
		read:  `SELECT * FROM t JOIN u USING (k) WHERE t.k = $1`, readArgs: []any{int64(1)},
		write: "INSERT INTO u VALUES (1.0)",
	},
	"a value that is cast on its way into a key": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (2, 1)",
		read:  "SELECT count(*) FROM t WHERE k = $1", readArgs: []any{int64(2)},
		write: "INSERT INTO t (k) VALUES (($1::int8 + 1)::int4)", writeArgs: []any{int64(1)},
	},
	"several rows of VALUES, of which RETURNING tells one": {
		setup: "CREATE TABLE t (k int, n int)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{int64(2)},
		write: "INSERT INTO t (k) VALUES ($1), (2)", writeArgs: []any{int64(1)},
	},
	"a DELETE that USING joins with itself": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 2)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM t USING t x WHERE x.n = t.n AND x.k = $1", writeArgs: []any{int64(1)},
	},
	"an UPDATE FROM itself": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET n = x.n FROM t x WHERE x.k = $1", writeArgs: []any{int64(1)},
	},
	"an UPDATE whose pin is of what an outer join may miss": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3); CREATE TABLE u (k int)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET n = 9 FROM t x LEFT JOIN u ON u.k = x.k AND x.k = $1 WHERE t.k = x.k", writeArgs: []any{int64(1)},
	},
	"a subquery that pins with another's placeholder": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "SELECT * FROM t WHERE k = (SELECT max(k) FROM t WHERE k <= $1)", readArgs: []any{int64(5)},
		write: "DELETE FROM t WHERE k = $1", writeArgs: []any{int64(2)},
	},
	"a scalar subquery's placeholder, or NULL": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (NULL, 2); CREATE TABLE u (k int)",
		read:  "SELECT * FROM t LEFT JOIN u ON u.k = $1 WHERE t.k IS NOT DISTINCT FROM u.k", readArgs: []any{int64(5)},
		write: "UPDATE t SET n = 3 WHERE n = $1", writeArgs: []any{int64(2)},
	},
	"a WITH query that is MATERIALIZED and limited": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "WITH w AS MATERIALIZED (SELECT * FROM t ORDER BY n LIMIT 1) SELECT * FROM w WHERE k = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM t WHERE k = $1", writeArgs: []any{int64(1)},
	},
	"a WITH query inside of another": {
		setup: "CREATE TABLE t (k int, n int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 3)",
		read:  "WITH a AS (SELECT * FROM t), b AS (SELECT sum(n) AS s FROM a) SELECT * FROM b, t WHERE t.k = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET n = 8 WHERE k = $1", writeArgs: []any{int64(2)},
	},
	"a domain's function in a cast": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE))`,
		read:  "SELECT * FROM u",
		write: "SELECT $1::int::checked", writeArgs: []any{int64(1)},
	},
	"a domain's function in an argument": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE FUNCTION f(checked) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$`,
		read:  "SELECT * FROM u",
		write: "SELECT f(5)",
	},
	"a domain's function when text is read": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE TYPE wrapped AS (a checked)`,
		read:  "SELECT * FROM u",
		write: "SELECT $1::text::wrapped", writeArgs: []any{"(1)"},
	},
	"a domain's function for a placeholder": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE))`,
		read:  "SELECT * FROM u",
		write: "SELECT $1::checked", writeArgs: []any{int64(1)},
	},
	"a domain's function in JSON": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE TYPE wrapped AS (a checked)`,
		read:  "SELECT * FROM u",
		write: `SELECT * FROM jsonb_populate_record(NULL::wrapped, '{"a": 1}')`,
	},
	"a composite column of a domain whose check writes": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE TYPE wrapped AS (a checked); CREATE TABLE t (w wrapped)`,
		read:  "SELECT * FROM u",
		write: `INSERT INTO t VALUES (ROW(1))`,
	},
	"an element of a composite column of a domain whose check writes": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE TYPE wrapped AS (a checked); CREATE TABLE t (w wrapped)`,
		read:  "SELECT * FROM u",
		write: `INSERT INTO t (w.a) VALUES ($1)`, writeArgs: []any{int64(1)},
	},
	"a variable in a body, whose type is a domain": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ DECLARE v checked := 5; BEGIN RETURN v; END $$`,
		read:  "SELECT * FROM u",
		write: `SELECT f()`,
	},
	"a function that returns a domain": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE FUNCTION f() RETURNS checked LANGUAGE plpgsql AS $$ BEGIN RETURN 5; END $$`,
		read:  "SELECT * FROM u",
		write: `SELECT f()`,
	},
	"a materialised view over a view over a table": {
		setup: `CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE VIEW w AS SELECT * FROM m; INSERT INTO t VALUES (1)`,
		read:  "SELECT * FROM w",
		write: "REFRESH MATERIALIZED VIEW m",
	},
	"a sequence that a default draws from": {
		setup: `CREATE TABLE t (id serial, c int)`,
		read:  "SELECT count(*) FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO t (c) VALUES ($1)", writeArgs: []any{int64(7)},
	},
	"a domain's function for the columns that a JSON array is read as": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE))`,
		read:  "SELECT * FROM u",
		write: `SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS x(a checked)`,
	},
	"a domain's function for the columns that XML is read as": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE))`,
		read:  "SELECT * FROM u",
		write: `SELECT x.a FROM XMLTABLE('/r' PASSING ('<r>1</r>'::xml) COLUMNS a checked PATH '.') AS x`,
	},
	"a domain's function, behind an operator, for the elements of an array": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int, text) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true';
			CREATE OPERATOR ?! (LEFTARG = int, RIGHTARG = text, FUNCTION = ok); CREATE DOMAIN checked AS int CHECK (VALUE ?! 'a'::text)`,
		read:  "SELECT * FROM u",
		write: `SELECT '{1}'::text::checked[]`,
	},
	"a column's default in a partition alone": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION logs() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING n';
			CREATE TABLE t (id int, c int, k int) PARTITION BY LIST (k); CREATE TABLE p PARTITION OF t DEFAULT; ALTER TABLE p ALTER c SET DEFAULT logs()`,
		read:  "SELECT * FROM log",
		write: `INSERT INTO p (id) VALUES (1)`,
	},
	"a check in a child alone": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION logs() RETURNS int LANGUAGE sql AS 'INSERT INTO log VALUES (1) RETURNING n';
			CREATE TABLE t (id int, c int); CREATE TABLE p (x int, CHECK (logs() = 1)) INHERITS (t); INSERT INTO t VALUES (1, 1); ALTER TABLE p DISABLE TRIGGER ALL; INSERT INTO p VALUES (2, 2, 2)`,
		read:  "SELECT count(*) FROM log",
		write: `UPDATE t SET c = 9`,
	},
	"a child's generated column, which the parent has as a plain one": {
		setup: `CREATE TABLE t (id int, c int); CREATE TABLE p (id int, c int GENERATED ALWAYS AS (x * 2) STORED, x int) INHERITS (t); INSERT INTO p (id, x) VALUES (1, 1)`,
		read:  "SELECT * FROM t",
		write: `UPDATE p SET x = 9 WHERE id = $1`, writeArgs: []any{int64(1)},
		last: 15, // 16 wants the parent's to be generated too
	},
	"a set of rows that a function returns of a view": {
		setup: `CREATE TABLE t (id int, c int); CREATE VIEW v AS SELECT * FROM t; CREATE FUNCTION f(int) RETURNS SETOF v LANGUAGE sql STABLE AS 'SELECT * FROM v WHERE id = $1'`,
		read:  "SELECT * FROM f($1)", readArgs: []any{int64(1)},
		write: `INSERT INTO t VALUES ($1, 1)`, writeArgs: []any{int64(1)},
	},
	"a function that is inlined into the query": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 1); CREATE TABLE u (id int); CREATE FUNCTION f(t) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM u WHERE u.id > $1.c'`,
		read:  "SELECT f(t) FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: `INSERT INTO u VALUES ($1)`, writeArgs: []any{int64(5)},
	},
	"a statement trigger that is fired by an upsert without a conflict": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int); CREATE TABLE log (n int);
			CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1); RETURN NULL; END $$;
			CREATE TRIGGER logs AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION logs()`,
		read:  "SELECT * FROM log",
		write: `INSERT INTO t VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET c = 2`, writeArgs: []any{int64(1)},
	},
	"an upsert by a partial index": {
		setup: `CREATE TABLE t (id int, c int, on_off bool); CREATE UNIQUE INDEX ON t (id) WHERE on_off; INSERT INTO t VALUES (1, 0, true); INSERT INTO t VALUES (1, 0, false)`,
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: `INSERT INTO t VALUES ($1, 1, true) ON CONFLICT (id) WHERE on_off DO UPDATE SET c = 2`, writeArgs: []any{int64(1)},
	},
	"an upsert by an expression": {
		setup: `CREATE TABLE t (k text, c int); CREATE UNIQUE INDEX ON t (lower(k)); INSERT INTO t VALUES ('a', 0)`,
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: `INSERT INTO t VALUES ($1, 1) ON CONFLICT (lower(k)) DO UPDATE SET c = 2`, writeArgs: []any{"A"},
	},
	"an upsert that a BEFORE trigger leads to another row": {
		setup: `CREATE TABLE t (k text PRIMARY KEY, c int); INSERT INTO t VALUES ('a', 0);
			CREATE FUNCTION lowers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.k = lower(NEW.k); RETURN NEW; END $$; CREATE TRIGGER lowers BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION lowers()`,
		read: "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: `INSERT INTO t VALUES ($1, 1) ON CONFLICT (k) DO UPDATE SET c = 2`, writeArgs: []any{"A"},
	},
	"a view with a WITH CHECK OPTION whose condition writes": {
		setup: `CREATE TABLE t (id int); CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true';
			CREATE VIEW v AS SELECT * FROM t WHERE ok(id) WITH CHECK OPTION; CREATE VIEW w AS SELECT * FROM v`,
		read:  "SELECT * FROM u",
		write: `INSERT INTO w VALUES ($1)`, writeArgs: []any{int64(1)},
	},
	"a trigger's condition that writes": {
		setup: `CREATE TABLE t (id int); CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING false';
			CREATE FUNCTION idle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER idle BEFORE INSERT ON t FOR EACH ROW WHEN (ok(NEW.id)) EXECUTE FUNCTION idle()`,
		read:  "SELECT * FROM u",
		write: `INSERT INTO t VALUES ($1)`, writeArgs: []any{int64(1)},
	},
	"a BEFORE trigger of a child that alters what the parent shows": {
		setup: `CREATE TABLE t (id int, c int, d int); CREATE TABLE p () INHERITS (t); INSERT INTO p VALUES (1, 1, 1); CREATE VIEW v AS SELECT d FROM ONLY p;
			CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SELECT 9 INTO NEW.d; RETURN NEW; END $$; CREATE TRIGGER alters BEFORE UPDATE OF c ON p FOR EACH ROW EXECUTE FUNCTION alters()`,
		read:  "SELECT * FROM v",
		write: `UPDATE t SET c = 2 WHERE id = $1`, writeArgs: []any{int64(1)},
	},
	"a trigger that is fired by what a BEFORE trigger of another column does": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int, k int UNIQUE); INSERT INTO t VALUES (1, 1, 1); CREATE TABLE r (k int REFERENCES t (k) ON UPDATE SET NULL); INSERT INTO r VALUES (1);
			CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n t; BEGIN n := NEW; n.k := 5; NEW := n; RETURN NEW; END $$; CREATE TRIGGER alters BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION alters()`,
		read:  "SELECT * FROM r",
		write: `UPDATE t SET c = 2 WHERE id = $1`, writeArgs: []any{int64(1)},
	},
	"a read with FOR UPDATE OF one of two": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 1); CREATE TABLE u (id int); INSERT INTO u VALUES (1)`,
		read:  "SELECT * FROM t JOIN u USING (id) WHERE t.id = $1 FOR UPDATE OF u", readArgs: []any{int64(1)},
		write: `DELETE FROM u WHERE id = $1`, writeArgs: []any{int64(1)},
	},
	"names in two schemas, one quoted": {
		setup: `CREATE TABLE "Other Place".t (id int); CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM "Other Place".t`,
		read:  "SELECT * FROM v",
		write: `INSERT INTO "Other Place".t VALUES ($1)`, writeArgs: []any{int64(1)},
	},
	"a domain's function for the argument of a procedure": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING true'; CREATE DOMAIN checked AS int CHECK (ok(VALUE));
			CREATE PROCEDURE p(checked) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$`,
		read:  "SELECT * FROM u",
		write: `CALL p(5)`,
	},
	"an operator of one's own in the argument of a procedure": {
		setup: `CREATE TABLE u (n int); CREATE FUNCTION ok(int, int) RETURNS int LANGUAGE sql AS 'INSERT INTO u VALUES ($1) RETURNING n';
			CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = ok); CREATE PROCEDURE p(int) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$`,
		read:  "SELECT * FROM u",
		write: `CALL p(5 <+> 6)`,
	},
	"a refint trigger": {
		setup: `CREATE EXTENSION refint; CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b (a int); INSERT INTO b VALUES (1);
			CREATE TRIGGER t BEFORE DELETE ON a FOR EACH ROW EXECUTE FUNCTION check_foreign_key('1', 'cascade', 'id', 'b', 'a')`,
		read: "SELECT * FROM b", write: "DELETE FROM a",
		last: 17, // 18 wants AFTER for this trigger
	},
	"dblink": {
		setup: `CREATE EXTENSION dblink; CREATE TABLE b (a int)`,
		read:  "SELECT * FROM b", write: "WITH x AS (INSERT INTO b VALUES (1)) SELECT dblink_get_connections()",
	},
	"pgstattuple": {
		setup: `CREATE EXTENSION pgstattuple; CREATE TABLE b (a int)`,
		read:  "SELECT tuple_count FROM pgstattuple('b')", write: "INSERT INTO b VALUES (1)",
	},
	"crosstab": {
		setup: `CREATE EXTENSION tablefunc; CREATE TABLE b (a text, b text, c text)`,
		read:  "SELECT * FROM crosstab('SELECT a, b, c FROM b') x(a text, b text)", write: "INSERT INTO b VALUES ('1', '2', '3')",
	},
	"hstore into NEW": {
		setup: `CREATE EXTENSION hstore; CREATE TABLE t (id int, c int); INSERT INTO t VALUES (5, 0);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW #= hstore('id', '105'); END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 1 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"citext index as text, upsert": {
		setup: `CREATE EXTENSION citext; CREATE TABLE t (k text, n int); CREATE UNIQUE INDEX ON t ((k::citext)); INSERT INTO t VALUES ('a', 0)`,
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: "INSERT INTO t VALUES ($1, 1) ON CONFLICT ((k::citext)) DO UPDATE SET n = 2", writeArgs: []any{"A"},
	},
	"a mixed-case opclass of one's own": {
		setup: `CREATE FUNCTION ilt(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT lower($1) < lower($2)'; CREATE FUNCTION ieq(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT lower($1) = lower($2)';
			CREATE FUNCTION ile(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT lower($1) <= lower($2)'; CREATE FUNCTION ige(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT lower($1) >= lower($2)'; CREATE FUNCTION igt(text, text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT lower($1) > lower($2)';
			CREATE FUNCTION icmp(text, text) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT CASE WHEN lower($1) < lower($2) THEN -1 WHEN lower($1) > lower($2) THEN 1 ELSE 0 END';
			CREATE OPERATOR <@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = ilt); CREATE OPERATOR =@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = ieq); CREATE OPERATOR <=@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = ile); CREATE OPERATOR >=@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = ige); CREATE OPERATOR >@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = igt);
			CREATE OPERATOR CLASS itext FOR TYPE text USING btree AS OPERATOR 1 <@@, OPERATOR 2 <=@@, OPERATOR 3 =@@, OPERATOR 4 >=@@, OPERATOR 5 >@@, FUNCTION 1 icmp(text, text);
			CREATE TABLE t (k text, n int); CREATE UNIQUE INDEX ON t (k itext); INSERT INTO t VALUES ('a', 0)`,
		read: "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: "INSERT INTO t VALUES ($1, 1) ON CONFLICT (k) DO UPDATE SET n = 2", writeArgs: []any{"A"},
	},
	"a foreign key in a loose collation": {
		setup: prelude[1] + `; CREATE TABLE a (k text COLLATE ci PRIMARY KEY); INSERT INTO a VALUES ('A'); CREATE TABLE b (k text REFERENCES a ON DELETE SET NULL, n int); INSERT INTO b VALUES ('a', 1)`,
		read:  "SELECT * FROM b WHERE k = $1", readArgs: []any{"a"},
		write: "DELETE FROM a WHERE k = $1", writeArgs: []any{"A"},
		last: 17, // 18 wants both sides to have one collation
	},
	"a nested view with a renamed base column": {
		setup: `CREATE TABLE t (a int, b int UNIQUE); INSERT INTO t VALUES (1, 2); CREATE TABLE u (b int REFERENCES t (b) ON UPDATE CASCADE); INSERT INTO u VALUES (2);
			CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b; CREATE VIEW w AS SELECT b AS x, a AS y FROM v`,
		read: "SELECT * FROM u", write: "UPDATE w SET x = 9",
	},
	"a view over a table whose column was dropped and added": {
		setup: `CREATE TABLE t (a int, b int UNIQUE); CREATE TABLE u (b int REFERENCES t (b) ON UPDATE CASCADE); ALTER TABLE t DROP a; ALTER TABLE t ADD a int; INSERT INTO t (a, b) VALUES (1, 2); INSERT INTO u VALUES (2);
			CREATE VIEW v AS SELECT t.* FROM t`,
		read: "SELECT * FROM u", write: "UPDATE v SET b = 9",
	},
	"an INSTEAD OF trigger that is fired through a view over the view by an UPDATE": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 1); CREATE TABLE u (n int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT c AS id, id AS c FROM v;
			CREATE FUNCTION does() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO u VALUES (NEW.id); RETURN NEW; END $$;
			CREATE TRIGGER does INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION does()`,
		read: "SELECT * FROM u", write: "UPDATE w SET c = 5",
	},
	"a rule on a view that does something else instead": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 1); CREATE TABLE u (n int); INSERT INTO u VALUES (1); CREATE VIEW v AS SELECT * FROM t;
			CREATE RULE r AS ON DELETE TO v DO INSTEAD INSERT INTO u VALUES (old.id)`,
		read: "SELECT * FROM u", write: "DELETE FROM v WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a temporary table's name in a body": {
		setup: `CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE x AS SELECT * FROM t; INSERT INTO u VALUES (1); DROP TABLE x; RETURN 1; END $$`,
		read:  "SELECT * FROM u", write: "SELECT f()",
	},
	"a session's search_path in a body": {
		setup: `CREATE TABLE t (id int); CREATE TABLE "Other Place".t (id int); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = "Other Place"; INSERT INTO t VALUES (1); SET LOCAL search_path = public; RETURN 1; END $$`,
		read:  `SELECT * FROM "Other Place".t`, write: "SELECT f()",
	},
	"set_config of the search_path in a function that is called": {
		setup: `CREATE TABLE t (id int); CREATE TABLE "Other Place".t (id int);
			CREATE FUNCTION goes() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', '"Other Place", public', true) $$;
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM goes(); INSERT INTO t VALUES (1); PERFORM set_config('search_path', 'public', true); RETURN 1; END $$;
			CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM goes(); INSERT INTO t VALUES (1); RETURN 1; END $$`,
		read: `SELECT * FROM "Other Place".t`, write: "SELECT g()",
	},
	"a search_path that the caller has": {
		setup: `CREATE TABLE t (id int); CREATE TABLE "Other Place".t (id int);
			CREATE FUNCTION inner_one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); RETURN 1; END $$;
			CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SET search_path = "Other Place", public AS $$ BEGIN RETURN inner_one(); END $$`,
		read: `SELECT * FROM "Other Place".t`, write: "SELECT f()",
	},
	"a search_path that the caller has, before a trigger": {
		setup: `CREATE TABLE t (id int); CREATE TABLE a (id int); CREATE TABLE "Other Place".t (id int);
			CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); RETURN NULL; END $$; CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION logs();
			CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = "Other Place" AS $$ INSERT INTO public.a VALUES (1) RETURNING id $$`,
		read: `SELECT * FROM "Other Place".t`, write: "SELECT f()",
	},
}
