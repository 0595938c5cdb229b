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
}
