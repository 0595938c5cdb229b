package effects

import "testing"

const keyed = `
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE a (id bigint PRIMARY KEY, n numeric UNIQUE, t text, x int, y int, UNIQUE (x, y), late int UNIQUE DEFERRABLE, part int, lower_t text);
CREATE UNIQUE INDEX ON a (part) WHERE part > 0;
CREATE UNIQUE INDEX ON a (lower(lower_t));
CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint, ci text COLLATE loose UNIQUE, cs text UNIQUE);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE p (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE VIEW v AS SELECT * FROM a;
`

func TestUniqueMeansAtMostOneRow(t *testing.T) {
	t.Parallel()
	db := with(t, keyed, "")
	for _, c := range []struct {
		sql  string
		want bool
	}{
		{`SELECT * FROM a WHERE id = $1`, true},
		{`SELECT * FROM a WHERE id = 7`, true},
		{`SELECT * FROM a WHERE id = $1 AND t = 'x' ORDER BY t LIMIT 1`, true},
		{`SELECT * FROM a WHERE n = $1`, true},
		{`SELECT * FROM a WHERE n = $1::bigint`, false}, // an expression is not looked into
		{`SELECT * FROM a WHERE x = $1 AND y = $2`, true},
		{`SELECT max(x) FROM a WHERE id = $1`, true},
		{`SELECT id, count(*) FROM a WHERE id = $1 GROUP BY id`, true},
		{`SELECT * FROM a JOIN b ON b.id = a.x WHERE a.id = $1`, true},
		{`SELECT * FROM a LEFT JOIN b ON b.id = a.x AND b.cs = 'q' WHERE a.id = $1`, true},
		{`SELECT * FROM b LEFT JOIN a ON a.id = b.a_id WHERE b.cs = $1`, true},
		{`SELECT * FROM b RIGHT JOIN a ON b.id = a.x WHERE a.id = $1`, true},
		{`SELECT * FROM p WHERE id = $1 AND k = $2`, true},
		{`SELECT * FROM child WHERE id = $1`, false}, // keys are not inherited
		{`SELECT * FROM b WHERE ci = $1`, false},     // no collation is looked into that is not deterministic
		{`SELECT * FROM b WHERE cs = $1 COLLATE loose`, false},
		{`SELECT * FROM p WHERE id = $1`, false},
		{`SELECT * FROM parent WHERE id = $1`, false},
		{`SELECT * FROM a WHERE x = $1`, false},
		{`SELECT * FROM a WHERE late = $1`, false},
		{`SELECT * FROM a WHERE part = $1`, false},
		{`SELECT * FROM a WHERE lower_t = $1`, false},
		{`SELECT * FROM a WHERE id > $1`, false},
		{`SELECT * FROM a WHERE id = $1 OR x = 1`, false},
		{`SELECT * FROM a WHERE id = x`, false},
		{`SELECT * FROM a WHERE id IN ($1, $2)`, false},
		{`SELECT * FROM a WHERE NOT (id = $1)`, false},
		{`SELECT * FROM a LIMIT 1`, false},
		{`SELECT count(*) FROM a`, false},
		{`SELECT 1`, false},
		{`SELECT generate_series(1, x) FROM a WHERE id = $1`, false},
		{`SELECT * FROM a, generate_series(1, 3) WHERE id = $1`, false},
		{`SELECT id FROM a WHERE id = $1 UNION ALL SELECT id FROM b WHERE id = $1`, false},
		{`SELECT id FROM a WHERE id = $1 GROUP BY GROUPING SETS ((id), ())`, false},
		{`SELECT * FROM a JOIN b ON b.a_id = a.id WHERE a.id = $1`, false},
		{`SELECT * FROM a FULL JOIN b ON b.id = a.x WHERE a.id = $1`, false},
		{`SELECT * FROM a LEFT JOIN b ON a.id = $1 AND b.id = $2`, false},
		{`SELECT * FROM a RIGHT JOIN b ON b.id = $1 WHERE a.id = $2`, false},
		{`SELECT * FROM v WHERE id = $1`, true},
		{`WITH w AS (SELECT * FROM a WHERE id = $1) SELECT * FROM w`, true},
	} {
		if got := analyze(t, db, ":one", c.sql).Unique; got != c.want {
			t.Errorf("%s: unique is %v", c.sql, got)
		}
	}
}
