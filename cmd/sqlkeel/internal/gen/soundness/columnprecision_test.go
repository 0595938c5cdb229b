package soundness

// apart are counterexamples about columns: the write seems to change others than the read
// depends on. The lists are about arrays whose elements seem to pin rows.
var apart = map[string]counterexample{
	"a column that a view's condition looks at": {
		setup: twoRows + "; CREATE VIEW v AS SELECT id FROM t WHERE c < 9",
		read:  "SELECT id FROM v", write: changeTwo, writeArgs: two,
	},
	"a column that a merged join compares": {
		setup: twoRows + "; CREATE TABLE u (c int); INSERT INTO u VALUES (8)",
		read:  "SELECT t.id FROM t JOIN u USING (c)", write: changeTwo, writeArgs: two,
	},
	"a column that a natural join compares": {
		setup: twoRows + "; CREATE TABLE u (c int); INSERT INTO u VALUES (8)",
		read:  "SELECT count(*) FROM t NATURAL JOIN u", write: changeTwo, writeArgs: two,
	},
	"the row as a value": {
		setup: twoRows, read: "SELECT to_json(t)::text FROM t", write: changeTwo, writeArgs: two,
	},
	"the row of a join as a value": {
		setup: twoRows, read: "SELECT to_json(j)::text FROM (t a JOIN t b ON a.id = b.id) j (w, x, y, z)", write: changeTwo, writeArgs: two,
	},
	"the row of a view in a view": {
		setup: twoRows + "; CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT v::text AS r FROM v",
		read:  "SELECT r FROM w", write: changeTwo, writeArgs: two,
	},
	"a function of the row": {
		setup: twoRows + "; CREATE FUNCTION twice(t) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1.c * 2 $$",
		read:  "SELECT t.twice FROM t", write: changeTwo, writeArgs: two,
	},
	"a function that reads the column": {
		setup: twoRows + "; CREATE FUNCTION most() RETURNS int LANGUAGE sql STABLE AS $$ SELECT max(c) FROM t $$",
		read:  "SELECT id, most() FROM t", write: changeTwo, writeArgs: two,
	},
	"a policy that looks at the column": {
		setup: twoRows + "; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (c < 9)",
		read:  "SELECT id FROM t", write: changeTwo, writeArgs: two, role: reader,
	},
	"a policy of another table that looks at the column": {
		setup: twoRows + "; CREATE TABLE u (id int); INSERT INTO u VALUES (2); ALTER TABLE u ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON u USING (EXISTS (SELECT FROM t WHERE c < 9 AND t.id = u.id))",
		read:  "SELECT t.id, u.id FROM t, u", write: changeTwo, writeArgs: two, role: reader,
	},
	"a column that is generated": {
		setup: "CREATE TABLE t (id int, a int, b int GENERATED ALWAYS AS (a + 1) STORED, c int); INSERT INTO t VALUES (1, 1)",
		read:  "SELECT b FROM t", write: "UPDATE t SET a = 2",
	},
	"a column that a trigger alters, from which another is generated": {
		setup: `CREATE TABLE t (id int, a int, b int GENERATED ALWAYS AS (a + 1) STORED, c int); INSERT INTO t VALUES (1, 1);
			CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 5; RETURN NEW; END $$;
			CREATE TRIGGER alters BEFORE UPDATE OF c ON t FOR EACH ROW EXECUTE FUNCTION alters()`,
		read: "SELECT b FROM t", write: "UPDATE t SET c = 2",
	},
	"a column that a trigger of the child alters, read of the parent": {
		setup: `CREATE TABLE t (id int, a int, c int); CREATE TABLE k () INHERITS (t); INSERT INTO k VALUES (1, 1);
			CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 5; RETURN NEW; END $$;
			CREATE TRIGGER alters BEFORE UPDATE ON k FOR EACH ROW EXECUTE FUNCTION alters()`,
		read: "SELECT a FROM t", write: "UPDATE t SET c = 2",
	},
	"a column that a cascade sets": {
		setup: `CREATE TABLE p (id int PRIMARY KEY, n int); INSERT INTO p VALUES (1, 1);
			CREATE TABLE c (id int, p int REFERENCES p ON UPDATE CASCADE); INSERT INTO c VALUES (1, 1)`,
		read: "SELECT p FROM c", write: "UPDATE p SET id = 2",
	},
	"a row that comes to a partition by another column": {
		setup: `CREATE TABLE t (id int, c int, n int) PARTITION BY RANGE (c);
			CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20);
			INSERT INTO t VALUES (1, 1, 1)`,
		read: "SELECT count(*) FROM high", write: "UPDATE t SET c = 11",
	},
	"a row that a trigger sends to another partition": {
		setup: `CREATE TABLE t (id int, c int, n int) PARTITION BY RANGE (c);
			CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20);
			INSERT INTO t VALUES (1, 1, 1);
			CREATE FUNCTION alters() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.c := 15; RETURN NEW; END $$;
			CREATE TRIGGER alters BEFORE UPDATE ON low FOR EACH ROW EXECUTE FUNCTION alters()`,
		read: "SELECT id FROM high", write: "UPDATE t SET n = 2",
	},
	"the table of a row": {
		setup: `CREATE TABLE t (id int, c int, n int) PARTITION BY RANGE (c);
			CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20);
			INSERT INTO t VALUES (1, 1, 1)`,
		read: "SELECT tableoid::regclass::text FROM t", write: "UPDATE t SET c = 11",
	},
	"a rule that sets another column": {
		setup: twoRows + "; CREATE TABLE u (id int, n int); INSERT INTO u VALUES (2, 1); CREATE RULE r AS ON UPDATE TO t DO ALSO UPDATE u SET n = NEW.c WHERE u.id = NEW.id",
		read:  "SELECT n FROM u", write: changeTwo, writeArgs: two,
	},
	"a column of a view that has another name below": {
		setup: twoRows + "; CREATE VIEW v AS SELECT id AS c, c AS id FROM t",
		read:  "SELECT c FROM t", write: "UPDATE v SET id = 9 WHERE c = 2",
	},
	"an upsert that inserts": {
		setup: twoRows, read: "SELECT id FROM t", write: "INSERT INTO t VALUES (3, 1) ON CONFLICT (id) DO UPDATE SET c = 1",
	},
	"a row that is joined, and refers by no key": {
		setup: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p int, q int REFERENCES p); INSERT INTO c VALUES (1, 5)",
		read:  "SELECT c.id FROM c JOIN p ON p.id = c.p", write: "INSERT INTO p VALUES (5)",
	},
	"a row that takes the place of another": {
		setup: "CREATE TABLE p (id int PRIMARY KEY, n int); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p); INSERT INTO p VALUES (5, 1); INSERT INTO c VALUES (1, 5)",
		read:  "SELECT c.id, p.n FROM c JOIN p ON p.id = c.p",
		write: "WITH d AS (DELETE FROM p WHERE id = 5 RETURNING id) INSERT INTO p SELECT id, 2 FROM d",
	},
	"rows in a circle that come at once": {
		setup: `CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
			ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b`,
		read: "SELECT count(*) FROM a JOIN b ON b.id = a.b AND a.id = b.a", write: "WITH x AS (INSERT INTO a VALUES (1, 1)) INSERT INTO b VALUES (1, 1)",
	},
	"rows of a tree that come at once": {
		setup: "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)",
		read:  "SELECT x.id FROM t x JOIN t y ON y.id = x.up", write: "INSERT INTO t VALUES (1, 2), (2, NULL)",
	},
	"a row of a child of what is referred to": {
		setup: "CREATE TABLE p (id int PRIMARY KEY, n int); CREATE TABLE k () INHERITS (p); CREATE TABLE c (p int REFERENCES p); INSERT INTO p VALUES (5, 1); INSERT INTO c VALUES (5)",
		read:  "SELECT p.n FROM c JOIN p ON p.id = c.p", write: "INSERT INTO k VALUES (5, 2)",
	},
	"a row of a child that refers to anything": {
		setup: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); CREATE TABLE k () INHERITS (c); INSERT INTO k VALUES (5)",
		read:  "SELECT p.id FROM c JOIN p ON p.id = c.p", write: "INSERT INTO p VALUES (5)",
	},
	"a row that refers before its key is checked": {
		setup: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int); INSERT INTO c VALUES (5); ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p NOT VALID",
		read:  "SELECT p.id FROM c JOIN p ON p.id = c.p", write: "INSERT INTO p VALUES (5)",
	},
	"a row that an outer join keeps": {
		setup: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p)",
		read:  "SELECT p.id FROM p LEFT JOIN c ON p.id = c.p", write: "INSERT INTO p VALUES (5)",
	},
	"a list that does not pin by ALL": {
		setup: twoRows, read: "SELECT * FROM t WHERE id = ALL($1::int[])", readArgs: []any{[]any{}}, write: changeTwo, writeArgs: two,
	},
	"a list that pins one side of an outer join": {
		setup: twoRows, read: "SELECT t.* FROM t LEFT JOIN unnest($1::int[]) x ON x = t.id", readArgs: []any{[]any{int64(1)}}, write: changeTwo, writeArgs: two,
	},
	"the other list of an update": {
		setup: twoRows, read: "SELECT * FROM t WHERE id = $1", readArgs: two,
		write: "UPDATE t SET c = 3 FROM unnest($1::int[], $2::int[]) x (a, b) WHERE t.id = x.b", writeArgs: []any{[]any{int64(1)}, []any{int64(2)}},
	},
	"a list whose elements are cut": {
		setup: "CREATE TABLE t (k varchar, c int); INSERT INTO t VALUES ('ab', 1)",
		read:  "SELECT * FROM t WHERE k = ANY($1::varchar(2)[])", readArgs: []any{[]any{"abc"}}, write: "UPDATE t SET c = 2 WHERE k = $1", writeArgs: []any{"ab"},
	},
	"a list that a longer one fills": {
		setup: "CREATE TABLE t (id int, c int)", read: "SELECT count(*) FROM t WHERE id IS NULL AND c = $1", readArgs: []any{int64(6)},
		write: "INSERT INTO t SELECT unnest($1::int[]), unnest($2::int[])", writeArgs: []any{[]any{}, []any{int64(5), int64(6)}},
	},
}
