package pages

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/internal/gen/project"
	"github.com/sqlkeel/sqlkeel/pgtest"
)

// schema has ties in every column that is not unique, and NULLs where they may be.
const schema = `
CREATE TABLE authors (id integer PRIMARY KEY, name text, handle text UNIQUE);
CREATE TABLE books (
    id integer PRIMARY KEY, author_id integer NOT NULL REFERENCES authors (id), title text NOT NULL, year integer NOT NULL,
    code text NOT NULL, at timestamptz NOT NULL UNIQUE, tags text[] NOT NULL, UNIQUE (author_id, code)
);
CREATE INDEX ON books (title, id);
CREATE INDEX ON books (year, id);
CREATE INDEX ON books (author_id, year);
CREATE TABLE blurbs (book_id integer UNIQUE REFERENCES books (id), text text NOT NULL);
CREATE TABLE parents (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE children (PRIMARY KEY (id)) INHERITS (parents);
CREATE TABLE parts (id integer NOT NULL, kind integer NOT NULL, PRIMARY KEY (kind, id)) PARTITION BY LIST (kind);
CREATE INDEX ON parts (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE ev (id int PRIMARY KEY, at timestamptz NOT NULL UNIQUE, code char(5) NOT NULL UNIQUE, name varchar(9) NOT NULL UNIQUE, price numeric(6,2) NOT NULL UNIQUE);
CREATE TABLE words (id int NOT NULL, word text COLLATE loose NOT NULL);
CREATE UNIQUE INDEX ON words (word COLLATE "C");
CREATE INDEX ON words (word);
CREATE TABLE names (name text PRIMARY KEY);
INSERT INTO ev SELECT i, timestamptz '2024-01-01' + i * interval '0.4 seconds', 'cc' || i, 'nn' || i, i / 7.0 FROM generate_series(1, 9) i;
INSERT INTO words VALUES (1, '0'), (2, 'a'), (3, 'A'), (4, 'b'), (5, 'B'), (6, 'c');
INSERT INTO names VALUES ('0'), ('a'), ('A'), ('b'), ('B'), ('C');
CREATE TABLE authored (id int PRIMARY KEY, name text COLLATE loose NOT NULL);
INSERT INTO authored VALUES (1, '0'), (2, 'a'), (3, 'B');
CREATE VIEW shelf AS SELECT id, title FROM books;
INSERT INTO authors SELECT i, CASE WHEN i % 3 > 0 THEN 'n' || i % 2 END, CASE WHEN i > 3 THEN 'h' || i END FROM generate_series(1, 7) i;
INSERT INTO books SELECT i, 1 + i % 5, 't' || i % 4, 2000 + i % 3, 'c' || i, timestamptz '2024-01-01' + i * interval '1 hour', '{a,b,c}'
    FROM generate_series(1, 31) i;
INSERT INTO blurbs SELECT i, 'x' FROM generate_series(1, 31, 2) i;
INSERT INTO parents SELECT i, 'p' FROM generate_series(1, 5) i;
INSERT INTO children SELECT i, 'c' FROM generate_series(1, 5) i;
INSERT INTO parts SELECT i / 2, 1 + i % 2 FROM generate_series(1, 19) i;
`

// listing is a statement whose placeholders are written as names: {after_id}. Those
// of types other than integer say so: {after_title text}.
type listing struct {
	keys string
	sql  string
}

const end = " LIMIT {n}"

var named = regexp.MustCompile(`\{(\w+)( \w+)?\}`)

// statement makes what the project loader would.
func (l listing) statement() *project.Statement {
	st := &project.Statement{Package: &project.Package{Name: "p"}, Name: "List", Command: ":many", Const: "list", GoFile: "list.go",
		Pos: project.Position{File: "list.go", Line: 1, Column: 1}}
	st.Annotations = []project.Annotation{{Key: "page", Args: "key=" + l.keys, Names: strings.Split(l.keys, ","), Pos: st.Pos}}
	st.SQL = named.ReplaceAllStringFunc(l.sql, func(s string) string {
		m := named.FindStringSubmatch(s)
		n := slices.IndexFunc(st.Params, func(p project.Param) bool { return p.Name == m[1] })
		if n < 0 {
			n = len(st.Params)
			st.Params = append(st.Params, project.Param{Name: m[1]})
		}
		if m[2] == "" {
			m[2] = "integer"
		}
		return fmt.Sprintf("$%d::%s", n+1, strings.TrimSpace(m[2]))
	})
	return st
}

// after returns the condition for integer keys.
func after(columns, params string) string {
	return "(" + params[:strings.IndexByte(params, '}')+1] + " IS NULL OR (" + columns + ") > (" + params + "))"
}

// accepted are statements whose pages are right.
var accepted = map[string]listing{
	"two keys":         {"title,id", "SELECT id, title FROM books WHERE ({after_id} IS NULL OR (title, id) > ({after_title text}, {after_id})) ORDER BY title, id" + end},
	"descending":       {"year,id", "SELECT b.id, b.year FROM books b WHERE ({after_id} IS NULL OR (b.year, b.id) < ({after_year}, {after_id})) ORDER BY b.year DESC, b.id DESC" + end},
	"to one":           {"id", "SELECT b.id, a.name FROM books b JOIN authors a ON a.id = b.author_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"to none or one":   {"id", "SELECT b.id, x.text FROM books b LEFT JOIN blurbs x ON b.id = x.book_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end},
	"using":            {"id", "SELECT b.id, a.name FROM books b JOIN authors a USING (id) WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"through two":      {"id", "SELECT b.id FROM authors a, books b LEFT JOIN blurbs x ON x.book_id = b.id WHERE b.author_id = a.id AND ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"the rest is told": {"code", "SELECT code FROM books WHERE author_id = 2 AND ({after_code text} IS NULL OR code > {after_code text}) ORDER BY code" + end},
	"groups":           {"id", "SELECT a.id, count(b.id) FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) GROUP BY a.id ORDER BY a.id" + end},
	"another unique":   {"at", "SELECT at, id FROM books WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}) ORDER BY at" + end},
	"partitions":       {"kind,id", "SELECT kind, id FROM parts WHERE " + after("kind, id", "{after_kind}, {after_id}") + " ORDER BY kind, id" + end},
	"a text's length":  {"name", "SELECT name FROM ev WHERE ({after_name varchar}::varchar IS NULL OR name > {after_name text}) ORDER BY name" + end},
	"a char":           {"code", "SELECT code FROM ev WHERE ({after_code bpchar} IS NULL OR code > $1) ORDER BY code" + end},
	"a number":         {"price", "SELECT price FROM ev WHERE ({after_price numeric} IS NULL OR price > {after_price numeric}) ORDER BY price" + end},
	"a parent alone":   {"id", "SELECT id, name FROM ONLY parents WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
}

// refused are statements whose pages are wrong, and the mutants that take them.
var refused = map[string]struct {
	mutant mutant
	listing
}{
	"ties":            {ignoresTies, listing{"year", "SELECT id, year FROM books WHERE ({after_year} IS NULL OR year > {after_year}) ORDER BY year" + end}},
	"to many":         {ignoresTies, listing{"id", "SELECT a.id, b.title FROM authors a JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end}},
	"to many, maybe":  {ignoresTies, listing{"id", "SELECT a.id, b.title FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end}},
	"half a key":      {ignoresTies, listing{"id", "SELECT id, kind FROM parts WHERE kind > 0 AND ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end}},
	"NULLs":           {ignoresNulls, listing{"handle", "SELECT handle FROM authors WHERE ({after_handle text} IS NULL OR handle > {after_handle text}) ORDER BY handle" + end}},
	"a coarser type":  {ignoresTypes, listing{"at", "SELECT at FROM books WHERE ({after_at date} IS NULL OR at > {after_at date}) ORDER BY at" + end}},
	"a second cast":   {ignoresTypes, listing{"at", "SELECT at FROM ev WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}::date) ORDER BY at" + end}},
	"rounded":         {ignoresTypes, listing{"at", "SELECT at FROM ev WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}::timestamptz(0)) ORDER BY at" + end}},
	"cut":             {ignoresTypes, listing{"code", "SELECT code FROM ev WHERE ({after_code bpchar} IS NULL OR code > {after_code bpchar}::char(2)) ORDER BY code" + end}},
	"cut text":        {ignoresTypes, listing{"name", "SELECT name FROM ev WHERE ({after_name varchar} IS NULL OR name > {after_name varchar}::varchar(2)) ORDER BY name" + end}},
	"equal texts":     {ignoresCollations, listing{"word", "SELECT word FROM words WHERE ({after_word text} IS NULL OR word > {after_word text}) ORDER BY word" + end}},
	"joined to equal": {ignoresCollations, listing{"id", "SELECT k.id, n.name FROM authored k JOIN names n ON n.name = k.name WHERE ({after_id} IS NULL OR k.id > {after_id}) ORDER BY k.id" + end}},
	"inheritance":     {ignoresChildren, listing{"id", "SELECT id, name FROM parents WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end}},
	"several of one":  {ignoresSeries, listing{"id", "SELECT id, unnest(tags) FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end}},
	"groups of a key": {ignoresGroups, listing{"author_id", "SELECT author_id, year FROM books WHERE ({after_author_id} IS NULL OR author_id > {after_author_id}) GROUP BY author_id, year ORDER BY author_id" + end}},
}

// server is a database with the schema.
func server(t *testing.T) (*pgx.Conn, *catalog.Catalog) {
	t.Helper()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	return conn, load(t, conn)
}

func load(t *testing.T, conn *pgx.Conn) *catalog.Catalog {
	t.Helper()
	cat, err := catalog.Load(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// walk reads all pages of two rows, and all rows at once.
func walk(t *testing.T, conn *pgx.Conn, st *project.Statement, plan *Plan) (pages, whole []string) {
	t.Helper()
	read := func(args []any) (list [][]any) {
		rows, err := conn.Query(t.Context(), st.SQL, args...)
		if err == nil {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
		}
		if err != nil {
			t.Fatalf("%s: %v", st.SQL, err)
		}
		return list
	}
	args := make([]any, len(st.Params))
	args[plan.Limit-1] = 1000
	for _, row := range read(args) {
		whole = append(whole, fmt.Sprint(row...))
	}
	args[plan.Limit-1] = 2
	for range len(whole) + 1 { // more pages than that are no end
		rows := read(args)
		for _, row := range rows {
			pages = append(pages, fmt.Sprint(row...))
		}
		if len(rows) < 2 {
			break
		}
		for _, k := range plan.Keys {
			args[k.Param-1] = rows[1][k.Column-1]
		}
	}
	return pages, whole
}

func TestPagesOfAnAcceptedStatementAreItsRows(t *testing.T) {
	t.Parallel()
	conn, cat := server(t)
	for name, l := range accepted {
		st := l.statement()
		plan, err := Analyze(t.Context(), conn, cat, st)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if pages, whole := walk(t, conn, st, plan); !slices.Equal(pages, whole) || len(whole) < 3 {
			t.Errorf("%s: pages give %q, the whole is %q", name, pages, whole)
		}
	}
}

func TestPagesOfARefusedStatementAreWrong(t *testing.T) {
	t.Parallel()
	conn, cat := server(t)
	for name, l := range refused {
		st := l.statement()
		_, err := Analyze(t.Context(), conn, cat, st)
		var problem *project.Problem
		if !errors.As(err, &problem) {
			t.Errorf("%s: %v", name, err)
		}
		plan, err := analyze(t.Context(), conn, cat, st, l.mutant)
		if err != nil {
			t.Errorf("%s: the mutant says %v", name, err)
			continue
		}
		if pages, whole := walk(t, conn, st, plan); slices.Equal(pages, whole) {
			t.Errorf("%s: the pages are right: %q", name, pages)
		}
	}
}

func TestAStatementWhoseRowsCannotBeToldApartIsRefused(t *testing.T) {
	t.Parallel()
	conn, cat := server(t)
	condition := " ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end
	for want, sql := range map[string]string{
		"shelf is joined: it is no table":              "SELECT b.id FROM books b JOIN shelf s ON s.id = b.id WHERE" + condition,
		"w is joined: it is a WITH query":              "WITH w AS (SELECT 1 AS id) SELECT b.id FROM books b JOIN w ON w.id = b.id WHERE" + condition,
		"x is joined: it is no table":                  "SELECT b.id FROM books b, LATERAL (SELECT 1) x WHERE" + condition,
		"only JOIN and LEFT JOIN, with ON or USING":    "SELECT b.id FROM books b NATURAL JOIN blurbs WHERE" + condition,
		"with ON or USING, are understood":             "SELECT b.id FROM authors a RIGHT JOIN books b ON a.id = b.author_id WHERE" + condition,
		"without UNION and its kin":                    "SELECT id FROM books UNION SELECT id FROM authors ORDER BY id" + end,
		"SKIP LOCKED would leave out":                  "SELECT b.id FROM books b WHERE" + condition + " FOR UPDATE SKIP LOCKED",
		"OFFSET would skip":                            "SELECT b.id FROM books b WHERE" + condition + " OFFSET 1",
		"DISTINCT is not understood":                   "SELECT DISTINCT b.id FROM books b WHERE" + condition,
		"is used elsewhere too: it is given one more":  "SELECT b.id FROM books b WHERE b.id > {n} AND" + condition,
		"the parameter after_id is used elsewhere too": "SELECT b.id FROM books b WHERE b.year > {after_id} AND" + condition,
		"joined to the rest of WHERE by AND":           "SELECT b.id FROM books b WHERE b.year = 1 OR" + condition,
		"of ORDER BY is no column of a table in FROM":  "SELECT b.id AS x, b.id::text::integer FROM books b WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end,
		"key 1 of ORDER BY is no column":               "SELECT b.id + 1 AS id FROM books b WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end,
	} {
		if strings.Contains(want, "shelf") {
			sql = strings.ReplaceAll(sql, "shelf s ON s", "shelf ON shelf")
		}
		st := listing{"id", sql}.statement()
		_, err := Analyze(t.Context(), conn, cat, st)
		var problem *project.Problem
		if !errors.As(err, &problem) || !strings.Contains(problem.Message, want) {
			t.Errorf("%s\n%v, want %s", st.SQL, err, want)
		}
	}
}

func TestFingerprintsTellStatementsAndKeysApart(t *testing.T) {
	t.Parallel()
	conn, cat := server(t)
	seen := map[string]string{}
	for name, l := range accepted {
		for _, rename := range []string{"List", "Other"} {
			st := l.statement()
			st.Name = rename
			plan, err := Analyze(t.Context(), conn, cat, st)
			if err != nil {
				t.Fatal(err)
			}
			id := fmt.Sprint(rename, l.keys, plan.Keys[0].Descending)
			if other, dup := seen[plan.Fingerprint]; dup && other != id {
				t.Errorf("%s: %s and %s have one fingerprint", name, id, other)
			}
			seen[plan.Fingerprint] = id
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d fingerprints", len(seen))
	}
}
