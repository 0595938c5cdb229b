package effects

import "testing"

// columnSchema has for each way by which a read depends on a column that it does not name,
// or by which a write changes one that it does not set, a table with columns a, b and c.
const columnSchema = `
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
CREATE TABLE u (id int PRIMARY KEY, a int, b int, c text);
CREATE TABLE g (id int PRIMARY KEY, a int, b int, k int GENERATED ALWAYS AS (a * 2) STORED, w text GENERATED ALWAYS AS (lower('x' || b)) STORED);
CREATE VIEW v AS SELECT id, a AS x, c FROM t WHERE b > 0;
CREATE VIEW vv AS SELECT v.x, u.a FROM v JOIN u USING (id);
CREATE VIEW rowed AS SELECT id, to_json(t) AS j FROM t;
CREATE VIEW checked AS SELECT id, a, b FROM t WHERE c <> '' WITH CHECK OPTION;
CREATE VIEW sums AS SELECT a, sum(b) AS s FROM t GROUP BY a;
CREATE MATERIALIZED VIEW m AS SELECT id, a, b FROM t;
CREATE FUNCTION counts() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM t WHERE c > '''' ';
CREATE FUNCTION whole(t) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1.b';

CREATE TABLE stamped (id int PRIMARY KEY, a int, b int, at timestamptz, n int GENERATED ALWAYS AS (b + 1) STORED);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); NEW.b := 1; RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE opened (id int PRIMARY KEY, a int, b int);
CREATE FUNCTION anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW := json_populate_record(NEW, '{}'); RETURN NEW; END $$;
CREATE TRIGGER anew BEFORE UPDATE ON opened FOR EACH ROW EXECUTE FUNCTION anew();
CREATE TABLE counted (id int PRIMARY KEY, a int, b int);
CREATE FUNCTION counting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET b = b + 1 WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER counting AFTER UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION counting();
CREATE TABLE chosen (id int PRIMARY KEY, a int, b int);
CREATE TRIGGER counting AFTER UPDATE OF a ON chosen FOR EACH ROW EXECUTE FUNCTION counting();

CREATE TABLE owner (id int PRIMARY KEY, code int UNIQUE, name text);
CREATE TABLE owned (id int PRIMARY KEY, code int REFERENCES owner (code) ON UPDATE CASCADE ON DELETE SET NULL, a int, twice int GENERATED ALWAYS AS (code * 2) STORED);
CREATE TABLE below (id int PRIMARY KEY, code int REFERENCES owned (id) ON DELETE CASCADE, a int);

CREATE TABLE part (id int, a int, b int) PARTITION BY LIST (a);
CREATE TABLE part_one PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_two (b int, a int, id int);
ALTER TABLE part ATTACH PARTITION part_two DEFAULT;
CREATE TABLE moving (id int, a int, b int) PARTITION BY LIST (a);
CREATE TABLE moving_one PARTITION OF moving FOR VALUES IN (1);
CREATE TABLE moving_two PARTITION OF moving DEFAULT;
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 2; RETURN NEW; END $$;
CREATE TRIGGER move BEFORE UPDATE ON moving_one FOR EACH ROW EXECUTE FUNCTION move();
CREATE TABLE kin (id int, a int, b int);
CREATE TABLE child (extra int) INHERITS (kin);
CREATE TABLE ruled (id int PRIMARY KEY, a int, b int);
CREATE RULE also AS ON UPDATE TO ruled DO ALSO UPDATE u SET b = NEW.a WHERE u.id = NEW.id;

CREATE TABLE secret (id int PRIMARY KEY, a int, b int);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (EXISTS (SELECT FROM u WHERE u.b = secret.b));
CREATE TABLE typed (id int PRIMARY KEY, whole t, d int);
`

// columnsRead are reads with the columns on which they depend. Relations that are left out
// count with all.
var columnsRead = []struct{ name, sql, want string }{
	{"the list and WHERE", `SELECT a FROM t WHERE b = $1`, "t(a,b)"},
	{"the star", `SELECT * FROM t`, "t(a,b,c,id)"},
	{"a count", `SELECT count(*) FROM t`, "t()"},
	{"a count of a column", `SELECT count(a) FROM t`, "t(a)"},
	{"nothing", `SELECT 1 FROM t`, "t()"},
	{"ORDER BY and GROUP BY", `SELECT max(a) FROM t GROUP BY b ORDER BY min(c)`, "t(a,b,c)"},
	{"a group by its key", `SELECT id, a FROM t GROUP BY id`, "t(a,id)"},
	{"DISTINCT ON", `SELECT DISTINCT ON (b) a FROM t ORDER BY b, c`, "t(a,b,c)"},
	{"a window", `SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM t`, "t(a,b)"},
	{"FILTER and HAVING", `SELECT count(*) FILTER (WHERE a > 1) FROM t GROUP BY id HAVING min(b) > 0`, "t(a,b,id)"},
	{"LIMIT by a subquery", `SELECT id FROM t ORDER BY id LIMIT (SELECT max(u.b) FROM u)`, "t(id) u(b)"},
	{"a join", `SELECT t.a FROM t JOIN u ON u.id = t.b`, "t(a,b) u(id)"},
	{"USING", `SELECT t.c FROM t JOIN u USING (id, a)`, "t(a,c,id) u(a,id)"},
	{"NATURAL JOIN", `SELECT count(*) FROM t NATURAL JOIN u`, "t(a,b,c,id) u(a,b,c,id)"},
	{"a full join's merged column", `SELECT id FROM t FULL JOIN u USING (id)`, "t(id) u(id)"},
	{"the star of a named join", `SELECT j.* FROM (t JOIN u ON t.id = u.id) AS j (p, q, r, s)`, "t(a,b,c,id) u(a,b,c,id)"},
	{"a column of a named join", `SELECT j.q FROM (t JOIN u ON t.id = u.id) AS j (p, q, r, s)`, "t(a,id) u(id)"},
	{"a column of a named join from inside", `SELECT (SELECT max(x.b) FROM u x WHERE x.id = j.r) FROM (t JOIN u ON t.id = u.id) AS j (p, q, r, s)`, "t(b,id) u(b,id)"},
	{"the row of a named join", `SELECT to_json(j) FROM (t JOIN u ON t.id = u.id) AS j (p, q, r, s)`, ""},
	{"EXISTS", `SELECT id FROM t WHERE EXISTS (SELECT FROM u WHERE u.a = t.b)`, "t(b,id) u(a)"},
	{"LATERAL", `SELECT t.id, l.n FROM t, LATERAL (SELECT count(*) AS n FROM u WHERE u.b = t.c::int) l`, "t(c,id) u(b)"},
	{"WITH", `WITH x AS (SELECT id, b FROM t) SELECT x.id FROM x`, "t(b,id)"},
	{"a recursion", `WITH RECURSIVE x AS (SELECT id FROM t WHERE id = $1 UNION SELECT t.a FROM t JOIN x ON t.b = x.id) SELECT id FROM x`, "t(a,b,id)"},
	{"UNION", `SELECT a FROM t UNION SELECT b FROM u`, "t(a) u(b)"},
	{"VALUES", `SELECT y.z FROM t, LATERAL (VALUES (t.a), (t.b)) y (z)`, "t(a,b)"},
	{"a function in FROM", `SELECT s FROM t, generate_series(1, t.a) s`, "t(a)"},
	{"two references", `SELECT x.a FROM t x, t y WHERE x.id = y.b`, "t(a,b,id)"},
	{"a generated column", `SELECT k FROM g`, "g(k)"},
	{"a column of a composite", `SELECT (whole).a FROM typed`, "typed(whole)"},
	{"an array slice", `SELECT (string_to_array(c, ','))[a:b] FROM t`, "t(a,b,c)"},
	{"a partition's root", `SELECT id FROM part WHERE b = 1`, "part(b,id)"},
	{"a parent", `SELECT a FROM kin`, "kin(a)"},
	{"a materialised view", `SELECT a FROM m`, "m(a)"},

	{"the row as a value", `SELECT t FROM t`, ""},
	{"the row as JSON", `SELECT to_json(x) FROM t x`, ""},
	{"the row as text", `SELECT t::text FROM t`, ""},
	{"a row of columns", `SELECT row(t.a, t.b) FROM t`, "t(a,b)"},
	{"a row of all columns", `SELECT row(t.*) FROM t`, "t(a,b,c,id)"},
	{"a count of rows", `SELECT count(t) FROM t`, ""},
	{"whether the row is NULL", `SELECT u.id FROM u LEFT JOIN t ON t.id = u.a WHERE t IS NULL`, "u(a,id)"},
	{"the row of a subquery", `SELECT to_json(x) FROM (SELECT a, b FROM t) x`, "t(a,b)"},
	{"the row inside of a subquery", `SELECT (SELECT x FROM u WHERE u.id = x.id) FROM t x`, "u(id)"},
	{"the table of the row", `SELECT tableoid FROM t`, ""},
	{"the place of the row", `SELECT ctid FROM t`, ""},
	{"the transaction of the row", `SELECT xmin, a FROM t`, ""},
	{"a sample", `SELECT a FROM t TABLESAMPLE SYSTEM (50) REPEATABLE (1)`, ""},
	{"a function of the row", `SELECT t.whole FROM t`, ""},
	{"a function that reads", `SELECT t.id, u.a FROM t, u WHERE counts() > 1`, "u(a)"},
	{"a row that is locked", `SELECT a FROM t WHERE id = $1 FOR UPDATE`, ""},
	{"a row that is locked by another's name", `SELECT u.a FROM t, u WHERE u.id = $1 FOR UPDATE OF u`, "t()"},
	{"a policy", `SELECT a FROM secret`, ""},
	{"a policy of another relation", `SELECT u.a FROM u, secret s WHERE s.id = u.id`, ""},

	{"a view and its condition", `SELECT x FROM v`, "t(a,b,c,id) v(x)"},
	{"a view of a view", `SELECT a FROM vv`, "t(a,b,c,id) u(a,id) v(id,x) vv(a)"},
	{"a view of a row", `SELECT id FROM rowed`, "rowed(id)"},
	{"a view and its table", `SELECT t.c FROM t, sums WHERE sums.a = t.id`, "sums(a) t(a,b,c,id)"},
}

func TestAReadDependsOnTheColumnsOfWhichItSpeaks(t *testing.T) {
	t.Parallel()
	a := with(t, columnSchema, "")
	for _, c := range columnsRead {
		t.Run(c.name, func(t *testing.T) {
			if got := columns(analyze(t, a, ":many", c.sql).ReadColumns); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}

// columnsSet are writes with the columns that they change. Of relations that are left out,
// rows may come and go and any column may change.
var columnsSet = []struct{ name, sql, want string }{
	{"SET", `UPDATE t SET a = 1 WHERE b = $1`, "t(a)"},
	{"SET of several at once", `UPDATE t SET (a, c) = (SELECT 1, 'x'), b = 2`, "t(a,b,c)"},
	{"SET of a part of a composite", `UPDATE typed SET whole.a = 1`, "typed(whole)"},
	{"FROM", `UPDATE t SET a = u.a FROM u WHERE u.id = t.id`, "t(a)"},
	{"a generated column of what is set", `UPDATE g SET a = 1`, "g(a,k)"},
	{"a generated column of an expression", `UPDATE g SET b = 1`, "g(b,w)"},
	{"a key", `UPDATE t SET id = $1 WHERE id = $2`, "t(id)"},
	{"in WITH", `WITH x AS (UPDATE t SET a = 1 RETURNING id) SELECT id FROM x`, "t(a)"},
	{"twice", `WITH x AS (UPDATE t SET a = 1 RETURNING id) UPDATE t SET b = 1 WHERE id = $1`, "t(a,b)"},
	{"beside a DELETE", `WITH x AS (DELETE FROM t WHERE id = 1) UPDATE t SET b = 1 WHERE id = $1`, ""},
	{"beside an INSERT of another", `WITH x AS (INSERT INTO u VALUES (1)) UPDATE t SET b = 1 WHERE id = $1`, "t(b)"},
	{"a MERGE that updates", `MERGE INTO t USING u ON u.id = t.id WHEN MATCHED AND u.a = 1 THEN UPDATE SET a = 1 WHEN MATCHED THEN UPDATE SET b = 1`, "t(a,b)"},
	{"a MERGE that deletes too", `MERGE INTO t USING u ON u.id = t.id WHEN MATCHED AND u.a = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET b = 1`, ""},
	{"INSERT", `INSERT INTO t VALUES (1)`, ""},
	{"DELETE", `DELETE FROM t`, ""},
	{"ON CONFLICT DO UPDATE", `INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1`, ""},
	{"TRUNCATE", `TRUNCATE t`, ""},
	{"a function", `SELECT counts() FROM t`, ""},

	{"a trigger before it", `UPDATE stamped SET a = 1`, "stamped(a,at,b,n)"},
	{"a trigger before it that may alter any column", `UPDATE opened SET a = 1`, ""},
	{"a trigger after it", `UPDATE counted SET a = 1`, "counted(a) t(b)"},
	{"a trigger after another column", `UPDATE chosen SET b = 1`, "chosen(b)"},
	{"a trigger after this column", `UPDATE chosen SET a = 1`, "chosen(a) t(b)"},
	{"a cascade", `UPDATE owner SET code = 1`, "owned(code,twice) owner(code)"},
	{"no cascade", `UPDATE owner SET name = 'x'`, "owner(name)"},
	{"a cascade of a DELETE", `DELETE FROM owner`, "owned(code,twice) owner()*"},
	{"a cascade that deletes", `DELETE FROM owned`, "owned()*"},
	{"a rule", `UPDATE ruled SET a = 1`, "ruled(a) u(b)"},
	{"the partition key", `UPDATE part SET a = 1`, ""},
	{"partitions", `UPDATE part SET b = 1`, "part(b) part_one(b) part_two(b)"},
	{"a partition", `UPDATE part_two SET b = 1`, "part(b) part_two(b)"},
	{"partitions between which a trigger of one moves rows", `UPDATE moving SET b = 1`, ""},
	{"one partition out of which a trigger cannot move rows", `UPDATE moving_one SET b = 1`, "moving(a,b) moving_one(a,b)"},
	{"a parent", `UPDATE kin SET b = 1`, "child(b) kin(b)"},
	{"a child", `UPDATE child SET b = 1, extra = 2`, "child(b,extra) kin(b)"},
	{"a child's own column", `UPDATE child SET extra = 2`, "child(extra)"},
	{"a view", `UPDATE v SET x = 1`, "t(a) v(x)"},
	{"a view with a check", `UPDATE checked SET b = 1`, "checked(b) t(b)"},
}

func TestAWriteChangesTheColumnsThatItSetsAndWhatFollows(t *testing.T) {
	t.Parallel()
	a := with(t, columnSchema, "")
	for _, c := range columnsSet {
		t.Run(c.name, func(t *testing.T) {
			if !knows(t, a, c.sql) {
				return
			}
			if got := columns(analyze(t, a, ":exec", c.sql).SetColumns); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}
