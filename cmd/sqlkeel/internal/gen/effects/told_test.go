package effects

import "testing"

// toldToOne are statements of which a caller asks for one row, with the keys that the
// result tells: books.id>1 is in its first column.
var toldToOne = []struct{ name, sql, want string }{
	{"values", `INSERT INTO notes (book_id) VALUES (1) RETURNING id`, "notes.id>1"},
	{"defaults", `INSERT INTO notes DEFAULT VALUES RETURNING id`, "notes.id>1"},
	{"values of subqueries", `INSERT INTO notes (id) VALUES ((SELECT max(id) FROM notes)) RETURNING id`, "notes.id>1"},
	{"a query without FROM", `INSERT INTO notes (id) SELECT $1 + 1 WHERE $1 > 0 RETURNING id`, "notes.id>1"},
	{"a query of one row", `INSERT INTO notes (id) SELECT b.author_id FROM books b WHERE b.id = $1 RETURNING id`, "notes.id>1"},
	{"a query of one row beside another", `INSERT INTO notes (id) SELECT a.id FROM books b JOIN authors a ON a.id = b.author_id WHERE b.id = $1 ON CONFLICT DO NOTHING RETURNING id`, "notes.id>1"},
	{"an aggregate", `INSERT INTO notes (id) SELECT max(id) FROM books RETURNING id`, "notes.id>1"},
	{"an update of one row beside another", `UPDATE notes SET book_id = 1 FROM books b WHERE b.id = notes.book_id AND notes.id = 5 RETURNING notes.id`, "notes.id>1"},
	{"several values", `INSERT INTO notes (id) VALUES (1), (2) RETURNING id`, ""},
	{"a query of several rows", `INSERT INTO notes (id) SELECT b.id FROM books b WHERE b.author_id = $1 RETURNING id`, ""},
	{"values of which one returns rows", `INSERT INTO notes (id) VALUES (generate_series(1, 2)) RETURNING id`, ""},
	{"a query of a series", `INSERT INTO notes (id) SELECT generate_series(1, 2) RETURNING id`, ""},
	{"a query of what WITH changes", `WITH x AS (DELETE FROM tree WHERE parent = 1 RETURNING id) INSERT INTO notes (id) SELECT id FROM x RETURNING id`, ""},
	{"an update of several rows beside one", `UPDATE notes SET id = 7 FROM books b WHERE b.id = notes.book_id AND b.id = 5 RETURNING book_id`, ""},
}

func TestTheRowThatACallerSeesIsTheOneThatChanged(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for _, c := range toldToOne {
		t.Run(c.name, func(t *testing.T) {
			if got := allKeys(t, a, ":one", c.sql); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}
