package project

import (
	"strings"
	"testing"
)

func TestAGeneratedTextIsFollowedByItsQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, sql, differs string }{
		{"SELECT 1;", "SELECT 1", ""},
		{"SELECT *, b.* FROM books b", "SELECT b.id, b.title, b.id, b.title FROM books b", ""},
		{`SELECT "b".* FROM books "b"`, `SELECT b.id, b."order" FROM books "b"`, ""},
		{"SELECT (p).* FROM f() p", "SELECT (p).* FROM f() p", ""},
		{"SELECT 'a\n-- b\nc'", "SELECT 'a\nc'", ""},
		{"SELECT count(*), 2 * 3 FROM books", "SELECT count(*), 2 * 3 FROM books", ""},
		{"SELECT sqlc.embed(b) FROM books b", "SELECT b.id, b.title FROM books b", ""},
		{"SELECT * FROM none", "SELECT  FROM none", ""},
		{"SELECT id -- the key\nFROM books /* all */", "SELECT id FROM books", ""},
		{"WHERE a = @x AND b = sqlc.narg('y')::text AND c = $3", "WHERE a = $1 AND b = $2::text AND c = $3", ""},
		{"WHERE a IN (@x,@y) AND b[@i:@j]", "WHERE a IN ($1,$2) AND b[$3:$4]", ""},
		{"WHERE tags <@ @tags AND tags <@others", "WHERE tags <@ $1 AND tags <@others", ""},
		{"select ID from Books", "SELECT id FROM books", ""},
		{"SELECT id FROM books", "SELECT id FROM authors", "books"},
		{"SELECT id FROM books WHERE id = $1", "SELECT id FROM books", "WHERE"},
		{"SELECT id FROM books", "SELECT id FROM books WHERE id = $1", ""},
		{"SELECT * FROM books LIMIT 20", "SELECT id, title FROM books LIMIT $1", "20"},
		{"SELECT 'a'", "SELECT 'A'", "'a'"},
	} {
		at, same := follow(pieces(c.query), c.sql)
		list := pieces(c.query)
		rest := ""
		if at < len(list) {
			rest = c.query[list[at].start:]
		}
		if c.differs != "" && (same || !strings.HasPrefix(rest, c.differs)) {
			t.Errorf("%s\n%s: the same is %t, and what differs begins at %q", c.query, c.sql, same, rest)
		}
		if grown := strings.HasPrefix(c.sql, c.query+" WHERE"); c.differs == "" && same == grown {
			t.Errorf("%s\n%s: differs from %q on", c.query, c.sql, rest)
		}
	}
}

func TestAQueryThatChangedSinceIsReported(t *testing.T) {
	t.Parallel()
	dir := edited(t, "shop", edit{"queries/items.sql", "ORDER BY name, id;", "ORDER BY id, name;"})
	p, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	const want = "queries/items.sql:12:10: ListItems: the generated code has another text from here on: run sqlc generate again"
	for _, problem := range p.AllProblems() {
		if problem.Error() == want {
			return
		}
	}
	t.Error("not reported: " + want)
}
