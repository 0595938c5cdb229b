package variants

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/stmt"
)

const someBooks = `
INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, 7) AS n;
INSERT INTO books (author_id, title, category, price_cents, stock, published_year, added_on)
SELECT 1 + n % 7, 'Title ' || n, (ARRAY['fiction', 'poetry', 'drama']::book_category[])[1 + n % 3], 100 * (1 + n % 5), n % 4, 1900 + n % 20,
       date '2026-01-01' + n % 9
FROM generate_series(1, 120) AS n`

// some returns a pointer to one of the values when bit i of mask is set.
func some[T any](rng *rand.Rand, mask stmt.Mask, i int, values ...T) *T {
	if mask>>i&1 == 0 {
		return nil
	}
	return &values[rng.IntN(len(values))]
}

func TestTheBookstoresVariantsReturnWhatTheFullStatementsDo(t *testing.T) {
	t.Parallel()
	b := setup(t, "", pgtest.WithMigrations(migrations.FS))
	b.exec(t, someBooks)
	plans := bookstore(t, b)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, args := range map[string]func(stmt.Mask) []any{
		"FindProducts": func(m stmt.Mask) []any {
			sort := ""
			for i, l := range []string{"price_up", "price_down", "newest"} {
				if m>>(5+i)&1 == 1 {
					sort = l
				}
			}
			return []any{
				some(rng, m, 0, queries.BookCategoryFiction, queries.BookCategoryPoetry), some(rng, m, 1, int64(100), 300),
				some(rng, m, 2, int64(300), 500), some(rng, m, 3, true, false), some(rng, m, 4, "title 1", "TLE", "%"), sort, int32(rng.IntN(60)),
			}
		},
		"SearchBooks": func(m stmt.Mask) []any {
			return []any{some(rng, m, 0, "title 1", "_"), some(rng, m, 1, int32(1905), 1910), some(rng, m, 2, "author 3", "AUTHOR"), int64(rng.IntN(30)), int32(20)}
		},
	} {
		p := plans[name]
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			b.exec(t, "SET plan_cache_mode = "+mode)
			r, rows := registry(t, p), 0
			for _, m := range p.Masks() {
				for range 3 {
					d, rewritten, err := compare(t.Context(), b.conn, r, 0, true, p.Statement.SQL, args(m))
					if err != nil || d != "" {
						t.Fatal(d, err)
					}
					if rewritten {
						rows++
					}
				}
			}
			if want := 3 * min(len(p.Masks()), stmt.MaxVariants); rows < want {
				t.Errorf("%s: %d of %d were rewritten", name, rows, want)
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
		p, remarks := b.find(t, sound, ":many", c.sql, "*string")
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
