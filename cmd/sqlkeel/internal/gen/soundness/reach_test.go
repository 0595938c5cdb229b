package soundness

// reach are counterexamples about what a statement touches without naming it.
var reach = map[string]counterexample{
	"a key that a trigger alters, and a cascade that follows it": {
		setup: `CREATE TABLE p (id int PRIMARY KEY, c int); INSERT INTO p VALUES (1, 0);
			CREATE TABLE c (p int REFERENCES p ON UPDATE CASCADE); INSERT INTO c VALUES (1);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION moves()`,
		read:  "SELECT * FROM c",
		write: "UPDATE p SET c = 1 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a generated key, and a cascade that follows it": {
		setup: `CREATE TABLE p (a int, k int GENERATED ALWAYS AS (a + 1) STORED UNIQUE); INSERT INTO p VALUES (1);
			CREATE TABLE c (p int REFERENCES p (k) ON DELETE CASCADE); INSERT INTO c VALUES (2)`,
		read:  "SELECT * FROM c",
		write: "DELETE FROM p WHERE a = $1", writeArgs: []any{int64(1)},
	},
	"an operator of one's own": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1);
			CREATE FUNCTION plus(a int, b int) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM t $$;
			CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = plus)`,
		read: "SELECT 1 @@@ 2", write: "DELETE FROM t",
	},
	"a cast of one's own": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TYPE pair AS (a int, b int);
			CREATE FUNCTION folded(p pair) RETURNS int LANGUAGE sql STABLE AS $$ SELECT count(*)::int FROM t $$;
			CREATE CAST (pair AS int) WITH FUNCTION folded(pair)`,
		read: "SELECT ROW(1, 2)::pair::int", write: "DELETE FROM t",
	},
	"an aggregate of one's own": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); INSERT INTO u VALUES (1);
			CREATE FUNCTION step(a bigint, b int) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM t $$;
			CREATE AGGREGATE last_count(int) (SFUNC = step, STYPE = bigint)`,
		read: "SELECT last_count(id) FROM u", write: "DELETE FROM t",
	},
	"a check that writes": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION noted(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN true; END $$;
			CREATE TABLE t (id int CHECK (noted(id)))`,
		read: "SELECT count(*) FROM log", write: "INSERT INTO t VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a generated column whose function writes": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION noted(n int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT n $$;
			CREATE TABLE t (id int, g int GENERATED ALWAYS AS (noted(id)) STORED);
			CREATE OR REPLACE FUNCTION noted(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM noting(n); RETURN n; END $$;
			CREATE FUNCTION noting(n int) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN n; END $$`,
		read: "SELECT count(*) FROM log", write: "INSERT INTO t VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a domain whose check writes": {
		setup: `CREATE TABLE log (n int); CREATE FUNCTION noted(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN true; END $$;
			CREATE DOMAIN watched AS int CHECK (noted(VALUE)); CREATE TABLE t (id watched)`,
		read: "SELECT count(*) FROM log", write: "INSERT INTO t VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a view whose function writes": {
		setup: `CREATE TABLE log (n int); CREATE TABLE t (id int); INSERT INTO t VALUES (1);
			CREATE FUNCTION noted(n int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN true; END $$;
			CREATE VIEW v AS SELECT id, noted(id) FROM t`,
		read: "SELECT count(*) FROM log", write: "SELECT * FROM v",
	},
	"the default of a parameter": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1);
			CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM t $$;
			CREATE FUNCTION same(n bigint DEFAULT counted()) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT n $$`,
		read: "SELECT same()", write: "DELETE FROM t",
	},
	"a view that calls its columns by each other's names": {
		setup: `CREATE TABLE t (id int, c int); INSERT INTO t VALUES (1, 2); INSERT INTO t VALUES (2, 5);
			CREATE VIEW v (c, id) AS SELECT id, c FROM t`,
		read: "SELECT * FROM v WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = 7 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a write through a view that calls its columns by each other's names": {
		setup: `CREATE TABLE t (id int, c int, n int); INSERT INTO t VALUES (1, 2, 0);
			CREATE VIEW v (c, id, n) AS SELECT id, c, n FROM t`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE v SET n = 7 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"a query in a string, given to a function of PostgreSQL": {
		setup: "CREATE TABLE t (id int); INSERT INTO t VALUES (1)",
		read:  "SELECT query_to_xml('SELECT * FROM t', true, false, '')::text", write: "DELETE FROM t",
	},
	"a table named to a function of PostgreSQL": {
		setup: "CREATE TABLE t (id int); INSERT INTO t VALUES (1)",
		read:  "SELECT table_to_xml('t', true, false, '')::text", write: "DELETE FROM t",
	},
	"words counted by a function of PostgreSQL": {
		setup: "CREATE TABLE t (v tsvector); INSERT INTO t VALUES ('a b'::tsvector)",
		read:  "SELECT word FROM ts_stat('SELECT v FROM t')", write: "DELETE FROM t",
	},
	"a query rewritten by the rows of a table": {
		setup: "CREATE TABLE t (a tsquery, b tsquery); INSERT INTO t VALUES ('a'::tsquery, 'b'::tsquery)",
		read:  "SELECT ts_rewrite('a'::tsquery, 'SELECT a, b FROM t')::text", write: "DELETE FROM t",
	},
	"a large object": {
		setup: "SELECT lo_unlink(oid) FROM pg_largeobject_metadata; SELECT lo_from_bytea(4711, 'a')",
		read:  "SELECT lo_get(4711)", write: "SELECT lo_put(4711, 0, 'b')",
	},
	"a row policy with a function": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); INSERT INTO u VALUES (1);
			CREATE FUNCTION open() RETURNS bool LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$ BEGIN RETURN EXISTS (SELECT FROM u); END $$;
			ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (open())`,
		read: "SELECT * FROM t", role: reader, write: "DELETE FROM u",
	},
	"a view that reads as who asks": {
		setup: `CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); INSERT INTO u VALUES (1);
			ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (EXISTS (SELECT FROM u));
			CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t`,
		read: "SELECT * FROM v", role: reader, write: "DELETE FROM u",
	},
	"an index whose expression is a function that writes": {
		setup: `CREATE TABLE log (n int); CREATE TABLE t (id int);
			CREATE FUNCTION noting(n int) RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (n); RETURN n; END $$;
			CREATE FUNCTION noted(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM noting(n); RETURN n; END $$;
			CREATE INDEX ON t (noted(id))`,
		read: "SELECT count(*) FROM log", write: "INSERT INTO t VALUES ($1)", writeArgs: []any{int64(1)},
	},
	"a DELETE trigger of a partition, fired by an UPDATE that moves": {
		setup: `CREATE TABLE log (n int); CREATE TABLE t (id int, c int) PARTITION BY LIST (c);
			CREATE TABLE one PARTITION OF t FOR VALUES IN (1); CREATE TABLE two PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (1, 1);
			CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (OLD.id); RETURN OLD; END $$;
			CREATE TRIGGER gone AFTER DELETE ON one FOR EACH ROW EXECUTE FUNCTION gone()`,
		read: "SELECT count(*) FROM log", write: "UPDATE t SET c = 2 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"text that a shorter column cuts when it is stored": {
		setup: "CREATE TABLE t (k varchar(2))",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"a "},
		write: "INSERT INTO t VALUES ($1)", writeArgs: []any{"a    "},
	},
	"text that a cast cuts": {
		setup: "CREATE TABLE t (k text, c int); INSERT INTO t VALUES ('a', 0)",
		read:  "SELECT * FROM t WHERE k = $1::varchar(1)", readArgs: []any{"abc"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"a"},
	},
	"a name, which is cut": {
		setup: "CREATE TABLE t (k name, c int); INSERT INTO t VALUES (repeat('a', 63), 0)",
		read:  "SELECT c FROM t WHERE k = $1::name", readArgs: []any{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		write: "UPDATE t SET c = 1 WHERE k = $1::name", writeArgs: []any{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	},
	"a char of one byte": {
		setup: `CREATE TABLE t (k "char", c int); INSERT INTO t VALUES ('a', 0)`,
		read:  "SELECT c FROM t WHERE k = $1", readArgs: []any{"abc"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"a"},
	},
	"a rule that writes elsewhere": {
		setup: "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); CREATE RULE r AS ON DELETE TO t DO ALSO INSERT INTO u VALUES (OLD.id)",
		read:  "SELECT count(*) FROM u", write: "DELETE FROM t",
	},
	"a rule that turns one write into another": {
		setup: "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE u (id int); CREATE RULE r AS ON DELETE TO t DO INSTEAD UPDATE t SET id = 5",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(5)}, write: "DELETE FROM t WHERE id = $1", writeArgs: []any{int64(1)},
	},
}
