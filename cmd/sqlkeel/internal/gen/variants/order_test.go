package variants

import (
	"strings"
	"testing"
)

const shop = `
CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, alt text UNIQUE, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE b (id bigint PRIMARY KEY, a_id bigint NOT NULL REFERENCES a, title text NOT NULL, n int, kind text NOT NULL, UNIQUE (a_id, title));
CREATE TABLE c (b_id int NOT NULL, tag text NOT NULL, late int NOT NULL UNIQUE DEFERRABLE, PRIMARY KEY (b_id, tag));
CREATE TABLE parent (id int PRIMARY KEY, x int);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE folded (id int PRIMARY KEY, name text NOT NULL);
CREATE UNIQUE INDEX ON folded (lower(name));
CREATE UNIQUE INDEX ON folded (name) WHERE id > 5;
CREATE VIEW v AS SELECT b.id, b.title, a.name, (SELECT count(*) FROM c WHERE c.b_id = b.id) AS tags FROM b JOIN a ON a.id = b.a_id;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.id := 1; RETURN new; END';
CREATE TRIGGER instead INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION instead();
CREATE VIEW w AS SELECT b.a_id, count(*) AS books FROM b GROUP BY b.a_id`

const filter = "($1::int IS NULL OR n = $1)"

// orders are statements of which the order decides what they return.
var orderCases = []struct {
	sql    string
	pruned bool
}{
	// LIMIT
	{"SELECT id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " LIMIT 3", false},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY title OFFSET 3", false},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY title LIMIT NULL", true},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY title FETCH FIRST 3 ROWS WITH TIES", true},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY title FETCH FIRST $2 ROWS ONLY", false},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY kind, id FETCH FIRST $2 ROWS ONLY", true},
	{"SELECT title AS id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT title AS id FROM b WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT id AS x, title FROM b WHERE " + filter + " ORDER BY x LIMIT 3", true},
	{"SELECT title, id FROM b WHERE " + filter + " ORDER BY 2 LIMIT 3", true},
	{"SELECT title, id FROM b WHERE " + filter + " ORDER BY 1 LIMIT 3", false},
	{"SELECT * FROM b WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY id + 0 LIMIT 3", false},
	{"SELECT id FROM b WHERE " + filter + " ORDER BY a_id, title LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " AND a_id = $2 ORDER BY title LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " AND a_id = 7 ORDER BY title LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " AND a_id > $2 ORDER BY title LIMIT 3", false},
	{"SELECT id FROM b WHERE (" + filter + " OR a_id = $2) ORDER BY title LIMIT 3", false},
	{"SELECT id, unnest(ARRAY[1, 2]) FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"SELECT p.id FROM parent p, b WHERE " + filter + " AND b.id = 1 ORDER BY p.id LIMIT 3", false},
	{"SELECT alt FROM a WHERE ($1::text IS NULL OR name = $1) ORDER BY alt LIMIT 3", false},
	{"SELECT name FROM a WHERE ($1::text IS NULL OR alt = $1) ORDER BY name LIMIT 3", true},
	{"SELECT name FROM folded WHERE ($1::int IS NULL OR id = $1) ORDER BY name LIMIT 3", false},
	{"SELECT late FROM c WHERE ($1::int IS NULL OR b_id = $1) ORDER BY late LIMIT 3", false},
	// joins
	{"SELECT b.id FROM b JOIN a ON a.id = b.a_id WHERE " + filter + " ORDER BY b.kind, b.id LIMIT 3", true},
	{"SELECT b.id FROM b JOIN a ON a.id = b.a_id WHERE " + filter + " ORDER BY a.id LIMIT 3", false},
	{"SELECT b.id FROM b LEFT JOIN a ON a.id = b.a_id WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT b.id FROM a LEFT JOIN b ON a.id = b.a_id WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM a RIGHT JOIN b ON a.id = b.a_id WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT b.id FROM a FULL JOIN b ON a.id = b.a_id WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM a FULL JOIN b ON a.id = b.a_id WHERE " + filter + " ORDER BY b.id, a.id LIMIT 3", true},
	{"SELECT b.id FROM b, a WHERE a.id = b.a_id AND " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT b.id FROM b, a WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM b JOIN c ON c.b_id = b.id WHERE " + filter + " ORDER BY b.id, c.tag LIMIT 3", true},
	{"SELECT b.id FROM b JOIN c ON c.b_id = b.id WHERE " + filter + " ORDER BY c.b_id, c.tag LIMIT 3", true},
	{"SELECT b.id FROM b JOIN c ON c.b_id = b.id WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM b JOIN (SELECT x.id AS a_id, x.name FROM a x) y USING (a_id) WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT b.id FROM b CROSS JOIN generate_series(1, 3) AS g WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM b CROSS JOIN LATERAL (SELECT count(*) AS k FROM c WHERE c.b_id = b.id) y WHERE " + filter + " ORDER BY y.k, b.id LIMIT 3", true},
	{"SELECT b.id FROM b CROSS JOIN LATERAL (SELECT c.tag FROM c WHERE c.b_id = b.id) y WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id FROM b LEFT JOIN LATERAL (SELECT c.tag FROM c WHERE c.b_id = b.id ORDER BY c.tag LIMIT 1) y ON true WHERE " + filter + " ORDER BY b.id LIMIT 3", true},
	{"SELECT b.id FROM b LEFT JOIN LATERAL (SELECT c.tag FROM c WHERE c.b_id > b.id ORDER BY c.tag LIMIT 1) y ON true WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT 1 FROM ((b JOIN a ON a.id = b.a_id) JOIN c ON c.b_id = b.id) AS j (x, y, z, n) CROSS JOIN b p WHERE ($1::int IS NULL OR p.n = $1) ORDER BY p.id LIMIT 3", false},
	{"SELECT b.id FROM (parent JOIN a ON a.id = parent.id) AS j (k), b WHERE " + filter + " ORDER BY b.id LIMIT 3", false},
	{"SELECT b.id, ARRAY(SELECT c.tag FROM c, generate_series(1, 3) AS b (id) WHERE c.b_id = b.id ORDER BY b.id, c.tag) FROM b WHERE " + filter, false},
	// views, CTEs, subqueries
	{"SELECT id FROM v WHERE ($1::text IS NULL OR title = $1) ORDER BY id LIMIT 3", true},
	{"SELECT id FROM v WHERE ($1::text IS NULL OR title = $1) ORDER BY name LIMIT 3", false},
	{"SELECT a_id FROM w WHERE ($1::int IS NULL OR books = $1) ORDER BY books, a_id LIMIT 3", true},
	{"WITH x AS (SELECT b.a_id AS k, count(*) AS n FROM b GROUP BY b.a_id) SELECT k FROM x WHERE " + filter + " ORDER BY n DESC, k LIMIT 3", true},
	{"WITH x (k, n) AS (SELECT b.kind, count(*) FROM b GROUP BY b.kind) SELECT k FROM x WHERE " + filter + " ORDER BY k LIMIT 3", true},
	{"WITH x AS (SELECT b.n, count(*) AS k FROM b GROUP BY b.n) SELECT k FROM x WHERE " + filter + " ORDER BY n LIMIT 3", false},
	{"WITH b AS (SELECT 1 AS id, 2 AS n) SELECT id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"WITH b AS (SELECT c.b_id AS id, 1 AS n FROM c) SELECT id FROM b WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"WITH x AS (UPDATE b SET n = 1 RETURNING id, n) SELECT id FROM x WHERE " + filter + " ORDER BY id LIMIT 3", true},
	{"SELECT id FROM b WHERE " + filter + " AND id = ANY (ARRAY(SELECT a.id FROM a LIMIT 1))", false},
	{"SELECT id FROM b WHERE " + filter + " AND EXISTS (SELECT 1 FROM a LIMIT 1)", true},
	{"SELECT id FROM b WHERE EXISTS (SELECT 1 FROM (SELECT n FROM b LIMIT 3) s WHERE " + strings.ReplaceAll(filter, "n =", "s.n =") + ")", false},
	// groups, DISTINCT, set operations
	{"SELECT kind, count(*) FROM b WHERE " + filter + " GROUP BY kind ORDER BY kind LIMIT 3", true},
	{"SELECT kind, count(*) FROM b WHERE " + filter + " GROUP BY kind ORDER BY 2 LIMIT 3", false},
	{"SELECT lower(kind) AS k, count(*) FROM b WHERE " + filter + " GROUP BY 1 ORDER BY k LIMIT 3", true},
	{"SELECT kind, a_id FROM b WHERE " + filter + " GROUP BY ROLLUP (kind, a_id) ORDER BY kind, a_id LIMIT 3", false},
	{"SELECT a.id, a.name, count(*) FROM b JOIN a ON a.id = b.a_id WHERE " + filter + " GROUP BY a.id, a.name ORDER BY a.id LIMIT 3", true},
	{"SELECT count(*) FROM b WHERE " + filter + " LIMIT 1", true},
	{"SELECT DISTINCT kind FROM b WHERE " + filter + " ORDER BY kind LIMIT 3", true},
	{"SELECT DISTINCT kind, n FROM b WHERE " + filter + " ORDER BY kind LIMIT 3", false},
	{"SELECT DISTINCT ON (kind) id FROM b WHERE " + filter + " ORDER BY kind, n", false},
	{"SELECT DISTINCT ON (kind) id FROM b WHERE " + filter + " ORDER BY kind, n, id", true},
	{"SELECT id FROM b WHERE " + filter + " UNION ALL SELECT id FROM b ORDER BY 1 LIMIT 3", false},
	{"SELECT id FROM b WHERE " + filter + " UNION ALL SELECT id FROM a", true},
	// windows and aggregates
	{"SELECT id, row_number() OVER (ORDER BY kind) FROM b WHERE " + filter, false},
	{"SELECT id, row_number() OVER (PARTITION BY kind ORDER BY n, id) FROM b WHERE " + filter, true},
	{"SELECT id, rank() OVER (ORDER BY kind), sum(n) OVER (PARTITION BY kind) FROM b WHERE " + filter, true},
	{"SELECT id, sum(n) OVER (ORDER BY kind ROWS 1 PRECEDING) FROM b WHERE " + filter, false},
	{"SELECT id, lag(n) OVER w FROM b WHERE " + filter + " WINDOW w AS (ORDER BY id)", true},
	{"SELECT id, lag(n) OVER w FROM b WHERE " + filter + " WINDOW w AS (ORDER BY kind)", false},
	{"SELECT a_id, array_agg(title) FROM b WHERE " + filter + " GROUP BY a_id", false},
	{"SELECT a_id, array_agg(title ORDER BY title) FROM b WHERE " + filter + " GROUP BY a_id", true},
	{"SELECT kind, array_agg(title ORDER BY n) FROM b WHERE " + filter + " GROUP BY kind", false},
	{"SELECT kind, array_agg(title ORDER BY id) FROM b WHERE " + filter + " GROUP BY kind", true},
	{"SELECT a_id, string_agg(kind, ',' ORDER BY title) FROM b WHERE " + filter + " GROUP BY a_id", true},
	{"SELECT a_id, array_agg(DISTINCT kind) FROM b WHERE " + filter + " GROUP BY a_id", true},
	{"SELECT id, (SELECT json_agg(c.tag) FROM c WHERE c.b_id = b.id) FROM b WHERE " + filter, false},
	{"SELECT id, (SELECT json_agg(c.tag ORDER BY c.b_id, c.tag) FROM c WHERE c.b_id = b.id) FROM b WHERE " + filter, true},
	{"SELECT a_id, mode() WITHIN GROUP (ORDER BY kind) FROM b WHERE " + filter + " GROUP BY a_id", false},
	{"SELECT id, ARRAY(SELECT c.tag FROM c WHERE c.b_id = b.id) FROM b WHERE " + filter, false},
	{"SELECT id, ARRAY(SELECT c.tag FROM c WHERE c.b_id = b.id ORDER BY c.b_id, c.tag) FROM b WHERE " + filter, true},
	{"SELECT id, ARRAY(SELECT c.tag FROM c WHERE c.b_id = b.id ORDER BY c.tag DESC) FROM b WHERE " + filter, true},
	{"SELECT id, ARRAY(SELECT c.tag FROM c WHERE c.b_id = b.id + 1 ORDER BY c.tag) FROM b WHERE " + filter, false},
	{"SELECT id, ARRAY(SELECT c.late FROM c WHERE c.tag = b.kind ORDER BY c.late) FROM b WHERE " + filter, false},
	{"SELECT id, (SELECT json_agg(c.late ORDER BY c.tag) FROM c WHERE c.b_id = b.id) FROM b WHERE " + filter, true},
	{"SELECT id, (SELECT json_agg(c.late ORDER BY c.tag) FROM c, b WHERE c.b_id = b.id) FROM b WHERE " + filter, false},
	{"SELECT id FROM b WHERE id = ANY (ARRAY(SELECT c.b_id FROM c)) AND " + filter, true},
	// changes
	{"WITH x AS (UPDATE v SET title = '' RETURNING id, 1 AS n) SELECT id FROM x WHERE " + filter + " ORDER BY id LIMIT 3", false},
	{"UPDATE b SET kind = a.name FROM a WHERE a.id = b.a_id AND " + filter, true},
	{"UPDATE b SET kind = c.tag FROM c WHERE c.b_id = b.id AND " + filter, false},
	{"DELETE FROM b USING c WHERE c.b_id = b.id AND " + filter, true},
	{"DELETE FROM b USING c WHERE c.b_id = b.id AND " + filter + " RETURNING c.tag", false},
}

func TestNothingIsPrunedThatDependsOnAnOpenOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, shop)
	for _, c := range orderCases {
		p, remarks := b.find(t, ":many", c.sql, "*string")
		if pruned := p != nil; pruned != c.pruned {
			t.Errorf("pruned = %v: %s\n%v", pruned, c.sql, remarks)
		}
		if p == nil {
			if len(remarks) == 0 {
				t.Errorf("no reason: %s", c.sql)
			}
			continue
		}
		if err := p.Prove(t.Context(), b.conn); err != nil {
			t.Errorf("%s: %v", c.sql, err)
		}
	}
}

func TestTheFirstRowOfOneHasToBeCertain(t *testing.T) {
	t.Parallel()
	b := setup(t, shop)
	for sql, pruned := range map[string]bool{
		"SELECT id FROM b WHERE " + filter:                                                                  false,
		"SELECT id FROM b WHERE " + filter + " ORDER BY id":                                                 true,
		"SELECT id FROM b WHERE id = $2 AND " + filter:                                                      true,
		"SELECT id FROM b WHERE a_id = $2 AND title = $3 AND " + filter:                                     true,
		"SELECT count(*) FROM b WHERE " + filter:                                                            true,
		"SELECT coalesce(max(id), 0)::bigint FROM b WHERE " + filter:                                        true,
		"SELECT EXISTS (SELECT 1 FROM b WHERE " + filter + ")":                                              true,
		"UPDATE b SET kind = '' WHERE id = $2 AND " + filter + " RETURNING id":                              true,
		"UPDATE b SET kind = '' WHERE " + filter + " RETURNING id":                                          false,
		"DELETE FROM b WHERE a_id = $2 AND " + filter + " RETURNING id":                                     false,
		"INSERT INTO a (id, name) SELECT id, title FROM b WHERE " + filter + " RETURNING id":                false,
		"INSERT INTO a (id, name) SELECT 1, max(title) FROM b WHERE " + filter + " RETURNING id":            true,
		"WITH x AS (SELECT max(n) AS n FROM b) SELECT n FROM x WHERE " + filter:                             true,
		"WITH x AS (SELECT n FROM b WHERE b.id = $2) SELECT n FROM x WHERE " + filter:                       true,
		"WITH x AS (SELECT n FROM b WHERE b.a_id = $2) SELECT n FROM x WHERE " + filter:                     false,
		"SELECT n FROM (SELECT n FROM b ORDER BY id LIMIT 1) x WHERE " + filter:                             true,
		"SELECT n FROM (SELECT n FROM b ORDER BY kind LIMIT 1) x WHERE " + filter:                           false,
		"SELECT b.id FROM b JOIN a ON a.id = b.a_id WHERE b.id = $2 AND " + filter:                          true,
		"SELECT b.id FROM b JOIN a ON a.id = b.a_id WHERE a.id = $2 AND " + filter:                          false,
		"SELECT b.id FROM b WHERE b.id = $2::float8 AND " + filter:                                          false,
		"SELECT x.id FROM a x LEFT JOIN b ON b.id = $2 WHERE ($1::text IS NULL OR x.alt = $1)":              false,
		"SELECT x.id FROM a x LEFT JOIN b ON b.id = $2 WHERE x.id = 3 AND ($1::text IS NULL OR x.alt = $1)": true,
	} {
		if p, remarks := b.find(t, ":one", sql, "*string"); (p != nil) != pruned {
			t.Errorf("pruned = %v: %s\n%v", p != nil, sql, remarks)
		}
	}
}
