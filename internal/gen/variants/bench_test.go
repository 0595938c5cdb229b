package variants

import (
	"fmt"
	"testing"

	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
)

const manyBooks = `
INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO books (author_id, title, category, price_cents, stock, published_year, added_on)
SELECT 1 + n % 1000, 'Title ' || n, (enum_range(NULL::book_category))[1 + n % 10], 100 + n * 7919 % 9900, n % 7, 1900 + n % 120,
       date '2016-01-01' + n % 3650
FROM generate_series(1, 200000) AS n`

// BenchmarkFindProducts compares the bookstore's product search in full and pruned,
// under both kinds of plans and PostgreSQL's own choice, over 200,000 books.
func BenchmarkFindProducts(b *testing.B) {
	bed := setup(b, "", pgtest.WithMigrations(migrations.FS))
	bed.exec(b, manyBooks)
	bed.exec(b, "VACUUM ANALYZE authors, books")
	p := bookstore(b, bed)["FindProducts"]
	poetry, low, high, yes, word := queries.BookCategoryPoetry, int64(500), int64(700), true, "title 77"
	for _, c := range []struct {
		name string
		args []any
	}{
		{"category-price_up", []any{&poetry, &low, &high, (*bool)(nil), (*string)(nil), "price_up", int32(20)}},
		{"newest", []any{(*queries.BookCategory)(nil), (*int64)(nil), (*int64)(nil), (*bool)(nil), (*string)(nil), "newest", int32(20)}},
		{"none", []any{(*queries.BookCategory)(nil), (*int64)(nil), (*int64)(nil), (*bool)(nil), (*string)(nil), "", int32(20)}},
		{"all", []any{&poetry, &low, &high, &yes, &word, "price_down", int32(20)}},
	} {
		text, left, err := registry(b, p).Rewrite(p.Statement.SQL, c.args)
		if err != nil {
			b.Fatal(err)
		}
		for _, mode := range []string{"auto", "force_custom_plan", "force_generic_plan"} {
			bed.exec(b, "SET plan_cache_mode = "+mode)
			bed.exec(b, "DISCARD PLANS")
			for _, way := range []struct {
				name, sql string
				args      []any
			}{{"full", p.Statement.SQL, c.args}, {"pruned", text, left}} {
				b.Run(fmt.Sprintf("%s/%s/%s", c.name, mode, way.name), func(b *testing.B) {
					for b.Loop() {
						if _, err := query(b.Context(), bed.conn, 0, way.sql, way.args); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkProve proves the 128 variants of the product search.
func BenchmarkProve(b *testing.B) {
	bed := setup(b, "", pgtest.WithMigrations(migrations.FS))
	p := bookstore(b, bed)["FindProducts"]
	for b.Loop() {
		if err := p.Prove(b.Context(), bed.conn); err != nil {
			b.Fatal(err)
		}
	}
}
