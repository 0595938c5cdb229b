package repo_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sqlkeel/sqlkeel/db"
	"github.com/sqlkeel/sqlkeel/queries"
	"github.com/sqlkeel/sqlkeel/repo"
)

func TestFindProductsEqualsAFilterInGoForEveryMask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all := b.books(t)
	for mask := range 1 << 5 {
		for _, sort := range []repo.ProductSort{repo.SortByID, repo.SortPriceUp, repo.SortPriceDown, repo.SortNewest} {
			f := repo.ProductFilter{Sort: sort, Limit: repo.MaxRows}
			if mask&1 != 0 {
				f.Category = ptr(queries.BookCategoryClassic)
			}
			if mask&2 != 0 {
				f.MinPrice = ptr(int64(1500))
			}
			if mask&4 != 0 {
				f.MaxPrice = ptr(int64(3500))
			}
			if mask&8 != 0 {
				f.InStock = ptr(mask&1 == 0)
			}
			if mask&16 != 0 {
				f.Name = ptr("THE")
			}
			got, err := b.FindProducts(t.Context(), f)
			if err != nil {
				t.Fatalf("mask %05b: %v", mask, err)
			}
			if want := wanted(all, f); !slices.Equal(productIDs(got), want) {
				t.Errorf("mask %05b sort %q: ids %v, want %v", mask, sort, productIDs(got), want)
			}
		}
	}
}

// wanted is what FindProducts must find, worked out in Go.
func wanted(all []repo.Book, f repo.ProductFilter) []int64 {
	var found []repo.Book
	for _, b := range all {
		if (f.Category == nil || b.Category == *f.Category) &&
			(f.MinPrice == nil || b.PriceCents >= *f.MinPrice) &&
			(f.MaxPrice == nil || b.PriceCents <= *f.MaxPrice) &&
			(f.InStock == nil || (b.Stock > 0) == *f.InStock) &&
			(f.Name == nil || strings.Contains(strings.ToLower(b.Title), strings.ToLower(*f.Name))) {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(x, y repo.Book) int {
		switch f.Sort {
		case repo.SortPriceUp:
			return cmp.Or(cmp.Compare(x.PriceCents, y.PriceCents), cmp.Compare(x.ID, y.ID))
		case repo.SortPriceDown:
			return cmp.Or(cmp.Compare(y.PriceCents, x.PriceCents), cmp.Compare(x.ID, y.ID))
		case repo.SortNewest:
			return cmp.Or(y.AddedOn.Compare(x.AddedOn), cmp.Compare(x.ID, y.ID))
		}
		return cmp.Compare(x.ID, y.ID)
	})
	ids := make([]int64, 0, len(found))
	for _, b := range found[:min(len(found), f.Limit)] {
		ids = append(ids, b.ID)
	}
	return ids
}

func productIDs(list []repo.Product) []int64 {
	ids := make([]int64, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	return ids
}

func TestFindProductsKeepsToItsLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := repo.ProductFilter{Sort: repo.SortPriceDown, Limit: 7}
	got, err := b.FindProducts(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if want := wanted(b.books(t), f); !slices.Equal(productIDs(got), want) || len(got) != 7 {
		t.Errorf("ids %v, want %v", productIDs(got), want)
	}
}

func TestAFragmentIsTakenLiterally(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, fragment := range []string{"%", "_", `\`, "'; DROP TABLE books; --"} {
		got, err := b.FindProducts(t.Context(), repo.ProductFilter{Name: &fragment, Limit: 10})
		if err != nil || len(got) != 0 {
			t.Errorf("fragment %q: %d products, error %v; want none", fragment, len(got), err)
		}
	}
	got, err := b.FindProducts(t.Context(), repo.ProductFilter{Name: ptr("r.u.r."), Limit: 10})
	if err != nil || len(got) != 1 || got[0].Title != "R.U.R." {
		t.Errorf("products %v, error %v", got, err)
	}
}

func TestASearchSendsOnlyThePartsThatWereAskedFor(t *testing.T) {
	t.Parallel()
	sent := &recorder{}
	r := setup(t, func(cfg *db.Config, _ *repo.Config) { cfg.Tracer = sent })
	for want, f := range map[string]repo.ProductFilter{
		"WHERE TRUE\n  AND TRUE\n  AND TRUE\n  AND TRUE\n  AND TRUE\nORDER BY b.id\nLIMIT": {Limit: 3},
		"AND b.price_cents >= $1::bigint::bigint\n":                                        {MinPrice: ptr(int64(500)), Limit: 3},
		"ORDER BY b.price_cents DESC, b.id\nLIMIT $1::integer":                             {Sort: repo.SortPriceDown, Limit: 3},
	} {
		if _, err := r.FindProducts(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(sent.sql, want) || strings.Contains(sent.sql, "IS NULL OR") {
			t.Errorf("filter %+v sent %s, want %q in it", f, sent.sql, want)
		}
	}
}

// recorder is a tracer that notes the text of the last query.
type recorder struct{ sql string }

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.sql = data.SQL
	return ctx
}

func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestSearchBooksPagesThroughEverythingOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var got, want []int64
	for s := (repo.BookSearch{Title: ptr("a"), MinYear: ptr(int32(1800)), Author: ptr("E"), Limit: 5}); ; {
		page, next, err := b.SearchBooks(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, book := range page {
			got = append(got, book.ID)
		}
		if s.After = next; next.IsZero() {
			break
		}
	}
	for _, book := range b.books(t) {
		if strings.Contains(strings.ToLower(book.Title), "a") && book.PublishedYear >= 1800 &&
			strings.Contains(strings.ToLower(book.AuthorName), "e") {
			want = append(want, book.ID)
		}
	}
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("ids %v, want %v", got, want)
	}
}

func TestProductArgumentsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.counter.Reset()
	for field, f := range map[string]repo.ProductFilter{
		"limit":     {Limit: -1},
		"min price": {Limit: 1, MinPrice: ptr(int64(-1))},
		"max price": {Limit: 1, MaxPrice: ptr(int64(-1))},
		"sort":      {Limit: 1, Sort: "cheapest"},
		"category":  {Limit: 1, Category: ptr(queries.BookCategory("gossip"))},
		"name":      {Limit: 1, Name: ptr("a\x00b")},
	} {
		_, err := b.FindProducts(t.Context(), f)
		refused(t, err, field)
	}
	for name, f := range map[string]repo.ProductFilter{
		"limit 0":         {},
		"limit too high":  {Limit: repo.MaxRows + 1},
		"crossed prices":  {Limit: 1, MinPrice: ptr(int64(2)), MaxPrice: ptr(int64(1))},
		"name, not UTF-8": {Limit: 1, Name: ptr("\xff")},
	} {
		if _, err := b.FindProducts(t.Context(), f); !errors.As(err, new(*repo.InvalidError)) {
			t.Errorf("%s: error %v, want an InvalidError", name, err)
		}
	}
	for field, s := range map[string]repo.BookSearch{
		"limit":  {Limit: 0},
		"title":  {Limit: 1, Title: ptr("\x00")},
		"author": {Limit: 1, Author: ptr("\xff")},
	} {
		_, _, err := b.SearchBooks(t.Context(), s)
		refused(t, err, field)
	}
	if sent := b.counter.Statements(); len(sent) != 0 {
		t.Errorf("refused arguments sent %q", sent)
	}
}

// refused fails the test unless err is an InvalidError about field.
func refused(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *repo.InvalidError
	if !errors.As(err, &invalid) || invalid.Field != field {
		t.Errorf("error %v, want an InvalidError about %q", err, field)
	}
}

func TestEveryProblemOfACallIsReported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.FindProducts(t.Context(), repo.ProductFilter{Limit: -3, Sort: "x", MinPrice: ptr(int64(-1))})
	for _, field := range []string{"limit", "sort", "min price"} {
		if !strings.Contains(fmt.Sprint(err), field) {
			t.Errorf("error %v does not name %q", err, field)
		}
	}
}
