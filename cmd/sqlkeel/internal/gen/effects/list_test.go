package effects

import (
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
)

// listed are statements with the keys that arrays give them: books.id$1[] is any element of
// $1.
var listed = []struct{ name, command, sql, want string }{
	{"a read of a list", ":many", `SELECT * FROM notes WHERE id = ANY($1::bigint[])`, "notes.id$1[]"},
	{"a read of a list without a cast", ":many", `SELECT * FROM notes WHERE id = ANY($1)`, "notes.id$1[]"},
	{"of a smaller type", ":many", `SELECT * FROM notes WHERE id = ANY($1::int[])`, "notes.id$1[]"},
	{"of texts", ":many", `SELECT id FROM books WHERE title = ANY($1::text[])`, "books.title$1[]"},
	{"of varchars", ":many", `SELECT id FROM books WHERE title = ANY($1::varchar[])`, "books.title$1[]"},
	{"of texts as varchars", ":many", `SELECT id FROM books WHERE isbn = ANY($1::varchar[])`, "books.isbn$1[]"},
	{"with SOME", ":many", `SELECT * FROM notes WHERE id = SOME($1::bigint[])`, "notes.id$1[]"},
	{"with unnest in IN", ":many", `SELECT * FROM notes WHERE id IN (SELECT unnest($1::bigint[]))`, "notes.id$1[]"},
	{"with unnest in IN from FROM", ":many", `SELECT * FROM notes WHERE id IN (SELECT x FROM unnest($1::bigint[]) x)`, "notes.id$1[]"},
	{"a join of unnest", ":many", `SELECT n.* FROM notes n JOIN unnest($1::bigint[]) AS x (id) ON x.id = n.id`, "notes.id$1[]"},
	{"a join of unnest with its order", ":many", `SELECT n.*, x.i FROM unnest($1::bigint[]) WITH ORDINALITY x (id, i) JOIN notes n USING (id) ORDER BY x.i`, "notes.id$1[]"},
	{"what unnest finds, or nothing", ":many", `SELECT x, n.* FROM unnest($1::bigint[]) x LEFT JOIN notes n ON n.id = x`, "notes.id$1[]"},
	{"a join of unnest in a subquery", ":many", `SELECT n.* FROM notes n JOIN (SELECT unnest($1::bigint[]) AS id) x ON x.id = n.id`, "notes.id$1[]"},
	{"two lists at once", ":many", `SELECT n.* FROM notes n JOIN unnest($1::bigint[], $2::bigint[]) x (id, b) ON x.id = n.id AND x.b = n.book_id`, "notes.book_id$2[] notes.id$1[]"},
	{"a list and a value", ":many", `SELECT * FROM notes WHERE id = ANY($1::bigint[]) AND book_id = $2`, "notes.book_id$2 notes.id$1[]"},
	{"a join of what a list pins", ":many", `SELECT * FROM books b JOIN notes n ON n.book_id = b.id WHERE b.id = ANY($1::bigint[])`, "books.id$1[] notes.book_id$1[]"},
	{"a group of a list", ":many", `SELECT book_id, count(*) FROM notes GROUP BY book_id HAVING book_id = ANY($1::bigint[])`, "notes.book_id$1[]"},
	{"a count of a list", ":one", `SELECT count(*) FROM notes WHERE id = ANY($1::bigint[])`, "notes.id$1[]"},
	{"a view of a list", ":many", `SELECT * FROM titles WHERE id = ANY($1::bigint[])`, "books.id$1[]"},
	{"a correlated subquery", ":many", `SELECT b.id, (SELECT count(*) FROM notes n WHERE n.book_id = b.id) FROM books b WHERE b.id = ANY($1::bigint[])`, "books.id$1[] notes.book_id$1[]"},
	{"an update of a list", ":exec", `UPDATE notes SET book_id = NULL WHERE id = ANY($1::bigint[])`, "notes.id$1[]"},
	{"a delete of a list", ":exec", `DELETE FROM notes WHERE id = ANY($1::bigint[])`, "notes.id$1[]"},
	{"an update from unnest", ":exec", `UPDATE notes SET book_id = x.b FROM unnest($1::bigint[], $2::bigint[]) AS x (id, b) WHERE notes.id = x.id`, "notes.id$1[]"},
	{"an update from lists of a subquery", ":exec", `UPDATE notes SET book_id = x.b FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS b) AS x WHERE notes.id = x.id`, "notes.id$1[]"},
	{"an insert of lists", ":exec", `INSERT INTO notes (id, book_id) SELECT unnest($1::bigint[]), unnest($2::bigint[])`, "notes.id$1[]"},
	{"an insert of lists without NULLs", ":exec", `INSERT INTO books (id, author_id) SELECT unnest($1::bigint[]), unnest($2::bigint[])`, "books.author_id$2[] books.id$1[]"},
	{"an insert from unnest", ":exec", `INSERT INTO notes (id, book_id) SELECT x, $2 FROM unnest($1::bigint[]) x`, "notes.book_id$2 notes.id$1[]"},
	{"an insert from lists", ":exec", `INSERT INTO notes (id, book_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])`, "notes.id$1[]"},
	{"an upsert of a list", ":exec", `INSERT INTO notes (id, book_id) SELECT unnest($1::bigint[]), $2 ON CONFLICT (id) DO UPDATE SET book_id = EXCLUDED.book_id`, "notes.id$1[]"},
	{"an insert of a list, returned", ":many", `INSERT INTO notes (id) SELECT unnest($1::bigint[]) RETURNING id`, "notes.id>1 notes.id$1[]"},

	{"all of a list", ":many", `SELECT * FROM notes WHERE id = ALL($1::bigint[])`, ""},
	{"none of a list", ":many", `SELECT * FROM notes WHERE id <> ALL($1::bigint[])`, ""},
	{"less than one of a list", ":many", `SELECT * FROM notes WHERE id < ANY($1::bigint[])`, ""},
	{"not one of a list", ":many", `SELECT * FROM notes WHERE NOT id = ANY($1::bigint[])`, ""},
	{"a list or else", ":many", `SELECT * FROM notes WHERE id = ANY($1::bigint[]) OR book_id = 1`, ""},
	{"no list or one of it", ":many", `SELECT * FROM notes WHERE (cardinality($1::bigint[]) = 0 OR id = ANY($1::bigint[]))`, ""},
	{"a list of more than the placeholder", ":many", `SELECT * FROM notes WHERE id = ANY($1::bigint[] || 5::bigint)`, ""},
	{"a list from a text", ":many", `SELECT * FROM notes WHERE id = ANY(string_to_array($1, ',')::bigint[])`, ""},
	{"a list that is cut", ":many", `SELECT * FROM books WHERE title = ANY($1::varchar(2)[])`, ""},
	{"a list that is cut and unnested", ":many", `SELECT * FROM books WHERE title IN (SELECT unnest($1::varchar(2)[]))`, ""},
	{"a list that is rounded", ":many", `SELECT * FROM notes WHERE id = ANY(($1::numeric[])::bigint[])`, ""},
	{"a list of another type", ":many", `SELECT * FROM notes WHERE id = ANY($1::numeric[])`, ""},
	{"a list of floats", ":many", `SELECT * FROM authors WHERE score = ANY($1::float8[])`, ""},
	{"a list of citext", ":many", `SELECT * FROM authors WHERE email = ANY($1::citext[])`, ""},
	{"a loose collation", ":many", `SELECT * FROM priced WHERE label = ANY($1::text[])`, ""},
	{"a loose comparison", ":many", `SELECT id FROM books WHERE isbn = ANY($1::text[] COLLATE loose)`, ""},
	{"a loose comparison of the column", ":many", `SELECT id FROM books WHERE isbn COLLATE loose = ANY($1::text[])`, ""},
	{"an outer join that keeps other rows", ":many", `SELECT n.* FROM notes n LEFT JOIN unnest($1::bigint[]) x ON x = n.id`, ""},
	{"a condition of an outer join", ":many", `SELECT * FROM notes n LEFT JOIN tree t ON n.id = ANY($1::bigint[])`, ""},
	{"elements with something added", ":many", `SELECT n.* FROM notes n JOIN (SELECT unnest($1::bigint[]) + 1 AS id) x ON x.id = n.id`, ""},
	{"the place in a list", ":many", `SELECT n.* FROM unnest($1::bigint[]) WITH ORDINALITY x (id, i) JOIN notes n ON n.id = x.i`, ""},
	{"the other list", ":exec", `UPDATE notes SET book_id = x.b FROM unnest($1::bigint[], $2::bigint[]) AS x (id, b) WHERE notes.id = x.b`, "notes.id$2[]"},
	{"an update that sets the list's column", ":exec", `UPDATE notes SET id = x.b FROM unnest($1::bigint[], $2::bigint[]) AS x (id, b) WHERE notes.id = x.id`, ""},
	{"a list beside an unpinned reference", ":many", `SELECT a.id FROM notes a, notes b WHERE a.id = ANY($1::bigint[])`, ""},
	{"a series", ":many", `SELECT n.* FROM notes n JOIN generate_series(1, $1::bigint) x ON x = n.id`, ""},
	{"an IN of several", ":many", `SELECT * FROM notes WHERE id IN ($1, $2)`, ""},
}

func TestAListGivesKeys(t *testing.T) {
	t.Parallel()
	a := with(t, shop+priced, "")
	for _, c := range listed {
		t.Run(c.name, func(t *testing.T) {
			if got := allKeys(t, a, c.command, c.sql); got != c.want {
				t.Errorf("%s\n got %q\nwant %q", c.sql, got, c.want)
			}
		})
	}
}

func TestAListOfOneIsNotOneRow(t *testing.T) {
	t.Parallel()
	a := with(t, shop, "")
	for _, sql := range []string{
		`SELECT * FROM notes WHERE id = ANY($1::bigint[])`, `SELECT * FROM notes WHERE id IN (SELECT unnest($1::bigint[]))`,
		`SELECT n.* FROM unnest($1::bigint[]) x JOIN notes n ON n.id = x`,
	} {
		if analyze(t, a, ":one", sql).Unique {
			t.Errorf("%s returns one row", sql)
		}
	}
	if got := allKeys(t, a, ":one", `DELETE FROM notes WHERE id = ANY($1::bigint[]) RETURNING id`); got != "notes.id$1[]" {
		t.Errorf("one row of several tells the keys %s", got)
	}
}

func TestElementsThatArePassedAsTextAreNoKeysUnlessTheyAreTexts(t *testing.T) {
	t.Parallel()
	a := with(t, "CREATE TABLE t (u uuid, n bigint, s text, b bytea)", "")
	for _, c := range []struct {
		column, cast, goType string
		want                 int
	}{
		{"u", "uuid", "[]uuid.UUID", 1}, {"u", "uuid", "[]pgtype.UUID", 1}, {"u", "uuid", "[]string", 0}, {"u", "uuid", "pgtype.FlatArray[string]", 0}, {"u", "uuid", "string", 0},
		{"n", "bigint", "[]int64", 1}, {"n", "bigint", "[]string", 0}, {"s", "text", "[]string", 1}, {"s", "text", "string", 0}, {"b", "bytea", "[][]byte", 1},
	} {
		st := statement(":many", `SELECT * FROM t WHERE `+c.column+` = ANY($1::`+c.cast+`[])`)
		st.Params = []project.Param{{Name: "p", Type: c.goType}}
		out, err := a.Analyze(t.Context(), st)
		if err != nil || len(out.ReadKeys) != c.want {
			t.Errorf("%s as %s: keys %v, error %v", c.column, c.goType, out.ReadKeys, err)
		}
	}
}
