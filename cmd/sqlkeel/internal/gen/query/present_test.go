package query_test

import "testing"

// A NOT NULL that is not for all rows that are read.
func TestANotNullBindsTheRowsThatItWasCheckedFor(t *testing.T) {
	t.Parallel()
	h := build(t, "CREATE TABLE elders (id int); CREATE TABLE youngers () INHERITS (elders); INSERT INTO youngers VALUES (NULL); CREATE TABLE unchecked (id int); INSERT INTO unchecked VALUES (NULL)")
	own := "ALTER TABLE ONLY elders ALTER id SET NOT NULL"
	if h.count(t, "SELECT current_setting('server_version_num')::int") >= 180000 {
		own = "ALTER TABLE elders ADD CONSTRAINT own NOT NULL id NO INHERIT; ALTER TABLE unchecked ADD CONSTRAINT later NOT NULL id NOT VALID"
	}
	if _, err := h.conn.Exec(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	h.read(t)
	for sql, want := range map[string]bool{"SELECT id FROM elders": false, "SELECT id FROM ONLY elders": true, "SELECT id FROM youngers": false, "SELECT id FROM unchecked": false} {
		p, q := h.prover(t, sql)
		if got := p.NotNull(q, q.List("targetList")[0].Child("expr")); got != want {
			t.Errorf("%s: never NULL is %v", sql, got)
		}
	}
}

func TestWhatIsNeverNULL(t *testing.T) {
	t.Parallel()
	h := build(t, library)
	for _, c := range []struct {
		name, sql string
		want      bool
	}{
		{"a column that is NOT NULL", "SELECT author_id FROM books", true},
		{"a column that may be NULL", "SELECT handle FROM authors", false},
		{"a primary key through a view over a view", "SELECT id FROM top_shelf", true},
		{"what may be missing", "SELECT b.id FROM authors a LEFT JOIN books b ON b.author_id = a.id", false},
		{"the side that is kept", "SELECT a.id FROM authors a LEFT JOIN books b ON b.author_id = a.id", true},
		{"what may be missing on the left", "SELECT b.id FROM books b RIGHT JOIN authors a ON b.author_id = a.id", false},
		{"either side of a full join", "SELECT a.id FROM authors a FULL JOIN books b ON b.id = a.id", false},
		{"what may be missing in a subquery", "SELECT x.id FROM (SELECT b.id FROM authors a LEFT JOIN books b ON b.author_id = a.id) x", false},
		{"a subquery that may be missing", "SELECT x.id FROM authors a LEFT JOIN (SELECT id FROM books) x ON x.id = a.id", false},
		{"what a condition asks to be there", "SELECT handle FROM authors WHERE handle IS NOT NULL", true},
		{"what may be missing and is asked to be there", "SELECT b.id FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE b.id IS NOT NULL", true},
		{"what a subquery asks to be there", "SELECT handle FROM (SELECT handle FROM authors WHERE handle IS NOT NULL) x", true},
		{"what an outer join asks to be there", "SELECT b.twin FROM authors a LEFT JOIN books b ON b.author_id = a.id AND b.twin IS NOT NULL", false},
		{"what is asked to be there or else", "SELECT handle FROM authors WHERE handle IS NOT NULL OR id = 1", false},
		{"a union", "SELECT x.id FROM (SELECT id FROM books UNION SELECT id FROM authors) x", true},
		{"a union of which a part may be NULL", "SELECT x.id FROM (SELECT twin AS id FROM books UNION SELECT id FROM authors) x", false},
		{"a constant", "SELECT 'x'", true},
		{"no value", "SELECT NULL::text", false},
		{"a row of grouping sets", "SELECT author_id FROM books GROUP BY GROUPING SETS ((author_id), ())", false},
		{"rolled up in a subquery", "SELECT author_id FROM (SELECT author_id FROM books GROUP BY ROLLUP (author_id)) x", false},
		{"a column that USING merged", "SELECT id FROM books LEFT JOIN authors USING (id)", true},
		{"a column that a full join merged", "SELECT id FROM books FULL JOIN authors USING (id)", false},
		{"an expression", "SELECT id + 1 FROM books", false}, // it is not looked into
	} {
		t.Run(c.name, func(t *testing.T) {
			p, q := h.prover(t, c.sql)
			if got := p.NotNull(q, q.List("targetList")[0].Child("expr")); got != c.want {
				t.Errorf("never NULL is %v", got)
			}
			if n := h.count(t, "SELECT count(*) FROM ("+c.sql+") x (one) WHERE one IS NULL"); n > 0 && c.want {
				t.Errorf("%d are NULL", n)
			}
		})
	}
}
