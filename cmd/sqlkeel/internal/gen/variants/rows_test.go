package variants

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

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
	"AfterID": some[int64](0, 5, 40), "MaxRows": func(rng *rand.Rand) any { return int32(rng.IntN(60)) },
}

// some returns pointers to one of some values.
func some[T any](values ...T) func(*rand.Rand) any {
	return func(rng *rand.Rand) any { return &values[rng.IntN(len(values))] }
}

// bookArgs are arguments of a variant.
func bookArgs(t *testing.T, p *Plan, m generated.Mask, rng *rand.Rand) (args []any) {
	for i, param := range p.Statement.Params {
		if p.Sort != nil && p.Sort.Param == i+1 {
			sort := ""
			for l, literal := range p.Sort.Literals {
				if m&p.literalBit(l) != 0 {
					sort = literal
				}
			}
			args = append(args, sort)
			continue
		}
		make := bookValues[param.Name]
		if make == nil {
			t.Fatalf("%s: no values for %s", p.Statement.Name, param.Name)
		}
		arg := make(rng)
		bit := slices.IndexFunc(p.Filters, func(f Filter) bool { return f.Param == i+1 })
		if bit >= 0 && m>>bit&1 == 0 {
			arg = reflect.Zero(reflect.TypeOf(arg)).Interface()
		}
		args = append(args, arg)
	}
	return args
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
		if err := p.Prove(t.Context(), b.conn); err != nil {
			t.Errorf("%s: %v", c.name, err)
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
		bare := p.assemble(p.Stmt(), 1)
		bare.text = strings.ReplaceAll(bare.text, "$1::"+p.source.types[0], "$1")
		if p.compareTrees([]proof{bare}) == nil {
			t.Errorf("%s: nobody missed the cast", c.name)
		}
		full, _ := query(t.Context(), b.conn, 1, c.sql, []any{c.arg})
		other, err := query(t.Context(), b.conn, 1, bare.text, []any{c.arg})
		if err != nil || unequal(full, other, true) != "" {
			caught++
			if p.prepare(t.Context(), b.conn, []proof{bare}) == nil {
				t.Errorf("%s: the server did not miss the cast", c.name)
			}
		}
	}
	if caught < 3 {
		t.Errorf("%d statements need their casts", caught)
	}
	fmt.Fprintln(t.Output(), caught, "statements give other rows without their casts")
}
