package variants

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

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
		{"category-price_up", []any{&poetry, &low, &high, (*bool)(nil), (*string)(nil), ptr("price_up"), int32(20)}},
		{"newest", []any{(*queries.BookCategory)(nil), (*int64)(nil), (*int64)(nil), (*bool)(nil), (*string)(nil), ptr("newest"), int32(20)}},
		{"none", []any{(*queries.BookCategory)(nil), (*int64)(nil), (*int64)(nil), (*bool)(nil), (*string)(nil), (*string)(nil), int32(20)}},
		{"all", []any{&poetry, &low, &high, &yes, &word, ptr("price_down"), int32(20)}},
	} {
		text, left := registry(b, p).Lookup(p.Statement.SQL).Rewrite(c.args)
		ways := [2]way{{p.Statement.SQL, c.args}, {text, left}}
		for _, mode := range []string{"auto", "force_custom_plan", "force_generic_plan"} {
			bed.exec(b, "SET plan_cache_mode = "+mode)
			bed.exec(b, "DISCARD PLANS")
			b.Run(c.name+"/"+mode, func(b *testing.B) { duel(b, bed, ways, run) })
		}
		b.Run(c.name+"/planning", func(b *testing.B) { duel(b, bed, ways, plan) })
	}
}

// way is one of the two texts.
type way struct {
	sql  string
	args []any
}

// duel measures the two in turn, so that what else the machine does hits both, and
// reports the medians.
func duel(b *testing.B, bed *testbed, ways [2]way, measure func(testing.TB, *testbed, way) time.Duration) {
	var took [2][]time.Duration
	for _, w := range ways {
		for range 6 { // PostgreSQL decides about generic plans after five
			measure(b, bed, w)
		}
	}
	for b.Loop() {
		for i, w := range ways {
			took[i] = append(took[i], measure(b, bed, w))
		}
	}
	var median [2]float64
	for i := range took {
		slices.Sort(took[i])
		median[i] = float64(took[i][len(took[i])/2].Nanoseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median[0], "full-µs")
	b.ReportMetric(median[1], "pruned-µs")
	b.ReportMetric(median[0]/median[1], "times")
}

func run(t testing.TB, bed *testbed, w way) time.Duration {
	start := time.Now()
	if _, err := query(t.Context(), bed.conn, 0, w.sql, w.args); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// plan returns what PostgreSQL says it took to plan the statement for its arguments.
func plan(t testing.TB, bed *testbed, w way) time.Duration {
	var out []struct {
		Planning float64 `json:"Planning Time"`
	}
	var text []byte
	if err := bed.conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON, SUMMARY) "+w.sql, w.args...).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil || len(out) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	return time.Duration(out[0].Planning * float64(time.Millisecond))
}

// BenchmarkProve finds and proves the variants of the product search.
func BenchmarkProve(b *testing.B) {
	bed := setup(b, "", pgtest.WithMigrations(migrations.FS))
	st := bookstore(b, bed)["FindProducts"].Statement
	for b.Loop() {
		bed.findIn(b, st)
	}
}
