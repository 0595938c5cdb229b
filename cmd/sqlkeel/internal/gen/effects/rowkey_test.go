package effects

import (
	"strings"
	"testing"
)

// counterexamples are statements that seem to have a row key and have none, or
// only some.
var counterexamples = []struct {
	name         string
	command, sql string
	want         string
}{
	{"a column generated from one that is set moves with it", ":exec", `UPDATE derived SET a = 'B' WHERE k = $1`,
		""},
	{"a column that is set has another value afterwards", ":exec", `UPDATE authors SET id = $2 WHERE id = $1`,
		""},
	{"a cascade that comes back deletes rows that RETURNING does not tell", ":many", `DELETE FROM tree WHERE id = $1 RETURNING id`,
		""},
	{"a BEFORE trigger moves the row to another key", ":one", `UPDATE moved SET n = 1 WHERE id = $1 RETURNING id`,
		""},
	{"a BEFORE trigger of one partition moves rows that come to it", ":exec", `UPDATE parts SET n = $2 WHERE id = $1`,
		""},
	{"ON CONFLICT DO UPDATE sets the key of a row found by another", ":one",
		`INSERT INTO books (id, author_id, isbn) VALUES ($1, $2, $3) ON CONFLICT (isbn) DO UPDATE SET id = EXCLUDED.id RETURNING isbn`,
		"books.isbn>1 books.isbn$3"},
	{"ON CONFLICT updates a row whose other columns were never given", ":exec",
		`INSERT INTO books (id, author_id, isbn) VALUES ($1, $2, $3) ON CONFLICT (isbn) DO UPDATE SET lang = 'x'`,
		"books.isbn$3"},
	{"a view with rank() depends on all rows, whichever is asked for", ":one", `SELECT * FROM ranked WHERE id = $1`,
		""},
	{"a view reads the table a second time, unpinned", ":many", `SELECT r.id FROM reviews r JOIN ranked k ON k.id = r.stars WHERE r.id = $1`,
		""},
	{"LIMIT inside depends on rows that the filter outside drops", ":many", `SELECT * FROM (SELECT * FROM notes ORDER BY id LIMIT 5) n WHERE n.id = $1`,
		""},
	{"an outer join keeps the rows that its condition fails", ":many", `SELECT * FROM notes n LEFT JOIN tree t ON n.id = $1`,
		""},
	{"a full join keeps both sides", ":many", `SELECT * FROM notes n FULL JOIN tree t ON n.id = t.id AND n.id = $1`,
		""},
	{"citext is equal where Go's strings differ", ":one", `SELECT * FROM authors WHERE email = $1`, ""},
	{"float8 has two zeros", ":one", `SELECT * FROM authors WHERE score = $1`, ""},
	{"numeric has many forms of a number", ":one", `SELECT * FROM priced WHERE price = $1`, ""},
	{"char(n) ignores the spaces behind", ":one", `SELECT * FROM priced WHERE code = $1`, ""},
	{"a nondeterministic collation takes different texts for equal", ":one", `SELECT * FROM priced WHERE label = $1`, ""},
	{"less than is no equality", ":many", `SELECT * FROM notes WHERE id < $1`, ""},
	{"a MERGE does several things at once", ":exec", `MERGE INTO notes n USING (VALUES ($1::bigint)) s(id) ON n.id = s.id AND n.id = $1
		WHEN MATCHED THEN UPDATE SET book_id = NULL`, ""},
	{"two changes of a table in one statement", ":many", `WITH d AS (DELETE FROM notes WHERE id = $1) UPDATE notes SET book_id = NULL WHERE id = $2 RETURNING id`,
		""},
	{"a rule does more than the statement says", ":exec", `UPDATE ruled SET n = 1 WHERE id = $1`, ""},
	{"a function that is called reads the table unpinned", ":one", `SELECT n.id FROM notes n WHERE n.id = $1 AND count_notes() > 1`, ""},
	{"a plain table may have children whose rows count", ":many", `SELECT * FROM animals WHERE id = $1`, ""},
	{"row-level security decides what is seen by other columns", ":many", `SELECT * FROM secrets WHERE id = $1`, ""},
	{"one of two references is not pinned", ":many", `SELECT a.id FROM notes a, notes b WHERE a.id = $1 AND b.id = a.book_id`, ""},
	{"two references are pinned to different values", ":many", `SELECT a.id FROM notes a, notes b WHERE a.id = $1 AND b.id = $2`, ""},
	{"a result is not told to a caller who asked for one row", ":one", `DELETE FROM notes WHERE book_id > 5 RETURNING id`, ""},
	{"OVERRIDING USER VALUE draws another identity than is given", ":one", `INSERT INTO books (id, author_id) OVERRIDING USER VALUE VALUES ($1, $2) RETURNING id`,
		"books.id>1"},
	{"COPY brings many rows", ":copyfrom", `INSERT INTO notes (id) VALUES ($1)`, ""},
	{"an OR pins nothing", ":many", `SELECT * FROM notes WHERE id = $1 OR book_id = 7`, ""},
	{"an aggregate over groups of another column mixes rows", ":many", `SELECT * FROM (SELECT max(id) AS id, book_id FROM notes GROUP BY book_id) n WHERE n.id = $1`,
		""},
	{"DISTINCT ON chooses before the filter", ":many", `SELECT * FROM (SELECT DISTINCT ON (book_id) id, book_id FROM notes ORDER BY book_id, id) n WHERE n.id = $1`,
		""},
	{"windows over different columns are filtered by none", ":many",
		`SELECT * FROM (SELECT id, book_id, count(*) OVER (PARTITION BY book_id), count(*) OVER (PARTITION BY id) FROM notes) n WHERE n.book_id = $1`,
		""},
	{"HAVING over grouping sets meets groups of other columns", ":many",
		`SELECT book_id FROM notes GROUP BY GROUPING SETS ((book_id), (id)) HAVING book_id = $1`, ""},
	{"a WITH query that is used twice is filtered by neither", ":many", `WITH n AS (SELECT * FROM notes) SELECT a.id FROM n b, n a WHERE a.id = $1`,
		""},
	{"a WITH query that finds more", ":exec", `WITH x AS (SELECT id FROM notes WHERE id = $1 OR book_id = 7) UPDATE notes SET book_id = NULL FROM x WHERE notes.id = x.id`,
		""},
	{"a WITH query of two parts", ":exec", `WITH x AS (SELECT id FROM notes WHERE id = $1 UNION SELECT id FROM tree) UPDATE notes SET book_id = NULL FROM x WHERE notes.id = x.id`,
		""},
	{"what no subquery holds", ":exec", `DELETE FROM notes WHERE id NOT IN (SELECT id FROM notes WHERE id = $1)`,
		""},
	{"what is not equal to what a subquery holds", ":exec", `DELETE FROM notes WHERE id > ANY (SELECT id FROM notes WHERE id = $1)`,
		""},
	{"what equals all that a subquery holds, which may be nothing", ":exec", `DELETE FROM notes WHERE id = ALL (SELECT id FROM notes WHERE id = $1)`,
		""},
	{"a WITH query of another column", ":exec", `WITH x AS (SELECT id, book_id FROM notes WHERE id = $1) UPDATE notes SET book_id = NULL FROM x WHERE notes.id = x.book_id`,
		""},
	{"a WITH query that is joined as optional", ":many", `WITH x AS (SELECT id FROM tree WHERE id = $1) SELECT n.id FROM notes n LEFT JOIN x ON x.id = n.id`,
		"tree.id$1"},
	{"a recursive query reads what its filter drops", ":many",
		`WITH RECURSIVE up AS (SELECT id, parent FROM tree UNION SELECT t.id, t.parent FROM tree t JOIN up ON up.parent = t.id) SELECT * FROM up WHERE id = $1`,
		""},
}

const priced = `
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE priced (id bigint PRIMARY KEY, price numeric UNIQUE, code char(5), label text COLLATE loose UNIQUE);
`

func TestACounterexampleHasNoRowKey(t *testing.T) {
	t.Parallel()
	a := with(t, shop+priced, "")
	for _, c := range counterexamples {
		t.Run(c.name, func(t *testing.T) {
			if !knows(t, a, c.sql) {
				return
			}
			if got := allKeys(t, a, c.command, c.sql); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}

func allKeys(t *testing.T, a *Analyzer, command, sql string) string {
	t.Helper()
	out := analyze(t, a, command, sql)
	return strings.Join(append(keys(out.ReadKeys), keys(out.WriteKeys)...), " ")
}

// These have keys, and it would be a pity if they had none.
var pinnedStatements = []struct{ name, command, sql, want string }{
	{"a filter goes into a view, through its outer join and grouping", ":one", `SELECT * FROM rated WHERE id = $1`, "books.id$1 reviews.book_id$1"},
	{"a filter goes into both sides of a UNION", ":many", `SELECT * FROM (SELECT id FROM notes UNION ALL SELECT id FROM tree) x WHERE id = $1`, "notes.id$1 tree.id$1"},
	{"a filter goes into a WITH query that is used once", ":many", `WITH n AS (SELECT * FROM notes) SELECT * FROM n WHERE n.book_id = $1`, "notes.book_id$1"},
	{"what a WITH query returns pins what it is joined with", ":many", `WITH b AS (SELECT id FROM books WHERE id = $1) SELECT * FROM notes n JOIN b ON b.id = n.book_id`,
		"books.id$1 notes.book_id$1"},
	{"a correlated subquery is pinned by the row around it", ":one", `SELECT b.id, (SELECT count(*) FROM notes n WHERE n.book_id = b.id) FROM books b WHERE b.id = $1`,
		"books.id$1 notes.book_id$1"},
	{"two references pinned alike", ":many", `SELECT a.id FROM notes a, notes b WHERE a.id = $1 AND b.id = a.id`, "notes.id$1"},
	{"a trigger that alters other columns", ":exec", `UPDATE stamped SET n = 1 WHERE id = $1`, "stamped.id$1"},
	{"a move between partitions keeps the row's key", ":exec", `UPDATE sales SET day = $2 WHERE id = $1`, "sales.id$1"},
	{"a write to a partition is one to its root", ":exec", `DELETE FROM sales_old WHERE id = $1`, "sales.id$1"},
	{"an upsert by its key", ":exec", `INSERT INTO notes (id, book_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET book_id = EXCLUDED.book_id`, "notes.id$1"},
	{"a filter goes into windows that are partitioned by it", ":many",
		`SELECT * FROM (SELECT id, book_id, rank() OVER (PARTITION BY book_id ORDER BY id) FROM notes) n WHERE n.book_id = $1`, "notes.book_id$1"},
	{"a filter goes into DISTINCT ON the same column", ":many",
		`SELECT * FROM (SELECT DISTINCT ON (book_id) * FROM notes ORDER BY book_id, id) n WHERE n.book_id = $1`, "notes.book_id$1"},
	{"HAVING on the column that groups", ":many", `SELECT book_id, count(*) FROM notes GROUP BY book_id HAVING book_id = $1 AND count(*) > 1`, "notes.book_id$1"},
	{"a placeholder comes through a subquery", ":many", `SELECT n.* FROM (SELECT $1::bigint AS id) x JOIN notes n ON n.id = x.id`, "notes.id$1"},
	{"a placeholder that is selected is inserted", ":exec", `INSERT INTO notes (id, book_id) SELECT b.id, $1::bigint FROM books b WHERE b.id = $2`, "notes.book_id$1 notes.id$2"},
	{"RETURNING tells what a trigger made of an inserted row", ":one", `INSERT INTO parts (id, n) VALUES ($1, $2) RETURNING n, id`, "parts.id>2 parts.n>1 parts.n$2"},
	{"a row that a WITH query locked", ":exec", `WITH x AS (SELECT id FROM notes WHERE id = $1 FOR UPDATE) UPDATE notes SET book_id = NULL FROM x WHERE notes.id = x.id`, "notes.id$1"},
	{"a row that a WITH query found by a join", ":exec",
		`WITH x AS (SELECT n.id, n.book_id FROM notes n JOIN books b ON b.id = n.book_id WHERE b.id = $1) DELETE FROM reviews USING x WHERE reviews.book_id = x.book_id`, "reviews.book_id$1"},
	{"a row that a WITH query of a WITH query found", ":exec",
		`WITH x AS (SELECT id FROM notes WHERE id = $1), y AS (SELECT id FROM x) UPDATE notes SET book_id = NULL FROM y WHERE notes.id = y.id`, "notes.id$1"},
	{"a change in WITH that uses another WITH query", ":many",
		`WITH x AS (SELECT id FROM notes WHERE id = $1 FOR UPDATE), d AS (DELETE FROM notes USING x WHERE notes.id = x.id RETURNING notes.book_id) SELECT book_id FROM d`, "notes.id$1"},
	{"a row that a subquery found", ":exec", `UPDATE notes n SET book_id = NULL FROM (SELECT id FROM tree WHERE id = $1) x WHERE x.id = n.id`, "notes.id$1"},
	{"a row that IN found", ":exec", `DELETE FROM notes WHERE id IN (SELECT id FROM notes WHERE id = $1 FOR UPDATE SKIP LOCKED)`, "notes.id$1"},
	{"a row of two columns that IN found", ":exec", `DELETE FROM notes WHERE (book_id, id) IN (SELECT b.id, $2::bigint FROM books b WHERE b.id = $1)`, "notes.book_id$1 notes.id$2"},
	{"a row that a WITH query gave to IN", ":exec", `WITH x AS (SELECT id FROM notes WHERE id = $1) DELETE FROM notes WHERE id IN (SELECT id FROM x)`, "notes.id$1"},
	{"a row that equals a subquery", ":exec", `UPDATE notes SET book_id = NULL WHERE id = (SELECT t.id FROM tree t WHERE t.id = $1)`, "notes.id$1"},
	{"a column that USING merged", ":many", `SELECT id FROM notes JOIN tree USING (id) WHERE id = $1`, "notes.id$1 tree.id$1"},
	{"a column of a named join", ":many", `SELECT j.a FROM (notes n JOIN tree t ON t.id = n.id) AS j (a, b) WHERE j.a = $1`, "notes.id$1 tree.id$1"},
	{"a boolean of a placeholder and an optional one", ":many", `SELECT * FROM notes WHERE id = $1 AND ($2::bigint IS NULL OR book_id = $2)`, "notes.id$1"},
}

const rated = `
CREATE VIEW ratings AS SELECT book_id, avg(stars) AS stars FROM reviews GROUP BY book_id;
CREATE VIEW rated AS SELECT b.id, a.name, r.stars FROM books b JOIN authors a ON a.id = b.author_id LEFT JOIN ratings r ON r.book_id = b.id;
`

func TestAPinnedStatementHasItsRowKeys(t *testing.T) {
	t.Parallel()
	a := with(t, shop+rated, "")
	for _, c := range pinnedStatements {
		t.Run(c.name, func(t *testing.T) {
			if got := allKeys(t, a, c.command, c.sql); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}
