package soundness

// rowPrecision are those about the value that pins a row.
var rowPrecision = map[string]counterexample{
	"a key that is generated from the column that is set": {
		setup: "CREATE TABLE g (a text, k text GENERATED ALWAYS AS (lower(a)) STORED); INSERT INTO g VALUES ('A')",
		read:  "SELECT * FROM g WHERE k = $1", readArgs: []any{"b"},
		write: "UPDATE g SET a = 'B' WHERE k = $1", writeArgs: []any{"a"},
	},
	"a cascade through the table itself, of which RETURNING tells one row of three": {
		setup: `CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE CASCADE);
			INSERT INTO tree VALUES (1, NULL); INSERT INTO tree VALUES (2, 1); INSERT INTO tree VALUES (3, 2)`,
		read: "SELECT * FROM tree WHERE id = $1", readArgs: []any{int64(3)},
		write: "DELETE FROM tree WHERE id = $1 RETURNING id", writeArgs: []any{int64(1)},
	},
	"a cascade through the table itself that sets NULL": {
		setup: `CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE SET NULL);
			INSERT INTO tree VALUES (1, NULL); INSERT INTO tree VALUES (2, 1)`,
		read: "SELECT * FROM tree WHERE id = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM tree WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a BEFORE trigger that moves the row": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (5, 0);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 1 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"a BEFORE trigger that moves the row, of which RETURNING tells where it is now": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (5, 0);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(5)},
		write: "UPDATE t SET c = 1 WHERE c = 0 RETURNING id",
	},
	"an upsert that sets another row's key": {
		setup: "CREATE TABLE b (id int PRIMARY KEY, isbn text UNIQUE); INSERT INTO b VALUES (1, 'x')",
		read:  "SELECT * FROM b WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO b (id, isbn) VALUES ($1, 'x') ON CONFLICT (isbn) DO UPDATE SET id = excluded.id RETURNING id", writeArgs: []any{int64(2)},
	},
	"an upsert that changes a row with another key": {
		setup: "CREATE TABLE b (id int PRIMARY KEY, isbn text UNIQUE, n int); INSERT INTO b VALUES (1, 'x', 0)",
		read:  "SELECT * FROM b WHERE id = $1", readArgs: []any{int64(1)},
		write: "INSERT INTO b (id, isbn) VALUES ($1, 'x') ON CONFLICT (isbn) DO UPDATE SET n = 1", writeArgs: []any{int64(2)},
	},
	"a view with rank(), read by id": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 10); INSERT INTO t VALUES (2, 20);
			CREATE VIEW ranked AS SELECT *, rank() OVER (ORDER BY c) AS place FROM t`,
		read: "SELECT * FROM ranked WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET c = 30 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"TRUNCATE CASCADE, which follows foreign keys of any kind": {
		setup: `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1);
			CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE NO ACTION); INSERT INTO c VALUES (1, 1)`,
		read:  "SELECT * FROM c WHERE id = $1",
		write: "TRUNCATE p CASCADE", readArgs: []any{int64(1)},
	},
	"a write through the root that moves a row to another partition": {
		setup: `CREATE TABLE t (id int, c int, PRIMARY KEY (id, c)) PARTITION BY RANGE (c);
			CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20);
			INSERT INTO t VALUES (1, 1)`,
		read: "SELECT * FROM high WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET c = 11 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a write to a partition, read through the root": {
		setup: `CREATE TABLE t (id int PRIMARY KEY, c int) PARTITION BY RANGE (id);
			CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10); INSERT INTO t VALUES (1, 1)`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE low SET c = 2 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a trigger of a partition that moves the row": {
		setup: `CREATE TABLE t (id int, c int) PARTITION BY LIST (c); CREATE TABLE low PARTITION OF t DEFAULT; INSERT INTO t VALUES (5, 1);
			CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
			CREATE TRIGGER moves BEFORE UPDATE ON low FOR EACH ROW EXECUTE FUNCTION moves()`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(105)},
		write: "UPDATE t SET c = 1 WHERE id = $1", writeArgs: []any{int64(5)},
	},
	"a policy that reads another table": {
		setup: `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE allowed (id int); INSERT INTO allowed VALUES (1);
			ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (EXISTS (SELECT FROM allowed a WHERE a.id = t.id))`,
		read: "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(1)}, role: reader,
		write: "DELETE FROM allowed WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"numeric, in which 1 and 1.0 are one key": {
		setup: "CREATE TABLE t (k numeric, c int); INSERT INTO t VALUES (1, 0)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"1"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"1.0"},
	},
	"char(n), in which blanks at the end do not count": {
		setup: "CREATE TABLE t (k char(3), c int); INSERT INTO t VALUES ('a', 0)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"a  "},
	},
	"a collation in which a and A are one key": {
		setup: prelude[1] + "; CREATE TABLE t (k text COLLATE ci, c int); INSERT INTO t VALUES ('a', 0)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"a"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"A"},
	},
	"timestamptz, which has many spellings": {
		setup: "CREATE TABLE t (k timestamptz, c int); INSERT INTO t VALUES ('2020-01-01 00:00:00+00', 0)",
		read:  "SELECT * FROM t WHERE k = $1", readArgs: []any{"2020-01-01 00:00:00+00"},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{"2020-01-01 01:00:00+01"},
	},
	"a key compared as another type, which rounds": {
		setup: "CREATE TABLE t (k bigint, c int); INSERT INTO t VALUES (9007199254740993, 0)",
		read:  "SELECT * FROM t WHERE k = $1::float8", readArgs: []any{int64(9007199254740992)},
		write: "UPDATE t SET c = 1 WHERE k = $1", writeArgs: []any{int64(9007199254740993)},
	},
	"a self-join with one side pinned": {
		setup: "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 7); INSERT INTO t VALUES (2, 8)",
		read:  "SELECT * FROM t a JOIN t b ON a.c = b.c WHERE a.id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET c = 7 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"an outer join whose ON pins the side that is kept": {
		setup: "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 7); INSERT INTO t VALUES (2, 8); CREATE TABLE u (id int)",
		read:  "SELECT t.* FROM t LEFT JOIN u ON t.id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET c = 9 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"a scalar subquery over the pinned table": {
		setup: "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 7); INSERT INTO t VALUES (2, 8)",
		read:  "SELECT *, (SELECT count(*) FROM t WHERE c > 8) FROM t WHERE id = $1", readArgs: []any{int64(1)},
		write: "UPDATE t SET c = 9 WHERE id = $1", writeArgs: []any{int64(2)},
	},
	"a row that gets the key": {
		setup: "CREATE TABLE t (id int PRIMARY KEY, c int); INSERT INTO t VALUES (1, 7)",
		read:  "SELECT * FROM t WHERE id = $1", readArgs: []any{int64(2)},
		write: "UPDATE t SET id = 2 WHERE id = $1", writeArgs: []any{int64(1)},
	},
	"a cascade that reaches the table again by a detour": {
		setup: `CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE CASCADE);
			INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1); INSERT INTO a VALUES (2, 1);
			ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b ON DELETE SET NULL`,
		read: "SELECT * FROM a WHERE id = $1", readArgs: []any{int64(2)},
		write: "DELETE FROM a WHERE id = $1", writeArgs: []any{int64(1)},
	},
}
