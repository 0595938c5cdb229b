package pages

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/effects"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/project"
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
CREATE INDEX ON authors (handle, id);
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
CREATE VIEW pairs AS SELECT a.id, b.title FROM authors a JOIN books b ON b.author_id = a.id;
CREATE VIEW few AS SELECT id FROM books ORDER BY title LIMIT 5;
CREATE VIEW steps AS SELECT id, lag(year) OVER (ORDER BY id) AS before FROM books;
CREATE DOMAIN number AS int; CREATE TABLE numbered (id number PRIMARY KEY); INSERT INTO numbered VALUES (1), (3), (5);
CREATE TYPE weekday AS ENUM ('mon', 'tue', 'wed', 'thu'); CREATE TABLE opened (day weekday PRIMARY KEY); INSERT INTO opened VALUES ('wed'), ('mon'), ('thu');
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
	"two keys":          {"title,id", "SELECT id, title FROM books WHERE ({after_id} IS NULL OR (title, id) > ({after_title text}, {after_id})) ORDER BY title, id" + end},
	"descending":        {"year,id", "SELECT b.id, b.year FROM books b WHERE ({after_id} IS NULL OR (b.year, b.id) < ({after_year}, {after_id})) ORDER BY b.year DESC, b.id DESC" + end},
	"to one":            {"id", "SELECT b.id, a.name FROM books b JOIN authors a ON a.id = b.author_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"to none or one":    {"id", "SELECT b.id, x.text FROM books b LEFT JOIN blurbs x ON b.id = x.book_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end},
	"using":             {"id", "SELECT b.id, a.name FROM books b JOIN authors a USING (id) WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"through two":       {"id", "SELECT b.id FROM authors a, books b LEFT JOIN blurbs x ON x.book_id = b.id WHERE b.author_id = a.id AND ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"the rest is told":  {"code", "SELECT code FROM books WHERE author_id = 2 AND ({after_code text} IS NULL OR code > {after_code text}) ORDER BY code" + end},
	"groups":            {"id", "SELECT a.id, count(b.id) FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) GROUP BY a.id ORDER BY a.id" + end},
	"another unique":    {"at", "SELECT at, id FROM books WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}) ORDER BY at" + end},
	"partitions":        {"kind,id", "SELECT kind, id FROM parts WHERE " + after("kind, id", "{after_kind}, {after_id}") + " ORDER BY kind, id" + end},
	"a text's length":   {"name", "SELECT name FROM ev WHERE ({after_name varchar}::varchar IS NULL OR name > {after_name text}) ORDER BY name" + end},
	"a char":            {"code", "SELECT code FROM ev WHERE ({after_code bpchar} IS NULL OR code > $1) ORDER BY code" + end},
	"a number":          {"price", "SELECT price FROM ev WHERE ({after_price numeric} IS NULL OR price > {after_price numeric}) ORDER BY price" + end},
	"a view":            {"id", "SELECT s.id, s.title FROM shelf s WHERE ({after_id} IS NULL OR s.id > {after_id}) ORDER BY s.id" + end},
	"a view, joined":    {"id", "SELECT b.id, s.title FROM books b JOIN shelf s ON s.id = b.id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"a subquery":        {"id", "SELECT x.id FROM (SELECT * FROM books) x WHERE ({after_id} IS NULL OR x.id > {after_id}) ORDER BY x.id" + end},
	"a WITH query":      {"id", "WITH w AS (SELECT 7 AS year) SELECT b.id FROM books b LEFT JOIN w ON w.year = b.year WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"a right join":      {"id", "SELECT b.id, a.name FROM authors a RIGHT JOIN books b ON a.id = b.author_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"a natural join":    {"id", "SELECT b.id, a.name FROM books b NATURAL JOIN authors a WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"renamed":           {"number", "SELECT x.number, x.of FROM books AS x (number, of) WHERE ({after_number} IS NULL OR x.number > {after_number}) ORDER BY x.number" + end},
	"lateral":           {"id", "SELECT a.id, n FROM authors a, LATERAL (SELECT count(*) AS n FROM books b WHERE b.author_id = a.id) x WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end},
	"one row more":      {"id", "SELECT b.id FROM books b, (SELECT 1) x WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"distinct rows":     {"year,id", "SELECT DISTINCT year, id FROM books WHERE ({after_id} IS NULL OR (year, id) > ({after_year}, {after_id})) ORDER BY year, id" + end},
	"distinct keys":     {"year", "SELECT DISTINCT year FROM books WHERE ({after_year} IS NULL OR year > {after_year}) ORDER BY year" + end},
	"a window inside":   {"id", "SELECT x.id, x.before, x.rows FROM (SELECT id, lag(year) OVER (ORDER BY id) AS before, count(*) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS rows FROM books) x WHERE ({after_id} IS NULL OR x.id > {after_id}) ORDER BY x.id" + end},
	"a window in view":  {"id", "SELECT id, before FROM steps WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"the first of each": {"id", "SELECT b.id, x.title FROM books b JOIN (SELECT DISTINCT ON (author_id) author_id, title FROM books ORDER BY author_id, id) x ON x.author_id = b.author_id WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"a few":             {"id", "SELECT x.id FROM (SELECT id FROM books WHERE year = 2001 ORDER BY id LIMIT 5) x WHERE ({after_id} IS NULL OR x.id > {after_id}) ORDER BY x.id" + end},
	"the latest":        {"id", "SELECT a.id, x.code FROM authors a, LATERAL (SELECT code FROM books b WHERE b.author_id = a.id ORDER BY code DESC LIMIT 1) x WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end},
	"not NULL by WHERE": {"handle", "SELECT handle FROM authors WHERE handle IS NOT NULL AND ({after_handle text} IS NULL OR handle > {after_handle text}) ORDER BY handle" + end},
	"an exact length":   {"price", "SELECT price FROM ev WHERE ({after_price numeric} IS NULL OR price > {after_price numeric}::numeric(6,2)) ORDER BY price" + end},
	"a domain":          {"id", "SELECT id FROM numbered WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"an enum":           {"day", "SELECT day FROM opened WHERE ({after_day weekday} IS NULL OR day > {after_day weekday}) ORDER BY day" + end},
	"ORDER BY … USING":  {"id", "SELECT id FROM books WHERE ({after_id} IS NULL OR id < {after_id}) ORDER BY id USING >" + end},
	"a function":        {"id", "SELECT id, l FROM names, lower(name) l, books WHERE name = 'a' AND ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"a parent alone":    {"id", "SELECT id, name FROM ONLY parents WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
}

// refused are statements whose pages are wrong.
var refused = map[string]listing{
	"ties":                {"year", "SELECT id, year FROM books WHERE ({after_year} IS NULL OR year > {after_year}) ORDER BY year" + end},
	"to many":             {"id", "SELECT a.id, b.title FROM authors a JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end},
	"to many, maybe":      {"id", "SELECT a.id, b.title FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) ORDER BY a.id" + end},
	"half a key":          {"id", "SELECT id, kind FROM parts WHERE kind > 0 AND ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"NULLs":               {"handle", "SELECT handle FROM authors WHERE ({after_handle text} IS NULL OR handle > {after_handle text}) ORDER BY handle" + end},
	"a coarser type":      {"at", "SELECT at FROM books WHERE ({after_at date} IS NULL OR at > {after_at date}) ORDER BY at" + end},
	"a second cast":       {"at", "SELECT at FROM ev WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}::date) ORDER BY at" + end},
	"rounded":             {"at", "SELECT at FROM ev WHERE ({after_at timestamptz} IS NULL OR at > {after_at timestamptz}::timestamptz(0)) ORDER BY at" + end},
	"cut":                 {"code", "SELECT code FROM ev WHERE ({after_code bpchar} IS NULL OR code > {after_code bpchar}::char(2)) ORDER BY code" + end},
	"cut text":            {"name", "SELECT name FROM ev WHERE ({after_name varchar} IS NULL OR name > {after_name varchar}::varchar(2)) ORDER BY name" + end},
	"equal texts":         {"word", "SELECT word FROM words WHERE ({after_word text} IS NULL OR word > {after_word text}) ORDER BY word" + end},
	"joined to equal":     {"id", "SELECT k.id, n.name FROM authored k JOIN names n ON n.name = k.name WHERE ({after_id} IS NULL OR k.id > {after_id}) ORDER BY k.id" + end},
	"inheritance":         {"id", "SELECT id, name FROM parents WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"several of one":      {"id", "SELECT id, unnest(tags) FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"a lag":               {"id", "SELECT id, year - lag(year) OVER (ORDER BY id) AS more FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"a running sum":       {"id", "SELECT id, sum(year) OVER (ORDER BY id) FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"row numbers":         {"id", "SELECT id, row_number() OVER (ORDER BY id) FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"a whole count":       {"id", "SELECT id, count(*) OVER () FROM books WHERE ({after_id} IS NULL OR id > {after_id}) ORDER BY id" + end},
	"a named window":      {"id", "SELECT b.id, rank() OVER w FROM books b WHERE ({after_id} IS NULL OR b.id > {after_id}) WINDOW w AS (ORDER BY b.year) ORDER BY b.id" + end},
	"over groups":         {"id", "SELECT a.id, sum(count(*)) OVER (ORDER BY a.id) FROM authors a LEFT JOIN books b ON b.author_id = a.id WHERE ({after_id} IS NULL OR a.id > {after_id}) GROUP BY a.id ORDER BY a.id" + end},
	"one of each":         {"year", "SELECT DISTINCT ON (year) year, id FROM books WHERE ({after_year} IS NULL OR year >= {after_year}) ORDER BY year" + end},
	"pairs in a view":     {"id", "SELECT p.id FROM pairs p WHERE ({after_id} IS NULL OR p.id > {after_id}) ORDER BY p.id" + end},
	"pairs in a query":    {"id", "SELECT p.id FROM (SELECT a.id, b.title FROM authors a JOIN books b ON b.author_id = a.id) p WHERE ({after_id} IS NULL OR p.id > {after_id}) ORDER BY p.id" + end},
	"all pairs":           {"id", "SELECT b.id FROM books b, authors a WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end},
	"a union of all":      {"id", "SELECT x.id FROM (SELECT id FROM books UNION ALL SELECT id FROM authors WHERE id > 1) x WHERE ({after_id} IS NULL OR x.id > {after_id}) ORDER BY x.id" + end},
	"backwards":           {"id", "SELECT id FROM books WHERE ({after_id} IS NULL OR id < {after_id}) ORDER BY id" + end},
	"unequal":             {"id", "SELECT id FROM books WHERE ({after_id} IS NULL OR id <> {after_id}) ORDER BY id" + end},
	"a NULL beside a key": {"handle,id", "SELECT handle, id FROM authors WHERE ({after_id} IS NULL OR (handle, id) > ({after_handle text}, {after_id})) ORDER BY handle, id" + end},
	"a missing NULL":      {"handle", "SELECT a.handle FROM books b LEFT JOIN authors a ON a.id = b.author_id WHERE ({after_handle text} IS NULL OR a.handle > {after_handle text}) ORDER BY a.handle" + end},
	"groups of a key":     {"author_id", "SELECT author_id, year FROM books WHERE ({after_author_id} IS NULL OR author_id > {after_author_id}) GROUP BY author_id, year ORDER BY author_id" + end},
}

// lister is a database with the schema.
type lister struct {
	conn    *pgx.Conn
	cat     *catalog.Catalog
	effects *effects.Analyzer
}

func server(t *testing.T, script string) *lister {
	t.Helper()
	conn := pgtest.New(t).Conn()
	if _, err := conn.Exec(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Load(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	analyzer, err := effects.New(t.Context(), conn, cat, "")
	if err != nil {
		t.Fatal(err)
	}
	return &lister{conn, cat, analyzer}
}

// analyze does what the generator does with a statement.
func (s *lister) analyze(t *testing.T, st *project.Statement) (*Plan, error) {
	t.Helper()
	result, err := s.effects.Analyze(t.Context(), st)
	if err != nil {
		t.Fatalf("%s: %v", st.SQL, err)
	}
	return Analyze(t.Context(), s.conn, s.cat, st, result.Query, result.WhyNone)
}

// believed returns the plan of a statement by the names in it, right or not.
func (s *lister) believed(t *testing.T, st *project.Statement) *Plan {
	t.Helper()
	described, err := s.conn.Prepare(t.Context(), "", st.SQL)
	if err != nil {
		t.Fatal(err)
	}
	param := func(name string) int {
		return 1 + slices.IndexFunc(st.Params, func(p project.Param) bool { return p.Name == name })
	}
	plan := &Plan{Limit: param("n")}
	for _, name := range st.Annotation("page").Names {
		column := 1 + slices.IndexFunc(described.Fields, func(f pgconn.FieldDescription) bool { return f.Name == name })
		plan.Keys = append(plan.Keys, Key{Name: name, Column: column, Param: param("after_" + name)})
	}
	return plan
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
	s := server(t, schema)
	for name, l := range accepted {
		st := l.statement()
		plan, err := s.analyze(t, st)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if pages, whole := walk(t, s.conn, st, plan); !slices.Equal(pages, whole) || len(whole) < 3 {
			t.Errorf("%s: pages give %q, the whole is %q", name, pages, whole)
		}
	}
}

func TestPagesOfARefusedStatementAreWrong(t *testing.T) {
	t.Parallel()
	s := server(t, schema)
	for name, l := range refused {
		t.Run(name, func(t *testing.T) {
			st := l.statement()
			_, err := s.analyze(t, st)
			var problem *project.Problem
			if !errors.As(err, &problem) {
				t.Errorf("%v", err)
			}
			if pages, whole := walk(t, s.conn, st, s.believed(t, st)); slices.Equal(pages, whole) {
				t.Errorf("the pages are right: %q", pages)
			}
		})
	}
}

func TestAStatementWhoseRowsCannotBeToldApartIsRefused(t *testing.T) {
	t.Parallel()
	s := server(t, schema)
	condition := " ({after_id} IS NULL OR b.id > {after_id}) ORDER BY b.id" + end
	for want, sql := range map[string]string{
		"do not determine one row of s;":               "SELECT b.id FROM books b JOIN shelf s ON s.title = b.title WHERE" + condition,
		"do not determine one row of w;":               "WITH w AS (SELECT id FROM books) SELECT b.id FROM books b JOIN w ON w.id > b.id WHERE" + condition,
		"do not determine one row of x;":               "SELECT b.id FROM books b, LATERAL (SELECT FROM authors) x WHERE" + condition,
		"do not determine one row of blurbs;":          "SELECT b.id FROM books b NATURAL JOIN blurbs WHERE" + condition,
		"a window function sees the rows of a page":    "SELECT b.id, lag(b.id) OVER (ORDER BY b.id) FROM books b WHERE" + condition,
		"DISTINCT ON chooses rows of a page":           "SELECT DISTINCT ON (b.id) b.id FROM books b WHERE" + condition,
		"TABLESAMPLE would draw other rows":            "SELECT b.id FROM books b TABLESAMPLE BERNOULLI (50) WHERE" + condition,
		"DISTINCT ON in x may take other rows":         "SELECT b.id FROM books b JOIN (SELECT DISTINCT ON (author_id) author_id, title FROM books ORDER BY author_id) x ON x.author_id = b.author_id WHERE" + condition,
		"OFFSET or DISTINCT ON in y may take":          "SELECT b.id FROM books b JOIN (SELECT id FROM (SELECT id FROM books ORDER BY year LIMIT 5) z) y ON y.id = b.id WHERE" + condition,
		"DISTINCT ON in v may take other":              "SELECT b.id FROM books b JOIN few v ON v.id = b.id WHERE" + condition,
		"LIMIT, OFFSET or DISTINCT ON in w may":        "WITH w AS (SELECT id FROM books OFFSET 5) SELECT b.id FROM books b JOIN w ON w.id = b.id WHERE" + condition,
		"the statement changes data":                   "WITH w AS (DELETE FROM blurbs) SELECT b.id FROM books b WHERE" + condition,
		"without UNION and its kin":                    "SELECT id FROM books UNION SELECT id FROM authors ORDER BY id" + end,
		"SKIP LOCKED would leave out":                  "SELECT b.id FROM books b WHERE" + condition + " FOR UPDATE SKIP LOCKED",
		"OFFSET would skip":                            "SELECT b.id FROM books b WHERE" + condition + " OFFSET 1",
		"is used elsewhere too: it is given one more":  "SELECT b.id FROM books b WHERE b.id > {n} AND" + condition,
		"the parameter after_id is used elsewhere too": "SELECT b.id FROM books b WHERE b.year > {after_id} AND" + condition,
		"joined to the rest of WHERE by AND":           "SELECT b.id FROM books b WHERE b.year = 1 OR" + condition,
		"of ORDER BY is no column of what is in FROM":  "SELECT b.id AS x, b.id::text::integer FROM books b WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end,
		"key 1 of ORDER BY is no column":               "SELECT b.id + 1 AS id FROM books b WHERE ({after_id} IS NULL OR b.id > {after_id}) ORDER BY id" + end,
	} {
		st := listing{"id", sql}.statement()
		_, err := s.analyze(t, st)
		var problem *project.Problem
		if !errors.As(err, &problem) || !strings.Contains(problem.Message, want) {
			t.Errorf("%s\n%v, want %s", st.SQL, err, want)
		}
	}
}

func TestFingerprintsTellStatementsAndKeysApart(t *testing.T) {
	t.Parallel()
	s := server(t, schema)
	seen := map[string]string{}
	for name, l := range accepted {
		for _, rename := range []string{"List", "Other"} {
			st := l.statement()
			st.Name = rename
			plan, err := s.analyze(t, st)
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
