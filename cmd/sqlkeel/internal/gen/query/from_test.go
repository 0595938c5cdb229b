package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// library has ties in all that is not unique, and NULLs where they may be.
const library = `
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE EXTENSION IF NOT EXISTS citext;
CREATE DOMAIN number AS int; CREATE DOMAIN short AS number; CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE FUNCTION draws(a int, b int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT a + (random() * b)::int'; CREATE OPERATOR ~~> (FUNCTION = draws, LEFTARG = int, RIGHTARG = int);
CREATE TABLE authors (id int PRIMARY KEY, name text, handle text UNIQUE);
CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title text NOT NULL, code text NOT NULL, twin int, UNIQUE (author_id, code));
CREATE VIEW shelf AS SELECT b.id, b.title, a.name FROM books b JOIN authors a ON a.id = b.author_id;
CREATE VIEW top_shelf AS SELECT s.id, s.title FROM shelf s WHERE s.id > 2;
CREATE VIEW ranked AS SELECT id, author_id, rank() OVER (PARTITION BY author_id ORDER BY code) AS place FROM books;
CREATE VIEW shelves AS SELECT author_id AS id, count(*) AS books FROM books GROUP BY author_id;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM shelf; CREATE UNIQUE INDEX ON kept (id);
CREATE TABLE d (id number PRIMARY KEY); CREATE TABLE dd (id short PRIMARY KEY);
CREATE TABLE v (id varchar(9) PRIMARY KEY); CREATE TABLE w (id text PRIMARY KEY, vid varchar);
CREATE TABLE n (id numeric PRIMARY KEY, f float8); CREATE TABLE ts (id timestamptz PRIMARY KEY, day date); CREATE TABLE days (id date PRIMARY KEY);
CREATE TABLE c (id char(5) PRIMARY KEY); CREATE TABLE ci (id citext PRIMARY KEY, plain text UNIQUE); CREATE TABLE e (id colour PRIMARY KEY);
CREATE TABLE l (id text COLLATE loose PRIMARY KEY, strict text); CREATE TABLE ls (id text COLLATE loose NOT NULL); CREATE UNIQUE INDEX ON ls (id COLLATE "C");
CREATE TABLE cs (id text NOT NULL); CREATE UNIQUE INDEX ON cs (id COLLATE loose);
CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (PRIMARY KEY (id)) INHERITS (parents);
CREATE TABLE parts (id int, kind int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
CREATE TABLE half (id int NOT NULL, live boolean NOT NULL); CREATE UNIQUE INDEX ON half (id) WHERE live; CREATE UNIQUE INDEX ON half ((id * 2 + live::int));
CREATE TABLE maybe (id int UNIQUE, n int); CREATE TABLE once (id int UNIQUE NULLS NOT DISTINCT, n int); CREATE TABLE late (id int UNIQUE DEFERRABLE);
INSERT INTO authors SELECT i, CASE WHEN i % 3 > 0 THEN 'n' || i % 2 END, CASE WHEN i > 3 THEN 'h' || i END FROM generate_series(1, 6) i;
INSERT INTO books SELECT i, 1 + i % 4, 't' || i % 3, 'c' || i, nullif(i % 3, 0) FROM generate_series(1, 12) i;
REFRESH MATERIALIZED VIEW kept;
INSERT INTO d SELECT i FROM generate_series(1, 4) i; INSERT INTO dd SELECT i FROM generate_series(1, 4) i;
INSERT INTO v SELECT 'k' || i FROM generate_series(1, 4) i; INSERT INTO w SELECT 'w' || i, 'k' || i % 3 FROM generate_series(1, 6) i;
INSERT INTO n VALUES (1, 1), (1.5, 9007199254740993), (9007199254740992, 9007199254740992), (9007199254740993, 9007199254740992);
INSERT INTO ts SELECT timestamptz '2024-01-01' + i * interval '6 hours', date '2024-01-01' + i / 4 FROM generate_series(0, 7) i; INSERT INTO days SELECT date '2024-01-01' + i FROM generate_series(0, 3) i;
INSERT INTO c VALUES ('a'), ('b'); INSERT INTO ci VALUES ('a', 'a'), ('b', 'A'); INSERT INTO e VALUES ('red'), ('blue');
INSERT INTO l VALUES ('a', 'a'), ('b', 'A'); INSERT INTO ls VALUES ('a'), ('A'), ('b'); INSERT INTO cs VALUES ('a'), ('b');
INSERT INTO parents SELECT i FROM generate_series(1, 4) i; INSERT INTO children SELECT i FROM generate_series(1, 4) i;
INSERT INTO parts SELECT i % 3, 1 + i % 2 FROM generate_series(0, 5) i;
INSERT INTO half VALUES (1, true), (1, false), (2, true); INSERT INTO maybe VALUES (1, 1), (NULL, 1), (NULL, 2); INSERT INTO once VALUES (1, 1), (NULL, 1); INSERT INTO late VALUES (1), (2);
`

// Answers. In the third the rows do not tie, and that is not proven.
const (
	yes = iota
	no
	open
)

// froms are texts behind SELECT x.id, with the answer to: is there one row for each
// x.id? reads are the keys of the statement with WHERE x.id = $1.
var froms = []struct {
	name, from string
	want       int
	reads      string
}{
	{"a table", "books x", yes, "books.id"},
	{"a left join to one", "books x LEFT JOIN authors a ON a.id = x.author_id", yes, "books.id"},
	{"a domain", "d x", yes, ""},
	{"a domain over a domain", "dd x JOIN d y ON y.id = x.id", yes, ""},
	{"a varchar", "v x", yes, "v.id"},
	{"a view over a join", "shelf x", yes, "books.id"},
	{"a subquery", "(SELECT * FROM books) x", yes, "books.id"},
	{"a right join", "authors a RIGHT JOIN books x ON a.id = x.author_id", yes, "books.id"},
	{"a text as a varchar", "w x JOIN v y ON y.id = x.vid", yes, "w.id"},
	{"a number joined to itself", "n x JOIN n y ON y.id = x.id", yes, ""},
	{"a moment joined to itself", "ts x JOIN ts y ON y.id = x.id", yes, ""},
	{"renamed columns", "books AS x (id, author_id, t)", yes, "books.id"},
	{"all pairs", "books x, authors a", no, "books.id"},
	{"a natural join", "books x NATURAL JOIN authors a", yes, "authors.id books.id"},
	{"a condition in WHERE", "books x, authors a WHERE a.id = x.author_id", yes, "books.id"},
	{"a view over a view", "top_shelf x", yes, "books.id"},
	{"a window in a view", "ranked x", yes, ""},
	{"groups in a view", "shelves x", yes, "books.author_id"},
	{"a materialized view", "kept x", open, "kept.id"},
	{"a view joined to many", "shelf x JOIN books b ON b.author_id = x.id", no, ""},
	{"a subquery with a limit", "(SELECT * FROM books ORDER BY id LIMIT 3) x", yes, ""},
	{"a subquery of one row", "(SELECT author_id AS id FROM books LIMIT 1) x", yes, ""},
	{"distinct rows", "(SELECT DISTINCT author_id AS id FROM books) x", yes, "books.author_id"},
	{"distinct rows of two columns", "(SELECT DISTINCT author_id AS id, title FROM books) x", no, "books.author_id"},
	{"one of each", "(SELECT DISTINCT ON (author_id) author_id AS id, code FROM books) x", yes, "books.author_id"},
	{"groups", "(SELECT author_id AS id, count(*) FROM books GROUP BY author_id) x", yes, "books.author_id"},
	{"groups of two columns", "(SELECT author_id AS id, title FROM books GROUP BY author_id, title) x", no, "books.author_id"},
	{"groups by a row", "(SELECT a.id, a.name, count(*) FROM authors a JOIN books b ON b.author_id = a.id GROUP BY a.id) x", yes, "authors.id books.author_id"},
	{"grouping sets", "(SELECT author_id AS id, title FROM books GROUP BY GROUPING SETS ((author_id), (author_id, title))) x", no, ""},
	{"rolled up", "(SELECT author_id AS id FROM books GROUP BY ROLLUP (author_id)) x", open, ""},
	{"a grouping set twice", "(SELECT id FROM books GROUP BY GROUPING SETS ((id), (id))) x", no, ""},
	{"a union", "(SELECT id FROM books UNION SELECT id FROM authors) x", yes, "authors.id books.id"},
	{"a union of all", "(SELECT id FROM books UNION ALL SELECT id FROM authors) x", no, "authors.id books.id"},
	{"an intersection", "(SELECT author_id AS id FROM books INTERSECT SELECT id FROM authors) x", yes, "authors.id books.author_id"},
	{"all that is in neither", "(SELECT author_id AS id FROM books EXCEPT ALL SELECT id FROM authors) x", no, "authors.id books.author_id"},
	{"a window", "(SELECT id, lag(code) OVER (ORDER BY id) FROM books) x", yes, ""},
	{"a count of rows", "(SELECT row_number() OVER () AS id FROM books) x", open, ""},
	{"a series in the result", "(SELECT id, generate_series(1, 2) FROM books) x", no, ""},
	{"distinct rows of a series", "(SELECT DISTINCT id, generate_series(1, 2) * 0 AS z FROM books) x", open, ""},
	{"a WITH query", "(WITH q AS (SELECT * FROM books) SELECT * FROM q) x", yes, "books.id"},
	{"a WITH query used twice", "(WITH q AS (SELECT * FROM books) SELECT q.id FROM q JOIN q p ON p.id = q.id) x", yes, ""},
	{"a materialized WITH query", "(WITH q AS MATERIALIZED (SELECT * FROM books) SELECT * FROM q) x", yes, "books.id"},
	{"a recursive query", "(WITH RECURSIVE q AS (SELECT 1 AS id UNION SELECT id + 1 FROM q WHERE id < 3) SELECT * FROM q) x", open, ""},
	{"lateral, of one", "books x, LATERAL (SELECT count(*) AS n FROM books b WHERE b.author_id = x.author_id) y", yes, ""},
	{"lateral, one of many", "authors x, LATERAL (SELECT code FROM books b WHERE b.author_id = x.id ORDER BY code LIMIT 1) y", yes, "authors.id books.author_id"},
	{"lateral, of many", "authors x, LATERAL (SELECT code FROM books b WHERE b.author_id = x.id) y", no, "authors.id books.author_id"},
	{"lateral, by a key", "books x LEFT JOIN LATERAL (SELECT name FROM authors a WHERE a.id = x.author_id) y ON true", yes, "books.id"},
	{"joined to what is lateral", "books x, LATERAL (SELECT max(b.id) AS m FROM books b WHERE b.author_id = x.author_id) y JOIN authors a ON a.id = y.m", yes, ""},
	{"a row found by what depends on it", "(SELECT b.author_id AS id FROM books b, LATERAL (SELECT b.id AS m) y WHERE b.id = y.m) x", no, "books.author_id"},
	{"a parent with children", "parents x", no, ""},
	{"a parent alone", "ONLY parents x", yes, ""},
	{"a child", "children x", yes, ""},
	{"half a partitioned key", "parts x", no, "parts.id"},
	{"a partitioned key", "(SELECT * FROM parts WHERE kind = 1) x", yes, "parts.id"},
	{"a partition", "parts_1 x WHERE x.kind = 1", yes, "parts.id"},
	{"a full join", "books x FULL JOIN authors a USING (id)", open, "books.id"},
	{"a full join with one row", "books x FULL JOIN (SELECT max(id) AS m FROM authors) y ON y.m = x.id", open, "books.id"},
	{"a full join, by what is merged", "(SELECT id FROM books FULL JOIN authors USING (id)) x", open, ""},
	{"a left join to many", "authors x LEFT JOIN books b ON b.author_id = x.id", no, "authors.id books.author_id"},
	{"a left join on what is beside", "authors x LEFT JOIN books b ON b.id = 1 AND x.id = 2", yes, "authors.id"},
	{"what may be missing", "authors a LEFT JOIN books x ON x.author_id = a.id AND x.code = 'c1'", no, "books.id"},
	{"what may be missing, grouped", "(SELECT b.id FROM authors a LEFT JOIN books b ON b.id = 1 AND a.id = 2 GROUP BY b.id) x", yes, "books.id"},
	{"a constant that may be missing", "(SELECT b.author_id AS id FROM authors a LEFT JOIN books b ON b.author_id = 2 AND b.code = 'c1' AND a.id = 3 GROUP BY b.author_id, b.id) x", open, "books.author_id"},
	{"char", "c x JOIN c y ON y.id = x.id", yes, ""},
	{"citext", "ci x", yes, ""},
	{"citext joined to text", "ci x JOIN ci y ON y.plain = x.id::text", open, ""},
	{"text that equals a citext", "ci x JOIN ci y ON y.plain::citext = x.id", no, ""},
	{"an enum", "e x JOIN e y ON y.id = x.id", yes, ""},
	{"a loose collation", "l x", open, ""},
	{"a strict key of a loose column", "ls x", no, ""},
	{"a loose key of a strict column", "cs x", yes, "cs.id"},
	{"joined by a loose collation", "l x JOIN ls y ON y.id = x.id", no, ""},
	{"joined strictly from a loose column", "l x JOIN ls y ON y.id COLLATE \"C\" = x.id COLLATE \"C\"", open, ""},
	{"a date of a moment", "ts x JOIN days y ON y.id = x.id", open, ""},
	{"moments of a day", "days x JOIN ts y ON y.id::date = x.id", no, ""},
	{"a float of a number", "n x JOIN n y ON y.id::float8 = x.id::float8", no, ""},
	{"a number that equals a float", "(SELECT f AS id FROM n) x JOIN n y ON y.id = x.id", no, ""},
	{"a key that may be NULL", "maybe x", no, "maybe.id"},
	{"a key that is not NULL by a condition", "maybe x WHERE x.id IS NOT NULL", yes, "maybe.id"},
	{"one NULL", "once x", yes, "once.id"},
	{"a NULL that may be missing", "once o LEFT JOIN maybe x ON x.n = o.id", no, "maybe.id"},
	{"what a nullable key is joined by", "books x LEFT JOIN maybe m ON m.id = x.twin", yes, "books.id"},
	{"a nullable key joined as not distinct", "books x LEFT JOIN maybe m ON m.id IS NOT DISTINCT FROM nullif(x.twin, 2)", no, "books.id"},
	{"a partial index", "half x", no, "half.id"},
	{"a deferred key", "late x", open, "late.id"},
	{"rows compared", "(SELECT id FROM books WHERE (author_id, code) = (2, 'c1')) x", yes, "books.id"},
	{"a semi-join", "books x WHERE x.author_id IN (SELECT a.id FROM authors a JOIN books b ON b.author_id = a.id)", yes, ""},
	{"a semi-join by EXISTS", "books x WHERE EXISTS (SELECT FROM books b WHERE b.author_id = x.author_id)", yes, ""},
	{"a self-join by the key", "books x JOIN books y ON y.id = x.id", yes, "books.id"},
	{"a self-join by another column", "books x JOIN books y ON y.author_id = x.author_id", no, ""},
	{"a self-join of a key of two", "books x JOIN books y ON y.author_id = x.author_id AND y.code = x.code", yes, ""},
	{"a function of one row", "books x, lower(x.title) f", yes, "books.id"},
	{"a function of rows", "books x, generate_series(1, 2) f", no, "books.id"},
	{"one row of values", "books x, (VALUES (1)) f (n)", yes, "books.id"},
	{"rows of values", "books x, (VALUES (1), (2)) f (n)", no, "books.id"},
	{"values themselves", "(VALUES (1), (1)) x (id)", no, ""},
	{"joined to the largest", "authors x JOIN (SELECT max(id) AS m FROM books) y ON true JOIN books b ON b.id = y.m", yes, "authors.id"},
	{"joined to a random row", "books x JOIN (SELECT (random() * 10)::int AS m) y ON true JOIN authors a ON a.id = y.m", open, "books.id"},
	{"joined to what a volatile operator draws", "books x JOIN (SELECT 3 ~~> 4 AS m) y ON true JOIN authors a ON a.id = y.m", open, "books.id"},
	{"joined to what an operator gives", "books x JOIN (SELECT 3 * 2 AS m) y ON true JOIN authors a ON a.id = y.m", yes, "books.id"},
	{"equal to a subquery", "books x JOIN authors a ON a.id = (SELECT max(id) FROM authors)", yes, "books.id"},
	{"in a subquery of one", "books x JOIN authors a ON a.id IN (SELECT author_id FROM books WHERE id = 1)", yes, ""},
	{"in a subquery of many", "books x JOIN authors a ON a.id IN (SELECT author_id FROM books)", no, ""},
	{"a column of a join", "(books b JOIN authors a ON a.id = b.author_id) AS x (id, author_id, title, code, twin, aid)", yes, "books.id"},
	{"merged columns of two types", "(SELECT id, 1 FROM books) b JOIN (SELECT id::bigint AS id FROM authors) a USING (id) JOIN books x ON x.id = b.id", open, "books.id"},
	{"OR", "books x JOIN authors a ON a.id = x.author_id OR a.id = 1", no, "books.id"},
	{"a view of a partitioned table", "(SELECT p.id FROM parts p WHERE p.kind = 2) x LEFT JOIN parts q ON q.id = x.id AND q.kind = 1", yes, "parts.id"},
}

// Three questions are asked of each: are the rows in one order, is there one row for
// a value, and what pins what is read. The rows themselves are the judge.
func TestOneTableOfFROMsHasOneAnswer(t *testing.T) {
	t.Parallel()
	h := build(t, library)
	for _, c := range froms {
		if strings.Contains(c.name, "one NULL") && h.count(t, "SELECT count(*) FROM pg_attribute WHERE attname = 'indnullsnotdistinct'") == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			sql := "SELECT x.id FROM " + c.from
			proven := c.want == yes
			ordered, q := h.prover(t, sql+" ORDER BY x.id")
			if ties := ordered.Ties(q); (ties == "") != proven {
				t.Errorf("the order is total but for %q, want %v", ties, proven)
			}
			looked := h.analyze(t, "SELECT x.id FROM "+also(c.from, "x.id = $1"))
			if looked.Unique != proven && !nullable(c.name) {
				t.Errorf("unique is %v, want %v", looked.Unique, proven)
			}
			var reads []string
			for _, k := range looked.ReadKeys {
				reads = append(reads, fmt.Sprintf("%s.%s", k.Relation, k.Column))
			}
			if got := strings.Join(reads, " "); got != c.reads {
				t.Errorf("read keys are %q, want %q", got, c.reads)
			}
			kind := looked.Params[0].Name
			paged := fmt.Sprintf("SELECT x.id FROM %s ORDER BY x.id LIMIT $2::int", also(c.from, fmt.Sprintf("($1::%s IS NULL OR x.id > $1::%[1]s)", kind)))
			problem := fmt.Sprint(h.page(t, paged, []string{"id"}, "after_id", "n"))
			if tie := strings.Contains(problem, "the same keys") || strings.Contains(problem, "may be NULL"); tie == proven && !strings.Contains(c.name, "NULL") && !strings.Contains(c.name, "missing") {
				t.Errorf("@page says %s", problem)
			}
			ties := h.count(t, "SELECT count(*) FROM (SELECT id FROM ("+sql+") x GROUP BY id HAVING count(*) > 1) d")
			if (ties > 0) != (c.want == no) {
				t.Errorf("%d ties among the rows", ties)
			}
		})
	}
}

// also adds a condition to a FROM that may have a WHERE.
func also(from, condition string) string {
	depth := 0
	for i, r := range from {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0 && strings.HasPrefix(from[i:], " WHERE "):
			return from + " AND " + condition
		}
	}
	return from + " WHERE " + condition
}

// nullable are those whose rows may tie at NULL alone, which equals nothing.
func nullable(name string) bool {
	return slices.Contains([]string{"a key that may be NULL", "what may be missing", "a NULL that may be missing", "a materialized view"}, name)
}
