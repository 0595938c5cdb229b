package effects

import "testing"

const referrals = `
CREATE TABLE p (id int PRIMARY KEY, a int, UNIQUE (id, a));
CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON DELETE CASCADE, q int, n int);
CREATE TABLE d (id int PRIMARY KEY, c int NOT NULL REFERENCES c);
CREATE TABLE w (id int PRIMARY KEY, x int, y int, FOREIGN KEY (x, y) REFERENCES p (id, a));
CREATE TABLE late (id int PRIMARY KEY, p int REFERENCES p DEFERRABLE);
CREATE TABLE loose (id int PRIMARY KEY, p int); ALTER TABLE loose ADD FOREIGN KEY (p) REFERENCES p NOT VALID;
CREATE TABLE off (id int PRIMARY KEY, p int REFERENCES p); ALTER TABLE off DISABLE TRIGGER ALL;
CREATE TABLE up (id int PRIMARY KEY, n int); CREATE TABLE more () INHERITS (up);
CREATE TABLE under (id int PRIMARY KEY, up int REFERENCES up);
CREATE TABLE kin (id int PRIMARY KEY, p int REFERENCES p); CREATE TABLE heir () INHERITS (kin);
CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree);
CREATE TABLE parted (id int, k int, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
CREATE TABLE leaf (id int PRIMARY KEY, parted int REFERENCES parted);
CREATE VIEW pairs AS SELECT c.id, p.a FROM c JOIN p ON p.id = c.p;
`

// referring are reads with the relations whose rows matter only beside rows that refer to
// them: those with a star.
var referring = []struct{ name, sql, want string }{
	{"a join", `SELECT c.n, p.a FROM c JOIN p ON p.id = c.p`, "c(n,p) p(a,id)*"},
	{"a join the other way", `SELECT c.n FROM p, c WHERE c.p = p.id AND p.a = $1`, "c(n,p) p(a,id)*"},
	{"an optional row", `SELECT c.n, p.a FROM c LEFT JOIN p ON p.id = c.p`, "c(n,p) p(a,id)*"},
	{"of an optional row", `SELECT d.id, p.a FROM d LEFT JOIN c ON c.id = d.c LEFT JOIN p ON p.id = c.p`, "c(id,p)* d(c,id) p(a,id)*"},
	{"USING", `SELECT w.id FROM w JOIN (SELECT 1) o ON true JOIN p ON p.id = w.x AND p.a = w.y`, "p(a,id)* w(id,x,y)"},
	{"EXISTS", `SELECT id FROM c WHERE EXISTS (SELECT FROM p WHERE p.id = c.p AND p.a > 1)`, "c(id,p) p(a,id)*"},
	{"a scalar subquery", `SELECT (SELECT p.a FROM p WHERE p.id = c.p) FROM c`, "c(p) p(a,id)*"},
	{"a view", `SELECT a FROM pairs`, "c(id,p) p(a,id)* pairs(a)"},
	{"a partitioned table", `SELECT p.k FROM leaf l JOIN parted p ON p.id = l.parted`, "leaf(parted) parted(id,k)*"},

	{"a row that is kept without one that refers to it", `SELECT p.a FROM p LEFT JOIN c ON p.id = c.p`, "c(p) p(a,id)"},
	{"both kept", `SELECT p.a FROM p FULL JOIN c ON p.id = c.p`, "c(p) p(a,id)"},
	{"an OR", `SELECT p.a FROM p JOIN c ON p.id = c.p OR p.a = 1`, "c(p) p(a,id)"},
	{"another column", `SELECT p.a FROM p JOIN c ON p.id = c.q`, "c(q) p(a,id)"},
	{"another key", `SELECT p.id FROM p JOIN c ON p.a = c.p`, "c(p) p(a,id)"},
	{"a part of a key", `SELECT w.id FROM w JOIN p ON p.id = w.x`, "p(id) w(id,x)"},
	{"columns of a key that are exchanged", `SELECT w.id FROM w JOIN p ON p.id = w.y AND p.a = w.x`, "p(a,id) w(id,x,y)"},
	{"a key of two rows", `SELECT 1 FROM w v, w, p WHERE p.id = w.x AND p.a = v.y`, "p(a,id) w(x,y)"},
	{"another reference beside it", `SELECT p.a FROM p o, c JOIN p ON p.id = c.p`, "c(p) p(a,id)"},
	{"a key that is checked late", `SELECT p.a FROM late l JOIN p ON p.id = l.p`, "late(p) p(a,id)"},
	{"a key that is not valid", `SELECT p.a FROM loose l JOIN p ON p.id = l.p`, "loose(p) p(a,id)"},
	{"a key that is switched off", `SELECT p.a FROM off l JOIN p ON p.id = l.p`, "off(p) p(a,id)"},
	{"a table with children", `SELECT u.n FROM under JOIN up u ON u.id = under.up`, "under(up) up(id,n)"},
	{"children that refer", `SELECT p.a FROM kin JOIN p ON p.id = kin.p`, "kin(p) p(a,id)"},
	{"a circle", `SELECT 1 FROM a JOIN b ON b.id = a.b AND a.id = b.a`, "a(b,id)* b(a,id)"},
	{"a table that refers to itself", `SELECT y.id FROM tree x JOIN tree y ON y.id = x.parent`, "tree(id,parent)"},
	{"a subquery that refers", `SELECT p.a FROM (SELECT c.p FROM c) x JOIN p ON p.id = x.p`, "c(p) p(a,id)"},
	{"a sum of what refers", `SELECT p.a FROM (SELECT c.p + 1 AS p FROM c) x JOIN p ON p.id = x.p`, "c(p) p(a,id)"},
	{"NOT IN", `SELECT c.n FROM c WHERE c.p NOT IN (SELECT p.id FROM p)`, "c(n,p) p(id)"},
	{"a sample", `SELECT p.a FROM c JOIN p TABLESAMPLE SYSTEM (50) REPEATABLE (1) ON p.id = c.p`, "c(p)"},
}

func TestRowsMatterBesideRowsThatReferToThem(t *testing.T) {
	t.Parallel()
	a := with(t, referrals, "")
	for _, c := range referring {
		t.Run(c.name, func(t *testing.T) {
			if got := columns(analyze(t, a, ":many", c.sql).ReadColumns); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}

// comingAndGoing are writes that add or remove rows.
var comingAndGoing = []struct{ name, sql, want string }{
	{"an insert", `INSERT INTO p VALUES (1)`, "p()*"},
	{"an insert, or nothing", `INSERT INTO p VALUES (1) ON CONFLICT DO NOTHING`, "p()*"},
	{"an upsert", `INSERT INTO p VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2`, "p(a)*"},
	{"a delete, and what it deletes", `DELETE FROM p`, "c()* p()*"},
	{"a truncate", `TRUNCATE p CASCADE`, "c()* p()*"},
	{"an insert that nothing refers to", `INSERT INTO d VALUES (1, 1)`, ""},
	{"an insert beside an update", `WITH x AS (UPDATE p SET a = 1) INSERT INTO p VALUES (1)`, "p(a)*"},
	{"an insert into a partition", `INSERT INTO parted_1 VALUES (1)`, "parted()* parted_1()*"},
	{"one row for another", `WITH x AS (DELETE FROM p WHERE id = 1) INSERT INTO p VALUES (1)`, "c()*"},
	{"one row for another by a MERGE", `MERGE INTO p USING c ON c.p = p.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1)`, "c()*"},
}

func TestRowsThatComeOrGoAreToldWhereOthersMayReferToThem(t *testing.T) {
	t.Parallel()
	a := with(t, referrals, "")
	for _, c := range comingAndGoing {
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
