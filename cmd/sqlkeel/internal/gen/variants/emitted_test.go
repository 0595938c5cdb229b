package variants

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/migrations"
	"github.com/sqlkeel/sqlkeel/pgtest"
	"github.com/sqlkeel/sqlkeel/queries"
)

// bookseller is the bookstore's generated code over a database with some books, in
// full and pruned.
func bookseller(t *testing.T) (conn *pgx.Conn, full, pruned *queries.Queries) {
	b := setup(t, "", pgtest.WithMigrations(migrations.FS))
	b.exec(t, someBooks)
	return b.conn, queries.New(b.conn), queries.New(db.Over(b.conn, queries.Statements))
}

// maybe returns one of some values or nil.
func maybe[T any](rng *rand.Rand, values ...T) *T {
	if i := rng.IntN(len(values) + 1); i < len(values) {
		return &values[i]
	}
	return nil
}

func TestGeneratedCodeReturnsTheSameByItsVariants(t *testing.T) {
	t.Parallel()
	conn, full, pruned := bookseller(t)
	rng := rand.New(rand.NewPCG(5, 5))
	found := 0
	for range 300 {
		arg := queries.FindProductsParams{
			Category: maybe(rng, queries.BookCategoryFiction, queries.BookCategoryPoetry), MinPrice: maybe[int64](rng, 100, 300, -1), MaxPrice: maybe[int64](rng, 300, 500),
			InStock: maybe(rng, true, false), Name: maybe(rng, "title 1", "TLE", "%", "", "'"), Sort: maybe(rng, "", "price_up", "price_down", "newest"), MaxRows: rng.Int32N(60),
		}
		want, err := full.FindProducts(t.Context(), arg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pruned.FindProducts(t.Context(), arg)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v: %v, want %v: %v", arg, got, want, err)
		}
		err = pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			got, err = queries.New(db.Over(tx, queries.Statements)).FindProducts(t.Context(), arg)
			return err
		})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("in a transaction: %+v: %v, want %v: %v", arg, got, want, err)
		}
		found += len(want)
	}
	if found < 300 {
		t.Errorf("only %d rows were compared", found)
	}
}

// Poolers that keep no prepared statements are met with other protocols; a variant
// means the same there.
func TestGeneratedCodeReturnsTheSameInEveryProtocol(t *testing.T) {
	t.Parallel()
	conn, full, _ := bookseller(t)
	rng := rand.New(rand.NewPCG(7, 7))
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeDescribeExec, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config := conn.Config().Copy()
		config.DefaultQueryExecMode = mode
		other, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		pruned := queries.New(db.Over(other, queries.Statements))
		for range 40 {
			arg := queries.FindProductsParams{
				Category: maybe(rng, queries.BookCategoryFiction), MinPrice: maybe[int64](rng, 100, -1), InStock: maybe(rng, true, false),
				Name: maybe(rng, "title 1", "'", `\`), Sort: maybe(rng, "", "price_down"), MaxRows: 50,
			}
			want, err := full.FindProducts(t.Context(), arg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := pruned.FindProducts(t.Context(), arg); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v: %+v: %v, want %v: %v", mode, arg, got, want, err)
			}
		}
		if err := other.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// An order that the statement does not have is none, as in the full statement.
func TestAnUnknownSortIsNone(t *testing.T) {
	t.Parallel()
	_, full, pruned := bookseller(t)
	unknown := "price_sideways"
	for _, sort := range []*string{nil, new(string), &unknown} {
		arg := queries.FindProductsParams{Sort: sort, MaxRows: 5}
		want, err := full.FindProducts(t.Context(), arg)
		if err != nil || len(want) != 5 {
			t.Fatalf("%d rows: %v", len(want), err)
		}
		if got, err := pruned.FindProducts(t.Context(), arg); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, want %v", got, err, want)
		}
	}
}

// Pages of any length are the list, and go on from a cursor that was a text.
func TestGeneratedPagesAreTheList(t *testing.T) {
	t.Parallel()
	_, full, pruned := bookseller(t)
	rng := rand.New(rand.NewPCG(6, 6))
	listed := 0
	for range 40 {
		arg := queries.SearchBooksParams{Title: maybe(rng, "title 1", "%"), MinYear: maybe[int32](rng, 1905, 1910), Author: maybe(rng, "author 3", "AUTHOR"), MaxRows: 1000}
		want, err := full.SearchBooks(t.Context(), arg)
		if err != nil {
			t.Fatal(err)
		}
		var got []queries.SearchBooksRow
		var after queries.SearchBooksCursor
		for most := 1 + rng.Int32N(50); ; {
			rows, next, err := pruned.SearchBooksPage(t.Context(), queries.SearchBooksPageParams{Title: arg.Title, MinYear: arg.MinYear, Author: arg.Author, MaxRows: most}, after)
			if err != nil || len(rows) > int(most) || !next.IsZero() && len(rows) != int(most) {
				t.Fatalf("%d rows of %d: %v", len(rows), most, err)
			}
			got = append(got, rows...)
			if next.IsZero() {
				break
			}
			if after, err = queries.ParseSearchBooksCursor(next.String()); err != nil || len(got) > len(want) {
				t.Fatalf("%d rows of %d: %v", len(got), len(want), err)
			}
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("pages of %+v: %d rows, want %d", arg, len(got), len(want))
		}
		listed += len(want)
	}
	if listed < 100 {
		t.Errorf("only %d rows were listed", listed)
	}
}
