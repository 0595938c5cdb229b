package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/catalog"
	"github.com/sqlkeel/sqlkeel/cmd/sqlkeel/internal/gen/fold"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt/generated"
)

const someBooks = `
INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, 7) AS n;
INSERT INTO books (author_id, title, category, price_cents, stock, published_year, added_on)
SELECT 1 + n % 7, 'Title ' || n, (ARRAY['fiction', 'poetry', 'drama']::book_category[])[1 + n % 3], 100 * (1 + n % 5), n % 4, 1900 + n % 20,
       date '2026-01-01' + n % 9
FROM generate_series(1, 120) AS n`

// bookValues are arguments of the bookstore's statements that find some books, by
// the parameters' names.
var bookValues = map[string]func(*rand.Rand) any{
	"Category": some(queries.BookCategoryFiction, queries.BookCategoryPoetry), "InStock": some(true, false),
	"MinPrice": some[int64](100, 300), "MaxPrice": some[int64](300, 500), "MinYear": some[int32](1905, 1910),
	"Name": some("title 1", "TLE", "%"), "Title": some("title 1", "_"), "Author": some("author 3", "AUTHOR"),
	"AfterID": some[int64](0, 5, 40), "Sort": some("", "title"), "MaxRows": func(rng *rand.Rand) any { return int32(rng.IntN(60)) },
}

// some returns pointers to one of some values.
func some[T any](values ...T) func(*rand.Rand) any {
	return func(rng *rand.Rand) any { return &values[rng.IntN(len(values))] }
}

// bookArgs are arguments of a variant.
func bookArgs(t *testing.T, p *Plan, m generated.Mask, rng *rand.Rand) []any {
	return arguments(t, p, m, func(i int) any {
		param := p.Statement.Params[i]
		if make := bookValues[param.Name]; make != nil {
			return make(rng)
		}
		t.Fatalf("%s: no values for %s", p.Statement.Name, param.Name)
		return nil
	})
}

func TestTheBookstoresVariantsReturnWhatTheFullStatementsDo(t *testing.T) {
	t.Parallel()
	b := setup(t, "", pgtest.WithMigrations(migrations.FS))
	b.exec(t, someBooks)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, p := range bookstore(t, b) {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			b.exec(t, "SET plan_cache_mode = "+mode)
			r, ran := registry(t, p), 0
			for _, m := range p.Masks() {
				for range 3 {
					d, rewritten, err := compare(t.Context(), b.conn, r, 0, true, p.Statement.SQL, bookArgs(t, p, m, rng))
					if err != nil || d != "" {
						t.Fatal(d, err)
					}
					if rewritten {
						ran++
					}
				}
			}
			if want := 3 * min(len(p.Masks()), generated.MaxVariants); ran < want {
				t.Errorf("%s: %d of %d were rewritten", name, ran, want)
			}
		}
	}
}

// typed are statements in which the cast stands in the part that is cut: without it
// the comparison would be another.
var typed = []struct {
	name, sql, arg string
	want           int // rows
}{
	{"citext", "SELECT id FROM t WHERE ($1::text IS NULL OR ci = $1)", "ABC", 0},
	{"citext itself", "SELECT id FROM t WHERE ($1::citext IS NULL OR ci = $1)", "ABC", 1},
	{"char", "SELECT id FROM t WHERE ($1::text IS NULL OR code = $1)", "ab   ", 0},
	{"char itself", "SELECT id FROM t WHERE ($1::char(5) IS NULL OR code = $1)", "ab   ", 1},
	{"char cut", "SELECT id FROM t WHERE ($1::char(5) IS NULL OR code = $1::char(2))", "abcde", 1},
	{"float", "SELECT id FROM t WHERE ($1::float8 IS NULL OR num = $1)", "0.1000000000000000055511151231257827", 1},
	{"date", "SELECT id FROM t WHERE ($1::date IS NULL OR at >= $1)", "2026-03-04 23:00:00+00", 1},
	{"bits", "SELECT id FROM t WHERE ($1::bit(3) IS NULL OR bits = $1)", "101", 1},
	{"enum", "SELECT id FROM t WHERE ($1::mood IS NULL OR feels >= $1)", "sad", 1},
}

const typedSchema = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE t (id int PRIMARY KEY, ci citext, code char(5), num numeric, at timestamptz, bits bit(3), feels mood);
INSERT INTO t VALUES (1, 'abc', 'ab', 0.1, '2026-03-04 12:00:00+00', '101', 'ok')`

// TestEveryPlaceholderKeepsItsType also shows that without casts it does not: the
// variants then give other rows or none.
func TestEveryPlaceholderKeepsItsType(t *testing.T) {
	t.Parallel()
	b := setup(t, typedSchema)
	caught := 0
	for _, c := range typed {
		p, remarks := b.find(t, ":many", c.sql, "*string")
		if p == nil {
			t.Errorf("%s: not pruned: %v", c.name, remarks)
			continue
		}
		for _, arg := range []*string{nil, &c.arg} {
			d, rewritten, err := compare(t.Context(), b.conn, registry(t, p), 1, true, c.sql, []any{arg})
			if err != nil || d != "" || !rewritten {
				t.Errorf("%s: %s %v", c.name, d, err)
			}
		}
		if full, err := query(t.Context(), b.conn, 1, c.sql, []any{c.arg}); err != nil || len(full.rows) != c.want {
			t.Errorf("%s: %d rows, want %d: %v", c.name, len(full.rows), c.want, err)
		}
		text, _ := p.Stmt().Assemble(0)
		bare := strings.ReplaceAll(text, "$1::"+castName(b.types(t, c.sql)[0]), "$1")
		full, _ := query(t.Context(), b.conn, 1, c.sql, []any{c.arg})
		other, err := query(t.Context(), b.conn, 1, bare, []any{c.arg})
		if err == nil && unequal(full, other, true) == "" {
			continue
		}
		caught++
		if why := b.differs(t, p, 0, bare); why == "" {
			t.Errorf("%s: the missing cast was not noticed", c.name)
		}
	}
	if caught < 3 {
		t.Errorf("%d statements need their casts", caught)
	}
	fmt.Fprintln(t.Output(), caught, "statements give other rows without their casts")
}

// types returns the format_type of a statement's parameters.
func (b *testbed) types(t testing.TB, sql string) (types []string) {
	t.Helper()
	d, err := b.conn.PgConn().Prepare(t.Context(), "", sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, oid := range d.ParamOIDs {
		types = append(types, b.catalog.TypeName(catalog.OID(oid)))
	}
	return types
}

// differs says how a text is not the variant of a mask.
func (b *testbed) differs(t testing.TB, p *Plan, m generated.Mask, text string) string {
	t.Helper()
	compiled, err := b.analyzer.Compile(t.Context(), []string{p.Statement.SQL, text})
	if err != nil {
		t.Fatal(err)
	}
	_, params := p.Stmt().Assemble(m)
	try := &trial{full: compiled[0], folder: fold.New(b.catalog, compiled[0].Query)}
	return try.judge(&compiled[1], params, p.assume(m))
}
