package effects

import "testing"

// groupedStatements have GROUP BY, of which PostgreSQL 18 makes other trees than
// the versions before.
var groupedStatements = []struct{ name, sql, want string }{
	{"a subquery in the select list is pinned by what groups",
		`SELECT b.id, (SELECT count(*) FROM notes n WHERE n.book_id = b.id) AS n, count(r.id) AS m FROM books b LEFT JOIN reviews r ON r.book_id = b.id WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes,reviews rkeys=books.id$1,notes.book_id$1,reviews.book_id$1 ro unique"},
	{"a subquery in HAVING", `SELECT b.id FROM books b JOIN reviews r ON r.book_id = b.id WHERE b.id = $1 GROUP BY b.id HAVING count(*) > (SELECT count(*) FROM notes n WHERE n.book_id = b.id)`, "reads=books,notes,reviews rkeys=books.id$1,notes.book_id$1,reviews.book_id$1 ro unique"},
	{"a subquery in ORDER BY", `SELECT count(*) FROM books b JOIN reviews r ON r.book_id = b.id WHERE b.id = $1 GROUP BY b.id ORDER BY (SELECT count(*) FROM notes n WHERE n.book_id = b.id)`, "reads=books,notes,reviews rkeys=books.id$1,notes.book_id$1,reviews.book_id$1 ro unique"},
	{"a subquery in a subquery", `SELECT b.id, (SELECT (SELECT count(*) FROM notes n WHERE n.book_id = b.id) FROM tree t WHERE t.id = b.id) FROM books b WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes,tree rkeys=books.id$1,notes.book_id$1,tree.id$1 ro unique"},
	{"a subquery that groups, in a query that groups",
		`SELECT b.id, (SELECT max((SELECT count(*) FROM tree t WHERE t.id = n.book_id)) FROM notes n WHERE n.book_id = b.id GROUP BY n.book_id) FROM books b WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes,tree rkeys=books.id$1,notes.book_id$1,tree.id$1 ro unique"},
	{"a subquery of a query that groups by two columns of its own and around it",
		`SELECT b.id, (SELECT count(*) + b.id FROM notes n WHERE n.book_id = b.id GROUP BY n.id, b.id ORDER BY n.id LIMIT 1) FROM books b WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro unique"},
	{"grouped by a subquery", `SELECT (SELECT count(*) FROM notes n WHERE n.book_id = b.id) AS n, count(*) FROM books b WHERE b.id = $1 GROUP BY (SELECT count(*) FROM notes n WHERE n.book_id = b.id)`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro unique"},
	{"grouped by an expression", `SELECT b.id + 1, count(*) FROM books b WHERE b.id = $1 GROUP BY b.id + 1`, "reads=books rkeys=books.id$1 ro unique"},
	{"a WITH query inside the subquery", `SELECT b.id, (WITH n AS (SELECT * FROM notes WHERE book_id = b.id) SELECT count(*) FROM n) FROM books b WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro unique"},
	{"a column of USING", `SELECT id, (SELECT count(*) FROM (SELECT book_id AS k FROM notes) n WHERE n.k = id), count(*) FROM books JOIN tree USING (id) WHERE id = $1 GROUP BY id`, "reads=books,notes,tree rkeys=books.id$1,notes.book_id$1,tree.id$1 ro unique"},
	{"ROLLUP", `SELECT b.id, (SELECT count(*) FROM notes n WHERE n.book_id = b.id), grouping(b.id) FROM books b WHERE b.id = $1 GROUP BY ROLLUP (b.id)`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro"},
	{"CUBE and GROUPING SETS", `SELECT b.id, b.lang, count(*) FROM books b WHERE b.id = $1 GROUP BY CUBE (b.id), GROUPING SETS ((b.lang), ())`, "reads=books rkeys=books.id$1 ro"},
	{"DISTINCT over groups", `SELECT DISTINCT b.lang, (SELECT count(*) FROM notes n WHERE n.book_id = b.id) FROM books b WHERE b.id = $1 GROUP BY b.id, b.lang`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro unique"},
	{"a window over groups", `SELECT b.id, rank() OVER (PARTITION BY b.id ORDER BY count(*)), (SELECT count(*) FROM notes n WHERE n.book_id = b.id) FROM books b WHERE b.id = $1 GROUP BY b.id`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro unique"},
	{"a filter goes into groups of a subquery", `SELECT * FROM (SELECT book_id, count(*) FROM notes GROUP BY book_id) n WHERE n.book_id = $1`, "reads=notes rkeys=notes.book_id$1 ro unique"},
	{"what groups of a subquery return pins what they are joined with", `SELECT n.* FROM (SELECT b.id FROM books b WHERE b.id = $1 GROUP BY b.id) x JOIN notes n ON n.book_id = x.id`, "reads=books,notes rkeys=books.id$1,notes.book_id$1 ro"},
	{"a view that groups", `SELECT r.book_id FROM grouped_notes r WHERE r.book_id = $1`, "reads=grouped_notes,notes,reviews,tree rkeys=notes.book_id$1,reviews.book_id$1,tree.id$1 ro unique"},
	{"a whole row that groups", `SELECT b, to_jsonb(b) FROM books b WHERE b.id = $1 GROUP BY b`, "reads=books rkeys=books.id$1 ro unique"},
	{"a cast that groups depends on the session", `SELECT born::date, count(*) FROM authors WHERE born::date >= $1 AND born >= day GROUP BY born::date`, "reads=authors ro unkept: date depends on the session"},
	{"the first dependence that is named", `SELECT date_trunc('month', day)::date, count(*) FROM authors WHERE day >= date_trunc('month', born) GROUP BY 1`, "reads=authors ro unkept: date_ge_timestamptz depends on the session"},
	{"a row of a subquery that groups", `SELECT jsonb_agg(x) FROM (SELECT a.feel, a.name, count(*) FROM authors a WHERE a.id = $1 GROUP BY a.feel, a.name) x`, "reads=authors rkeys=authors.id$1 ro unique"},
	{"INSERT of groups", `INSERT INTO notes (id, book_id) SELECT b.id, $1::bigint FROM books b WHERE b.id = $2 GROUP BY b.id`, "reads=books writes=notes wkeys=notes.book_id$1,notes.id$2 unkept: it writes notes"},
	{"UPDATE from groups", `UPDATE notes SET book_id = x.n FROM (SELECT b.id, count(*) AS n FROM books b GROUP BY b.id) x WHERE x.id = notes.id AND notes.id = $1`, "reads=books writes=notes wkeys=notes.id$1 unkept: it writes notes"},
	{"the start of a day in a zone that a column names", `SELECT date_trunc('day', born, name) FROM authors WHERE id = $1`, "reads=authors rkeys=authors.id$1 ro unique"},
}

// groupedView has a subquery that speaks of what is grouped by.
const groupedView = `CREATE VIEW grouped_notes AS SELECT n.book_id, (SELECT count(*) FROM reviews r WHERE r.book_id = n.book_id) AS stars, count(*) AS n
	FROM notes n JOIN tree t ON t.id = n.book_id GROUP BY n.book_id;`

func TestAGroupedQueryHasTheSameFactsOnEveryServer(t *testing.T) {
	t.Parallel()
	a := with(t, shop+groupedView, "")
	for _, c := range groupedStatements {
		t.Run(c.name, func(t *testing.T) {
			if got := summary(analyze(t, a, ":many", c.sql).Effects); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}
