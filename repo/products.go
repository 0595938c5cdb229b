package repo

import (
	"context"
	"fmt"

	"github.com/sqlkeel/sqlkeel/queries"
)

// Product is a book as the shop lists it.
type Product = queries.FindProductsRow

// ProductSort is the order of a product list. Ties are in the order of ids.
// The zero value is the order of ids alone.
type ProductSort = queries.FindProductsSort

// The orders of [Repo.FindProducts].
const (
	SortByID      ProductSort = ""
	SortPriceUp               = queries.FindProductsSortPriceUp
	SortPriceDown             = queries.FindProductsSortPriceDown
	SortNewest                = queries.FindProductsSortNewest
)

// ProductFilter says which products are wanted. Nil means "whatever it is".
// Fragments are found in any case, as far as the database's locale knows it:
// the C locale knows the letters of ASCII only.
type ProductFilter struct {
	Category *queries.BookCategory
	MinPrice *int64  // cents, included
	MaxPrice *int64  // cents, included
	InStock  *bool   // true: in stock only; false: sold out only
	Name     *string // a fragment of the title; % and _ are ordinary characters
	Sort     ProductSort
	Limit    int // 1 to [MaxRows]
}

func (f ProductFilter) check() error {
	var c checks
	c.limit(f.Limit)
	c.that(f.Sort == SortByID || f.Sort.Valid(), "sort", "must be one of %q or empty, is %q", queries.AllFindProductsSortValues(), f.Sort)
	if f.Category != nil {
		c.that(f.Category.Valid(), "category", "must be one of %q, is %q", queries.AllBookCategoryValues(), *f.Category)
	}
	if f.Name != nil {
		c.text("name", *f.Name)
	}
	c.that(f.MinPrice == nil || *f.MinPrice >= 0, "min price", "must not be negative")
	c.that(f.MaxPrice == nil || *f.MaxPrice >= 0, "max price", "must not be negative")
	c.that(f.MinPrice == nil || f.MaxPrice == nil || *f.MinPrice <= *f.MaxPrice, "min price", "must not be above the max price")
	return c.err()
}

// FindProducts lists the products that pass the filter. One round trip, of the
// variant of the statement that has the filter's parts and no others.
func (r *Repo) FindProducts(ctx context.Context, f ProductFilter) ([]Product, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("find products: %w", err)
	}
	p := queries.FindProductsParams{
		Category: f.Category, MinPrice: f.MinPrice, MaxPrice: f.MaxPrice,
		InStock: f.InStock, Name: f.Name, MaxRows: int32(f.Limit),
	}
	if f.Sort != SortByID {
		p.Sort = (*string)(&f.Sort)
	}
	list, err := r.q.FindProducts(ctx, p)
	return list, wrap("find products", err)
}

// FoundBook is a book as [Repo.SearchBooks] finds it.
type FoundBook = queries.SearchBooksRow

// BookSearch says which books are wanted. Nil means "whatever it is". Fragments
// are found as in a [ProductFilter].
type BookSearch struct {
	Title   *string    // a fragment
	MinYear *int32     // of first publication; negative years are BC
	Author  *string    // a fragment of the name
	After   BookCursor // where the page before ended; the zero value is the beginning
	Limit   int        // 1 to [MaxRows]
}

// BookCursor is a place in what [Repo.SearchBooks] finds. As text it can travel
// in a URL.
type BookCursor = queries.SearchBooksCursor

// SearchBooks finds books in the order of their ids, a page a call. The cursor is
// the next page's After; it is zero after the last one. One round trip.
func (r *Repo) SearchBooks(ctx context.Context, s BookSearch) ([]FoundBook, BookCursor, error) {
	var c checks
	c.limit(s.Limit)
	if s.Title != nil {
		c.text("title", *s.Title)
	}
	if s.Author != nil {
		c.text("author", *s.Author)
	}
	if err := c.err(); err != nil {
		return nil, BookCursor{}, fmt.Errorf("search books: %w", err)
	}
	list, next, err := r.q.SearchBooksPage(ctx, queries.SearchBooksPageParams{
		Title: s.Title, MinYear: s.MinYear, Author: s.Author, MaxRows: int32(s.Limit),
	}, s.After)
	return list, next, wrap("search books", err)
}
